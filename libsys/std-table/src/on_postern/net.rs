//! Sockets, over `net`. A stream can be read and written at the same time: each side has a connection
//! of its own to the socket.

mod datagrams;
mod options;
mod readiness;
mod stream;

pub(super) use datagrams::Datagrams;
pub(super) use options::Options;
pub(super) use readiness::{LOOK, Readiness};
pub(super) use stream::Stream;

use super::answer::Result;
use super::lock::Mutex;
use super::startup::names;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use moto_rt::Error;
use net_api::{Interest, ListenerClient, NetClient, NetError, Peer};
use sys::Notification;

/// Connections that may wait for being accepted.
const BACKLOG: u8 = 8;
/// How long a name may take.
const RESOLVE_NS: u64 = 30_000_000_000;

/// The connection to `net`, made when it is used first.
static NET: Mutex<Option<NetClient>> = Mutex::new(None);

/// A client of `net` for one call: others go on meanwhile.
fn net() -> Result<NetClient> {
    let mut net = NET.lock();
    if net.is_none() {
        *net = Some(NetClient::connect(&names()?).map_err(|_| Error::NotAllowed)?);
    }
    net.as_ref().map(NetClient::twin).ok_or(Error::InternalError)
}

/// A port where connections come in.
pub(super) struct Listener {
    client: Mutex<ListenerClient>,
    /// For a poll, while another thread waits.
    watcher: Mutex<ListenerClient>,
    port: u16,
    pub(super) options: Options,
    pub(super) readiness: Readiness,
}

impl Listener {
    /// Listens on a port of all interfaces.
    pub(super) fn bind(address: SocketAddr) -> Result<Self> {
        let port = port_of_all(address)?;
        let client = net()?.tcp_listen(port, BACKLOG).map_err(|error| of_net(error.into()))?;
        let watcher = Mutex::new(client.twin());
        let (options, readiness) = (Options::default(), Readiness::default());
        Ok(Self { client: Mutex::new(client), watcher, port, options, readiness })
    }

    /// Waits for a connection.
    pub(super) fn accept(&self) -> Result<(Stream, SocketAddr)> {
        let client = self.client.lock();
        self.readiness.has_read();
        loop {
            match client.accept().map_err(NetError::from) {
                Ok((stream, peer)) => return Ok((Stream::over(stream), of_peer(peer))),
                Err(NetError::WouldBlock) if self.options.waits() => {
                    client.wait().map_err(|error| of_net(error.into()))?;
                }
                Err(error) => return Err(of_net(error)),
            }
        }
    }

    /// What is possible now; where nothing is, signals these bits once something is.
    pub(super) fn watch(
        &self,
        interest: Interest,
        bell: &Notification,
        bits: u64,
    ) -> core::result::Result<Interest, NetError> {
        self.watcher.lock().watch(interest, bell, bits).map_err(NetError::from)
    }

    pub(super) fn address(&self) -> SocketAddr {
        SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), self.port)
    }
}

/// The port of an address to bind. There are sockets for all interfaces only: one that is bound to one
/// of them must not be reached through the others.
fn port_of_all(address: SocketAddr) -> Result<u16> {
    match address.ip().is_unspecified() {
        true => Ok(address.port()),
        false => Err(Error::NotFound),
    }
}

/// The addresses of a name.
pub(super) fn resolve(name: &str, port: u16) -> Result<Vec<SocketAddr>> {
    if let Ok(address) = name.parse::<IpAddr>() {
        return Ok(Vec::from([SocketAddr::new(address, port)]));
    }
    let found = net()?.within(RESOLVE_NS).resolve(name).map_err(|error| of_net(error.into()))?;
    Ok(found.into_iter().map(|address| SocketAddr::new(address.ip(), port)).collect())
}

fn to_peer(address: SocketAddr) -> Peer {
    Peer::new(address.ip(), address.port())
}

fn of_peer(peer: Peer) -> SocketAddr {
    SocketAddr::new(peer.address.ip(), peer.port)
}

/// The library's error for one of `net`. It has fewer.
fn of_net(error: NetError) -> Error {
    match error {
        NetError::NotAllowed => Error::NotAllowed,
        NetError::TooMany => Error::OutOfMemory,
        NetError::InUse => Error::AlreadyInUse,
        NetError::NoRoute | NetError::NoName | NetError::NoNameServer => Error::NotFound,
        NetError::BadAddress | NetError::TooLong => Error::InvalidArgument,
        NetError::Refused | NetError::Reset | NetError::Closed | NetError::Gone => {
            Error::NotConnected
        }
        NetError::TimedOut => Error::TimedOut,
        NetError::WouldBlock => Error::NotReady,
    }
}
