//! The page of the guest's web server: where it is, and when it is up.

use anyhow::{Context as _, Result};
use qemu_harness::Forward;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::Duration;

/// The port of the web server in the guest.
pub(super) const GUEST_PORT: u16 = 80;
/// The port here, if it is free.
pub(super) const USUAL: u16 = 8080;
/// From one question whether the page is up to the next, and how long an answer may take.
const PAUSE: Duration = Duration::from_millis(100);
const PATIENCE: Duration = Duration::from_secs(5);

/// A port of the loopback address, the usual one if it is free, that nothing listens on and no other forward takes.
///
/// # Errors
/// When there is none.
pub(super) fn free_port(usual: u16, taken: &[Forward]) -> Result<u16> {
    let bound = |port| {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok()?.local_addr().ok()?.port();
        taken.iter().all(|it| it.host != port).then_some(port)
    };
    // Any free port may be one that another forward takes: a few attempts find one that is not.
    let any = (0..16).find_map(|_| bound(0));
    bound(usual).or(any).context("no port of 127.0.0.1 is free")
}

/// Prints the address, and once more when the page is there. Ends with the command.
pub(super) fn announce(port: u16) {
    eprintln!("the page will be at http://127.0.0.1:{port}/");
    std::thread::spawn(move || {
        while !is_up(port) {
            std::thread::sleep(PAUSE);
        }
        eprintln!("the page is up: http://127.0.0.1:{port}/");
    });
}

/// Whether the guest answers. QEMU accepts connections also while the guest does not.
fn is_up(port: u16) -> bool {
    let answer = || -> std::io::Result<[u8; 12]> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(b"HEAD / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut status = [0; 12];
        stream.read_exact(&mut status)?;
        Ok(status)
    };
    answer().is_ok_and(|status| status == *b"HTTP/1.1 200")
}

#[cfg(test)]
mod tests {
    use super::{USUAL, free_port, is_up};
    use qemu_harness::Forward;
    use std::io::{Read as _, Write as _};
    use std::net::{Ipv4Addr, TcpListener};

    #[test]
    fn a_free_port_is_not_one_that_is_taken() {
        let held = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = free_port(USUAL, &[]).unwrap();
        assert_ne!(port, held.local_addr().unwrap().port());
        let other = free_port(USUAL, &[Forward { host: port, guest: 1 }]).unwrap();
        assert_ne!(other, port);
    }

    #[test]
    fn a_page_is_up_when_it_is_answered() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let guest = std::thread::spawn(move || {
            for status in ["503 Busy", "200 OK"] {
                let (mut stream, _) = listener.accept().unwrap();
                assert!(stream.read(&mut [0; 256]).unwrap() > 0);
                // In one piece: the client closes after the status, and a later piece fails.
                let answer = format!("HTTP/1.1 {status}\r\n\r\n");
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        assert!(!is_up(port));
        assert!(is_up(port));
        guest.join().unwrap();
        assert!(!is_up(port), "nothing listens any more");
    }
}
