//! Waiting for many sockets, as programs do it that have one thread for all of them.

use moto_rt::poll::{self, Event, POLL_READABLE, POLL_WRITABLE};
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::AsRawFd;

/// Waits for the next events: token and bits of each.
fn events(poll: i32) -> Vec<(u64, u64)> {
    let mut room = [Event::default(); 8];
    let count = poll::wait(poll, room.as_mut_ptr(), room.len(), None).unwrap();
    room[..count].iter().map(|event| (event.token, event.events)).collect()
}

/// Waits until this source has told of these events.
fn until(poll: i32, token: u64, wanted: u64) {
    let mut seen = 0;
    while seen & wanted != wanted {
        for (source, bits) in events(poll) {
            assert_eq!(source, token);
            seen |= bits;
        }
    }
}

/// Whether nothing happened: a wait that another one ends at once finds no event.
fn is_silent(poll: i32) -> bool {
    poll::wake(poll).unwrap();
    events(poll).is_empty()
}

pub fn all() {
    let poll = poll::new().unwrap();
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 8080)).unwrap();
    listener.set_nonblocking(true).unwrap();
    poll::add(poll, listener.as_raw_fd(), 1, POLL_READABLE).unwrap();
    assert!(poll::add(poll, listener.as_raw_fd(), 1, POLL_READABLE).is_err());
    assert!(is_silent(poll));
    let mut here = TcpStream::connect((Ipv4Addr::LOCALHOST, 8080)).unwrap();
    until(poll, 1, POLL_READABLE);
    let (mut there, _) = listener.accept().unwrap();
    assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
    there.set_nonblocking(true).unwrap();
    poll::add(poll, there.as_raw_fd(), 2, POLL_READABLE | POLL_WRITABLE).unwrap();
    until(poll, 2, POLL_WRITABLE);
    // An event is told of once.
    assert!(is_silent(poll));
    here.write_all(b"hello").unwrap();
    until(poll, 2, POLL_READABLE);
    assert!(is_silent(poll));
    let mut room = [0; 16];
    assert_eq!(there.read(&mut room).unwrap(), 5);
    assert_eq!(there.read(&mut room).unwrap_err().kind(), ErrorKind::WouldBlock);
    fills(poll, &mut there, &mut here);
    let waker = std::thread::spawn(move || poll::wake(poll).unwrap());
    assert!(events(poll).is_empty());
    waker.join().unwrap();
    poll::set(poll, there.as_raw_fd(), 3, POLL_READABLE).unwrap();
    drop(here);
    until(poll, 3, POLL_READABLE);
    assert_eq!(there.read(&mut room).unwrap(), 0);
    datagrams(poll);
    poll::del(poll, listener.as_raw_fd()).unwrap();
    assert!(poll::del(poll, listener.as_raw_fd()).is_err());
    // What cannot be waited for so is refused, and the program goes on.
    let refused = poll::add(poll, 0, 9, POLL_READABLE).unwrap_err();
    println!("poll: all is well, {:?} of a console", moto_rt::Error::from(refused));
}

/// A connection that is full is writable again once the other side has read.
fn fills(poll: i32, there: &mut TcpStream, here: &mut TcpStream) {
    let piece = [7; 4096];
    let mut written = 0;
    loop {
        match there.write(&piece) {
            Ok(count) => written += count,
            Err(error) => break assert_eq!(error.kind(), ErrorKind::WouldBlock),
        }
    }
    let mut room = vec![0; written];
    here.read_exact(&mut room).unwrap();
    until(poll, 2, POLL_WRITABLE);
}

fn datagrams(poll: i32) {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
    let to = (Ipv4Addr::LOCALHOST, socket.local_addr().unwrap().port());
    poll::add(poll, socket.as_raw_fd(), 4, POLL_READABLE).unwrap();
    assert!(is_silent(poll));
    socket.send_to(b"one", to).unwrap();
    until(poll, 4, POLL_READABLE);
    assert_eq!(socket.recv(&mut [0; 8]).unwrap(), 3);
    // Closing takes it out of the set.
    drop(socket);
    assert!(is_silent(poll));
}
