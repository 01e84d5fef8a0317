//! The services: arguments and rights, then a verb of the stack.

use crate::grants::{Grants, Protocol};
use crate::sockets::{
    DatagramEntry, ListenerEntry, Place, STREAM_BUFFERS, StreamEntry, new_stream_socket,
};
use crate::{Shared, names, ping, status, watch};
use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use net_api::{
    Address, Capture, Datagrams, Interest, Listener, Net, NetError, Peer, SocketInfo, Status,
    Stream,
};
use service::{Caller, Lent, LentMut, Reply, Session};
use smoltcp::wire::{IpAddress, IpEndpoint};
use sys::Notification;

/// The services of the network.
#[derive(Debug)]
pub struct NetServer {
    shared: Shared,
    grants: Rc<Grants>,
}

service::together!(NetServer: Net, Stream, Listener, Datagrams, Capture);

impl NetServer {
    /// Over a stack that is polled.
    #[must_use]
    pub fn new(shared: Shared, grants: Grants) -> Self {
        Self { shared, grants: Rc::new(grants) }
    }

    fn close(&mut self, session: Session) {
        {
            let stack = &mut *self.shared.stack();
            stack.table.close(session, &mut stack.faces);
            stack.tap.close(session);
            stack.watches.remove(&session);
            stack.wake();
        }
        self.shared.kick();
    }

    /// Does something with the caller's stream, which the card must be told of.
    fn with_stream<T>(
        &mut self,
        caller: &Caller,
        work: impl FnOnce(&mut StreamEntry, &mut [crate::face::Face]) -> Result<T, NetError>,
    ) -> Result<T, NetError> {
        let result = {
            let stack = &mut *self.shared.stack();
            let session = caller.session().ok_or(NetError::Closed)?;
            let stream = stack.table.streams.get_mut(&session).ok_or(NetError::Closed)?;
            work(stream, &mut stack.faces)?
        };
        self.shared.kick();
        Ok(result)
    }
}

/// An address as smoltcp has it; none for one that nothing can be sent to.
pub(crate) fn ip(address: Address) -> Result<IpAddress, NetError> {
    let address = IpAddress::from(address.ip());
    if address.is_unspecified() || address.is_multicast() || address.is_broadcast() {
        return Err(NetError::BadAddress);
    }
    Ok(address)
}

fn endpoint(peer: Peer) -> Result<IpEndpoint, NetError> {
    if peer.port == 0 {
        return Err(NetError::BadAddress);
    }
    Ok(IpEndpoint::new(ip(peer.address)?, peer.port))
}

pub(crate) fn peer(endpoint: IpEndpoint) -> Peer {
    let address = core::net::IpAddr::from(endpoint.addr);
    Peer { address: address.into(), port: endpoint.port }
}

impl Net for NetServer {
    fn status(&mut self, _: &Caller) -> Result<Status, NetError> {
        Ok(status::of(&mut self.shared.stack()))
    }

    fn sockets(&mut self, _: &Caller) -> Result<Vec<SocketInfo>, NetError> {
        Ok(status::sockets(&self.shared.stack(), &self.grants))
    }

    fn resolve(&mut self, _: &Caller, name: String, reply: Reply<Result<Vec<Address>, NetError>>) {
        let shared = self.shared.clone();
        let work = async move { names::resolve(&shared, &name).await };
        self.shared.executor().answer(reply, work);
    }

    fn ping(
        &mut self,
        caller: &Caller,
        to: Address,
        bytes: u16,
        timeout_ms: u32,
        reply: Reply<Result<u64, NetError>>,
    ) {
        if !self.grants.may_ping(caller.badge()) {
            return reply.send(Err(NetError::NotAllowed));
        }
        let shared = self.shared.clone();
        let work = async move { ping::ping(&shared, to, bytes, timeout_ms).await };
        self.shared.executor().answer(reply, work);
    }

    fn tcp_connect(&mut self, caller: &Caller, session: Session, to: Peer) -> Result<(), NetError> {
        let owner = caller.badge();
        let remote = endpoint(to)?;
        if !self.grants.may_connect(owner, Protocol::Tcp, to.port) {
            return Err(NetError::NotAllowed);
        }
        {
            let stack = &mut *self.shared.stack();
            let face = stack.face_to(remote.addr).ok_or(NetError::NoRoute)?;
            let (receive, send) = STREAM_BUFFERS;
            stack.table.check_quota(owner, receive + send)?;
            let port = stack.free_port().ok_or(NetError::TooMany)?;
            let its = stack.faces.get_mut(face).ok_or(NetError::NoRoute)?;
            let mut socket = new_stream_socket(receive, send);
            socket.connect(its.iface.context(), remote, port).map_err(|_| NetError::NoRoute)?;
            let place = Some(Place { face, handle: its.sockets.add(socket) });
            let (bytes, connecting_ns) = (receive + send, Some(sys::clock()));
            let stream = StreamEntry { owner, place, bytes, connecting_ns };
            stack.table.streams.insert(session, stream);
        }
        self.shared.kick();
        Ok(())
    }

    fn tcp_listen(
        &mut self,
        caller: &Caller,
        session: Session,
        port: u16,
        backlog: u8,
    ) -> Result<(), NetError> {
        let owner = caller.badge();
        if port == 0 {
            return Err(NetError::BadAddress);
        }
        if !self.grants.may_listen(owner, Protocol::Tcp, port) {
            return Err(NetError::NotAllowed);
        }
        let stack = &mut *self.shared.stack();
        if stack.table.listeners.values().any(|listener| listener.port == port) {
            return Err(NetError::InUse);
        }
        // The card's interface may come later.
        stack.table.check_quota(owner, ListenerEntry::bytes(backlog, 2))?;
        let listener = ListenerEntry::new(owner, port, backlog, &mut stack.faces);
        stack.table.listeners.insert(session, listener);
        Ok(())
    }

    fn udp_bind(&mut self, caller: &Caller, session: Session, port: u16) -> Result<u16, NetError> {
        let owner = caller.badge();
        if port != 0 && !self.grants.may_listen(owner, Protocol::Udp, port) {
            return Err(NetError::NotAllowed);
        }
        let stack = &mut *self.shared.stack();
        if stack.table.datagrams.values().any(|it| it.port == port) {
            return Err(NetError::InUse);
        }
        stack.table.check_quota(owner, DatagramEntry::bytes(2))?;
        let port = match port {
            0 => stack.free_port().ok_or(NetError::TooMany)?,
            port => port,
        };
        let datagrams = DatagramEntry::new(owner, port, &mut stack.faces);
        stack.table.datagrams.insert(session, datagrams);
        Ok(port)
    }

    fn capture(&mut self, caller: &Caller, session: Session, bytes: u16) -> Result<(), NetError> {
        if !self.grants.may_capture(caller.badge()) {
            return Err(NetError::NotAllowed);
        }
        self.shared.stack().tap.open(session, bytes.into())
    }
}

impl Capture for NetServer {
    fn take(&mut self, caller: &Caller, mut into: LentMut<'_>) -> Result<(u32, u64), NetError> {
        let session = caller.session().ok_or(NetError::Closed)?;
        self.shared.stack().tap.take(session, &mut into)
    }

    fn closed(&mut self, session: Session) {
        self.close(session);
    }
}

impl Stream for NetServer {
    fn wait(
        &mut self,
        caller: &Caller,
        interest: Interest,
        reply: Reply<Result<Interest, NetError>>,
    ) {
        let (shared, session) = (self.shared.clone(), caller.session());
        let work = async move {
            let look = |stack: &mut crate::stack::Stack| {
                let found = session.and_then(|session| stack.table.streams.get_mut(&session));
                let Some(stream) = found else { return Some(Err(NetError::Closed)) };
                stream.ready(interest, &mut stack.faces)
            };
            shared.until(look).await
        };
        self.shared.executor().answer(reply, work);
    }

    fn send(&mut self, caller: &Caller, bytes: Lent<'_>) -> Result<u32, NetError> {
        self.with_stream(caller, |stream, faces| stream.send(bytes, faces))
    }

    fn receive(&mut self, caller: &Caller, mut into: LentMut<'_>) -> Result<u32, NetError> {
        self.with_stream(caller, |stream, faces| stream.receive(&mut into, faces))
    }

    fn shutdown(&mut self, caller: &Caller) -> Result<(), NetError> {
        self.with_stream(caller, StreamEntry::shutdown)
    }

    fn ends(&mut self, caller: &Caller) -> Result<(Peer, Peer), NetError> {
        let ends = self.with_stream(caller, |stream, faces| stream.ends(faces))?;
        Ok((peer(ends.0), peer(ends.1)))
    }

    fn watch(
        &mut self,
        caller: &Caller,
        interest: Interest,
        bell: Notification,
        bits: u64,
    ) -> Result<Interest, NetError> {
        let session = caller.session().ok_or(NetError::Closed)?;
        watch::watch(&self.shared, session, bell, bits, move |stack| {
            let stream = stack.table.streams.get_mut(&session).ok_or(NetError::Closed)?;
            stream.ready(interest, &mut stack.faces).transpose()
        })
    }

    fn closed(&mut self, session: Session) {
        self.close(session);
    }
}

impl Listener for NetServer {
    fn wait(&mut self, caller: &Caller, reply: Reply<Result<(), NetError>>) {
        let (shared, session) = (self.shared.clone(), caller.session());
        let work = async move {
            let look = |stack: &mut crate::stack::Stack| {
                let found = session.and_then(|session| stack.table.listeners.get(&session));
                let Some(listener) = found else { return Some(Err(NetError::Closed)) };
                listener.is_ready(&mut stack.faces).then_some(Ok(()))
            };
            shared.until(look).await
        };
        self.shared.executor().answer(reply, work);
    }

    fn accept(&mut self, caller: &Caller, session: Session) -> Result<Peer, NetError> {
        let remote = {
            let stack = &mut *self.shared.stack();
            let listener = caller.session().ok_or(NetError::Closed)?;
            let listener = stack.table.listeners.get_mut(&listener).ok_or(NetError::Closed)?;
            let accepted = listener.accept(&mut stack.faces).ok_or(NetError::WouldBlock)?;
            let (stream, remote) = accepted;
            stack.table.streams.insert(session, stream);
            remote
        };
        self.shared.kick();
        Ok(peer(remote))
    }

    fn watch(
        &mut self,
        caller: &Caller,
        interest: Interest,
        bell: Notification,
        bits: u64,
    ) -> Result<Interest, NetError> {
        let session = caller.session().ok_or(NetError::Closed)?;
        watch::watch(&self.shared, session, bell, bits, move |stack| {
            let listener = stack.table.listeners.get(&session).ok_or(NetError::Closed)?;
            let is_ready = interest.receive && listener.is_ready(&mut stack.faces);
            Ok(is_ready.then_some(Interest { receive: true, send: false }))
        })
    }

    fn closed(&mut self, session: Session) {
        self.close(session);
    }
}

impl Datagrams for NetServer {
    fn wait(
        &mut self,
        caller: &Caller,
        interest: Interest,
        reply: Reply<Result<Interest, NetError>>,
    ) {
        let (shared, session) = (self.shared.clone(), caller.session());
        let work = async move {
            let look = |stack: &mut crate::stack::Stack| {
                let found = session.and_then(|session| stack.table.datagrams.get(&session));
                let Some(datagrams) = found else { return Some(Err(NetError::Closed)) };
                datagrams.ready(interest, &mut stack.faces).map(Ok)
            };
            shared.until(look).await
        };
        self.shared.executor().answer(reply, work);
    }

    fn send_to(&mut self, caller: &Caller, to: Peer, bytes: Lent<'_>) -> Result<(), NetError> {
        let remote = endpoint(to)?;
        if !self.grants.may_connect(caller.badge(), Protocol::Udp, to.port) {
            return Err(NetError::NotAllowed);
        }
        {
            let stack = &mut *self.shared.stack();
            let session = caller.session().ok_or(NetError::Closed)?;
            let face = stack.face_to(remote.addr).ok_or(NetError::NoRoute)?;
            let datagrams = stack.table.datagrams.get(&session).ok_or(NetError::Closed)?;
            datagrams.send(face, remote, bytes, &mut stack.faces)?;
        }
        self.shared.kick();
        Ok(())
    }

    fn receive_from(
        &mut self,
        caller: &Caller,
        mut into: LentMut<'_>,
    ) -> Result<(u32, Peer), NetError> {
        let stack = &mut *self.shared.stack();
        let session = caller.session().ok_or(NetError::Closed)?;
        let datagrams = stack.table.datagrams.get(&session).ok_or(NetError::Closed)?;
        let (length, from) = datagrams.receive(&mut into, &mut stack.faces)?;
        Ok((length, peer(from)))
    }

    fn watch(
        &mut self,
        caller: &Caller,
        interest: Interest,
        bell: Notification,
        bits: u64,
    ) -> Result<Interest, NetError> {
        let session = caller.session().ok_or(NetError::Closed)?;
        watch::watch(&self.shared, session, bell, bits, move |stack| {
            let datagrams = stack.table.datagrams.get(&session).ok_or(NetError::Closed)?;
            Ok(datagrams.ready(interest, &mut stack.faces))
        })
    }

    fn closed(&mut self, session: Session) {
        self.close(session);
    }
}
