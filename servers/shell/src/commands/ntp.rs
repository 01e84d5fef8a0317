//! `ntp`: the time of day from a server of time.

use crate::shell::Shell;
use crate::trouble::{Outcome, Trouble};
use alloc::format;
use clock_api::WallClock;
use core::cell::RefCell;
use core::net::SocketAddr;
use net_api::{Peer, UdpSocket, resolve};
use sntpc::{NtpContext, NtpTimestampGenerator, NtpUdpSocket};

/// The port of time servers. Source: RFC 5905, section 7.2.
const PORT: u16 = 123;
/// How long an answer may take.
const PATIENCE_NS: u64 = 3_000_000_000;
/// Attempts.
const ATTEMPTS: u32 = 3;

pub(crate) fn ntp(shell: &mut Shell, words: &[&str]) -> Outcome {
    let (host, port) = match words {
        [host] => (*host, PORT),
        [host, port] => (*host, port.parse().map_err(|_| Trouble::Usage)?),
        _ => return Err(Trouble::Usage),
    };
    let net = shell.net()?;
    let to = SocketAddr::new(resolve(&net, host)?.ip(), port);
    let socket = UdpSocket::bind(&net, 0)?.with_timeout(PATIENCE_NS);
    let socket = Socket(RefCell::new(socket));
    let clock = Clock { wall: shell.wall_clock().unwrap_or_default(), now_ns: 0 };
    let mut answer = Err(sntpc::Error::Network);
    for _ in 0..ATTEMPTS {
        shell.interrupts.check()?;
        answer = sntpc::sync::get_time(to, &socket, NtpContext::new(clock));
        // An answer that is refused is not asked for again.
        if !matches!(answer, Err(sntpc::Error::Network)) {
            break;
        }
    }
    let answer = answer.map_err(|error| Trouble::new(format!("no time from {host}: {error:?}")))?;
    let now_ns = i128::from(clock.wall.now_ns()) + i128::from(answer.offset()) * 1_000;
    let now_ns = u64::try_from(now_ns).map_err(|_| Trouble::new("a time before 1970"))?;
    shell.set_clock(now_ns)?;
    let (offset, us) = (answer.offset(), answer.roundtrip());
    shell.print(&format!(
        "clock moved by {offset} us; the answer of stratum {} took {us} us\n",
        answer.stratum()
    ));
    Ok(0)
}

/// The clock that the offset is relative to.
#[derive(Clone, Copy)]
struct Clock {
    wall: WallClock,
    now_ns: u64,
}

impl NtpTimestampGenerator for Clock {
    fn init(&mut self) {
        self.now_ns = self.wall.now_ns();
    }

    fn timestamp_sec(&self) -> u64 {
        self.now_ns / 1_000_000_000
    }

    fn timestamp_subsec_micros(&self) -> u32 {
        u32::try_from(self.now_ns % 1_000_000_000 / 1_000).unwrap_or(0)
    }
}

/// A socket whose calls wait, and whose futures therefore do not.
struct Socket(RefCell<UdpSocket>);

impl NtpUdpSocket for Socket {
    async fn send_to(&self, bytes: &[u8], to: SocketAddr) -> sntpc::Result<usize> {
        let sent = self.0.borrow_mut().send_to(Peer::new(to.ip(), to.port()), bytes);
        sent.map(|()| bytes.len()).map_err(|_| sntpc::Error::Network)
    }

    async fn recv_from(&self, into: &mut [u8]) -> sntpc::Result<(usize, SocketAddr)> {
        let received = self.0.borrow_mut().receive_from(into);
        let (count, from) = received.map_err(|_| sntpc::Error::Network)?;
        Ok((count, SocketAddr::new(from.address.ip(), from.port)))
    }
}
