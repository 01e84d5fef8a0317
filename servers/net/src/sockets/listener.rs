//! A port where connections come in.

use super::place::Place;
use super::stream::{StreamEntry, new_stream_socket};
use crate::face::Face;
use crate::quota::Held;
use alloc::vec::Vec;
use smoltcp::socket::tcp::State;
use smoltcp::wire::IpEndpoint;

/// Bytes of the buffers of a connection that came in.
const RECEIVE: usize = 16 << 10;
const SEND: usize = 32 << 10;
pub(super) const BYTES: usize = RECEIVE + SEND;
/// How long a connection may stay half open while its place is needed.
const HALF_OPEN_NS: u64 = 1_000_000_000;

/// A socket that listens, or whose connection was not accepted yet.
struct Waiting {
    place: Place,
    /// Since when it has been half open.
    half_open_ns: Option<u64>,
}

/// A port where connections come in.
pub(crate) struct ListenerEntry {
    pub(crate) owner: u64,
    pub(crate) port: u16,
    backlog: usize,
    waiting: Vec<Waiting>,
    /// Half-open connections that were given up.
    pub(crate) given_up: u64,
}

impl ListenerEntry {
    /// Listens on all interfaces.
    pub(crate) fn new(owner: u64, port: u16, backlog: u8, faces: &mut [Face]) -> Self {
        let backlog = usize::from(backlog.clamp(1, 8));
        let mut listener = Self { owner, port, backlog, waiting: Vec::new(), given_up: 0 };
        listener.refill(faces);
        listener
    }

    /// Bytes that a listener has at most.
    pub(crate) fn bytes(backlog: u8, faces: usize) -> usize {
        usize::from(backlog.clamp(1, 8)) * BYTES * faces
    }

    pub(super) fn held(&self) -> Held {
        Held { owner: self.owner, bytes: self.waiting.len() * BYTES }
    }

    /// Has as many sockets in each interface as the backlog says.
    pub(super) fn refill(&mut self, faces: &mut [Face]) {
        for face in 0..faces.len() {
            self.join_face(face, faces);
        }
    }

    pub(super) fn join_face(&mut self, face: usize, faces: &mut [Face]) {
        let Some(its) = faces.get_mut(face) else { return };
        let there = self.waiting.iter().filter(|it| it.place.face == face).count();
        for _ in there..self.backlog {
            let mut socket = new_stream_socket(RECEIVE, SEND);
            // The port is not 0, and the socket is new.
            if socket.listen(self.port).is_err() {
                return;
            }
            let handle = its.sockets.add(socket);
            self.waiting.push(Waiting { place: Place { face, handle }, half_open_ns: None });
        }
    }

    pub(super) fn forget_face(&mut self, face: usize) {
        self.waiting.retain(|it| it.place.face != face);
    }

    pub(super) fn remove(self, faces: &mut [Face]) {
        for it in self.waiting {
            it.place.remove(faces);
        }
    }

    /// Has sockets listen again whose connections came to nothing: whether there are too few.
    pub(super) fn renew(&mut self, faces: &mut [Face]) -> bool {
        let now = sys::clock();
        for face in 0..faces.len() {
            let mut free = 0;
            let mut oldest: Option<(u64, usize)> = None;
            for (number, it) in self.waiting.iter_mut().enumerate() {
                if it.place.face != face {
                    continue;
                }
                let Some(socket) = it.place.tcp(faces) else { continue };
                if socket.state() == State::Closed {
                    // Its only error is a socket that is open.
                    let _ = socket.listen(self.port);
                }
                it.half_open_ns = match socket.state() {
                    State::SynReceived => Some(it.half_open_ns.unwrap_or(now)),
                    _ => None,
                };
                free += usize::from(socket.state() == State::Listen);
                let since = it.half_open_ns.map(|since| (since, number));
                oldest = oldest.into_iter().chain(since).min();
            }
            if let Some((since, number)) = oldest
                && free == 0
                && now.saturating_sub(since) >= HALF_OPEN_NS
            {
                self.give_up(number, faces);
            }
        }
        self.waiting.len() < self.backlog * faces.len()
    }

    fn give_up(&mut self, number: usize, faces: &mut [Face]) {
        let Some(it) = self.waiting.get_mut(number) else { return };
        let Some(socket) = it.place.tcp(faces) else { return };
        socket.abort();
        // It is closed now.
        let _ = socket.listen(self.port);
        it.half_open_ns = None;
        self.given_up += 1;
    }

    /// The nanoseconds until a half-open connection may be given up.
    pub(super) fn pause(&self, now: u64) -> Option<u64> {
        let since = self.waiting.iter().filter_map(|it| it.half_open_ns).min()?;
        // One that may stay is looked at again a little later.
        Some(since.saturating_add(HALF_OPEN_NS).saturating_sub(now).max(HALF_OPEN_NS / 10))
    }

    /// Whether a connection can be accepted.
    pub(crate) fn is_ready(&self, faces: &mut [Face]) -> bool {
        self.waiting.iter().any(|it| is_connected(it.place, faces))
    }

    /// Accepts a connection.
    pub(crate) fn accept(&mut self, faces: &mut [Face]) -> Option<(StreamEntry, IpEndpoint)> {
        let number = self.waiting.iter().position(|it| is_connected(it.place, faces))?;
        let place = self.waiting.get(number)?.place;
        let remote = place.tcp(faces)?.remote_endpoint()?;
        self.waiting.remove(number);
        let stream = StreamEntry {
            owner: self.owner,
            place: Some(place),
            bytes: BYTES,
            connecting_ns: None,
        };
        Some((stream, remote))
    }
}

fn is_connected(place: Place, faces: &mut [Face]) -> bool {
    let Some(socket) = place.tcp(faces) else { return false };
    !matches!(socket.state(), State::Listen | State::SynReceived | State::Closed)
}
