//! The sockets of clients.

mod datagrams;
mod listener;
mod place;
mod stream;

pub(crate) use datagrams::DatagramEntry;
pub(crate) use listener::ListenerEntry;
pub(crate) use place::Place;
pub(crate) use stream::{STREAM_BUFFERS, StreamEntry, limit_silence, new_stream_socket};

use crate::face::Face;
use crate::quota::{self, Held};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use net_api::NetError;
use service::Session;
use smoltcp::socket::{Socket, tcp};

/// How long a socket that its client has closed may deliver what was sent before.
const LINGER_NS: u64 = 10_000_000_000;

/// A connection whose client has closed it.
struct Ended {
    place: Place,
    owner: u64,
    bytes: usize,
    until_ns: u64,
}

/// All of them, by session.
#[derive(Default)]
pub(crate) struct Sockets {
    pub(crate) streams: BTreeMap<Session, StreamEntry>,
    pub(crate) listeners: BTreeMap<Session, ListenerEntry>,
    pub(crate) datagrams: BTreeMap<Session, DatagramEntry>,
    ended: Vec<Ended>,
}

impl Sockets {
    /// Whether a client may have another socket with this number of bytes.
    ///
    /// # Errors
    /// [`NetError::TooMany`].
    pub(crate) fn check_quota(&self, owner: u64, bytes: usize) -> Result<(), NetError> {
        quota::check(self.held(), owner, 1, bytes)
    }

    fn held(&self) -> impl Iterator<Item = Held> {
        let streams = self.streams.values().map(|it| Held { owner: it.owner, bytes: it.bytes });
        let ended = self.ended.iter().map(|it| Held { owner: it.owner, bytes: it.bytes });
        let listeners = self.listeners.values().map(ListenerEntry::held);
        let datagrams = self.datagrams.values().map(DatagramEntry::held);
        streams.chain(ended).chain(listeners).chain(datagrams)
    }

    /// Whether some socket has this port here.
    pub(crate) fn has_port(&self, port: u16, faces: &[Face]) -> bool {
        let has = |socket: &Socket<'_>| match socket {
            Socket::Tcp(tcp) => {
                tcp.local_endpoint().is_some_and(|end| end.port == port)
                    || tcp.listen_endpoint().port == port
            }
            Socket::Udp(udp) => udp.endpoint().port == port,
            _ => false,
        };
        faces.iter().any(|face| face.sockets.iter().any(|(_, socket)| has(socket)))
    }

    /// Closes what belongs to a session. What was sent is still delivered.
    pub(crate) fn close(&mut self, session: Session, faces: &mut [Face]) {
        if let Some(stream) = self.streams.remove(&session)
            && let Some(place) = stream.place
            && let Some(socket) = place.tcp(faces)
        {
            if socket.recv_queue() > 0 {
                // The other side must know that its bytes were not read.
                socket.abort();
            } else {
                socket.close();
            }
            let until_ns = sys::clock().saturating_add(LINGER_NS);
            self.ended.push(Ended { place, owner: stream.owner, bytes: stream.bytes, until_ns });
        }
        if let Some(listener) = self.listeners.remove(&session) {
            listener.remove(faces);
        }
        if let Some(datagrams) = self.datagrams.remove(&session) {
            datagrams.remove(faces);
        }
    }

    /// Forgets connections that have ended. One that would only wait for late packets is not kept:
    /// its buffers are worth more.
    pub(crate) fn drop_ended(&mut self, faces: &mut [Face]) -> bool {
        let before = self.ended.len();
        let now = sys::clock();
        self.ended.retain(|it| {
            let Some(socket) = it.place.tcp(faces) else { return false };
            let over = matches!(socket.state(), tcp::State::TimeWait)
                || socket.state() == tcp::State::Closed && socket.remote_endpoint().is_none();
            let stays = !over && now < it.until_ns;
            if !stays {
                it.place.remove(faces);
            }
            stays
        });
        self.ended.len() != before
    }

    /// The nanoseconds until something here is due.
    pub(crate) fn pause(&self) -> Option<u64> {
        let now = sys::clock();
        let ended = self.ended.iter().map(|it| it.until_ns.saturating_sub(now));
        let listeners = self.listeners.values().filter_map(|it| it.pause(now));
        let connecting = self.streams.values().filter_map(StreamEntry::deadline_ns);
        let connecting = connecting.filter(|at| *at > now).map(|at| at - now);
        ended.chain(listeners).chain(connecting).min()
    }

    /// Whether a connection takes too long to come about: its client must be told.
    pub(crate) fn any_late(&self) -> bool {
        let now = sys::clock();
        self.streams.values().filter_map(StreamEntry::deadline_ns).any(|at| at <= now)
    }

    /// Has listeners listen again with sockets whose connections came to nothing.
    pub(crate) fn renew_listeners(&mut self, faces: &mut [Face]) {
        let mut wants = Vec::new();
        for (session, listener) in &mut self.listeners {
            if listener.renew(faces) {
                wants.push(*session);
            }
        }
        for session in wants {
            let Some(listener) = self.listeners.get(&session) else { continue };
            // A client with too many connections accepts fewer.
            if self.check_quota(listener.owner, listener::BYTES).is_ok()
                && let Some(listener) = self.listeners.get_mut(&session)
            {
                listener.refill(faces);
            }
        }
    }

    /// An interface is gone, and all of its sockets.
    pub(crate) fn forget_face(&mut self, face: usize) {
        for stream in self.streams.values_mut() {
            stream.place = stream.place.filter(|place| place.face != face);
        }
        self.ended.retain(|it| it.place.face != face);
        self.listeners.values_mut().for_each(|it| it.forget_face(face));
        self.datagrams.values_mut().for_each(|it| it.forget_face(face));
    }

    /// An interface has come: ports of all interfaces are its, too.
    pub(crate) fn join_face(&mut self, face: usize, faces: &mut [Face]) {
        self.listeners.values_mut().for_each(|it| it.join_face(face, faces));
        self.datagrams.values_mut().for_each(|it| it.join_face(face, faces));
    }
}
