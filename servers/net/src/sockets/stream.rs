//! A connection.

use super::place::Place;
use crate::face::Face;
use alloc::vec;
use net_api::{Interest, NetError};
use service::{Lent, LentMut};
use smoltcp::socket::tcp::{self, CongestionControl, State};
use smoltcp::time::Duration;

/// Bytes of the buffers of a connection that a client makes: received ones, and those to be sent.
pub(crate) const STREAM_BUFFERS: (usize, usize) = (64 << 10, 64 << 10);
/// How long a connection may take to come about.
const CONNECT_NS: u64 = 10_000_000_000;
/// How long sent bytes may stay without an acknowledgement.
const SILENCE: Duration = Duration::from_secs(60);

/// A connection.
pub(crate) struct StreamEntry {
    pub(crate) owner: u64,
    /// None: its interface is gone.
    pub(crate) place: Option<Place>,
    pub(crate) bytes: usize,
    /// When it began to connect; none once it is connected.
    pub(crate) connecting_ns: Option<u64>,
}

/// A socket with buffers of these sizes.
pub(crate) fn new_stream_socket(receive: usize, send: usize) -> tcp::Socket<'static> {
    let buffer = |bytes| tcp::SocketBuffer::new(vec![0; bytes]);
    let mut socket = tcp::Socket::new(buffer(receive), buffer(send));
    socket.set_congestion_control(CongestionControl::Reno);
    socket.set_timeout(Some(SILENCE));
    socket.set_nagle_enabled(false);
    socket
}

/// Limits the peer's silence while it owes an acknowledgement, and only then: smoltcp's time-out
/// would also end a connection on which both sides have nothing to say.
pub(crate) fn limit_silence(socket: &mut tcp::Socket<'_>) {
    let connects = matches!(socket.state(), State::SynSent | State::SynReceived | State::Listen);
    socket.set_timeout((connects || socket.send_queue() > 0).then_some(SILENCE));
}

impl StreamEntry {
    fn socket<'f>(&self, faces: &'f mut [Face]) -> Result<&'f mut tcp::Socket<'static>, NetError> {
        self.place.and_then(|place| place.tcp(faces)).ok_or(NetError::Reset)
    }

    /// Whether it has come about.
    ///
    /// # Errors
    /// Why it never will.
    fn is_connected(&mut self, faces: &mut [Face]) -> Result<bool, NetError> {
        let Some(since) = self.connecting_ns else { return Ok(true) };
        let late = sys::clock().saturating_sub(since) >= CONNECT_NS;
        let socket = self.socket(faces)?;
        match socket.state() {
            State::SynSent | State::SynReceived if late => {
                socket.abort();
                Err(NetError::TimedOut)
            }
            State::SynSent | State::SynReceived => Ok(false),
            State::Closed if late => Err(NetError::TimedOut),
            State::Closed => Err(NetError::Refused),
            _ => {
                self.connecting_ns = None;
                Ok(true)
            }
        }
    }

    /// The nanoseconds since boot at which it must have come about.
    pub(crate) fn deadline_ns(&self) -> Option<u64> {
        self.connecting_ns.map(|since| since.saturating_add(CONNECT_NS))
    }

    /// What of this is possible, if something is.
    pub(crate) fn ready(
        &mut self,
        interest: Interest,
        faces: &mut [Face],
    ) -> Option<Result<Interest, NetError>> {
        match self.is_connected(faces) {
            Ok(true) => {}
            Ok(false) => return None,
            Err(error) => return Some(Err(error)),
        }
        let socket = match self.socket(faces) {
            Ok(socket) => socket,
            Err(error) => return Some(Err(error)),
        };
        let receive = interest.receive && (socket.can_recv() || !socket.may_recv());
        let send = interest.send && (socket.can_send() || !socket.may_send());
        (receive || send).then_some(Ok(Interest { receive, send }))
    }

    pub(crate) fn send(&mut self, bytes: Lent<'_>, faces: &mut [Face]) -> Result<u32, NetError> {
        if !self.is_connected(faces)? {
            return Err(NetError::WouldBlock);
        }
        let socket = self.socket(faces)?;
        if !socket.may_send() {
            let reset = socket.state() == State::Closed;
            return Err(if reset { NetError::Reset } else { NetError::Closed });
        }
        let mut sent = 0;
        // The buffer is a ring: its free part may be in two pieces.
        for _ in 0..2 {
            let copied = socket.send(|room| {
                let count = room.len().min(bytes.len() - sent);
                let read = bytes.read(sent, &mut room[..count]);
                if read.is_ok() { (count, count) } else { (0, 0) }
            });
            sent += copied.map_err(|_| NetError::Reset)?;
        }
        limit_silence(socket);
        if sent == 0 && !bytes.is_empty() {
            return Err(NetError::WouldBlock);
        }
        Ok(u32::try_from(sent).unwrap_or(u32::MAX))
    }

    pub(crate) fn receive(
        &mut self,
        into: &mut LentMut<'_>,
        faces: &mut [Face],
    ) -> Result<u32, NetError> {
        if !self.is_connected(faces)? {
            return Err(NetError::WouldBlock);
        }
        let socket = self.socket(faces)?;
        let mut received = 0;
        for _ in 0..2 {
            let copied = socket.recv(|there| {
                let count = there.len().min(into.len() - received);
                let written = into.write(received, &there[..count]);
                if written.is_ok() { (count, count) } else { (0, 0) }
            });
            match copied {
                Ok(count) => received += count,
                Err(tcp::RecvError::Finished) => break,
                Err(tcp::RecvError::InvalidState) if received > 0 => break,
                Err(tcp::RecvError::InvalidState) => return Err(NetError::Reset),
            }
        }
        if received == 0 && socket.may_recv() && !into.is_empty() {
            return Err(NetError::WouldBlock);
        }
        Ok(u32::try_from(received).unwrap_or(u32::MAX))
    }

    pub(crate) fn shutdown(&mut self, faces: &mut [Face]) -> Result<(), NetError> {
        if !self.is_connected(faces)? {
            return Err(NetError::WouldBlock);
        }
        self.socket(faces)?.close();
        Ok(())
    }

    pub(crate) fn ends(
        &self,
        faces: &mut [Face],
    ) -> Result<(smoltcp::wire::IpEndpoint, smoltcp::wire::IpEndpoint), NetError> {
        let socket = self.socket(faces)?;
        socket.local_endpoint().zip(socket.remote_endpoint()).ok_or(NetError::Closed)
    }
}
