//! What the server tells of itself.

use crate::{Address, Peer};
use alloc::string::String;
use alloc::vec::Vec;

/// An interface.
#[service::data]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// Its name: `lo`, `eth0`.
    pub name: String,
    /// Its hardware address, if it has one.
    pub mac: Option<[u8; 6]>,
    /// Whether its driver is there.
    pub up: bool,
    /// Bytes of the largest packet.
    pub mtu: u32,
    /// Its addresses, each with the length of its prefix.
    pub addresses: Vec<(Address, u8)>,
    /// Frames that came, and their bytes.
    pub received: (u64, u64),
    /// Frames that went, and their bytes.
    pub transmitted: (u64, u64),
    /// Lives of the driver after the first one.
    pub reattached: u64,
}

/// A way to other networks.
#[service::data]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// What is behind it, with the length of its prefix.
    pub to: (Address, u8),
    /// The next hop.
    pub via: Address,
}

/// Something that is counted.
#[service::data]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counter {
    /// What.
    pub name: String,
    /// How often.
    pub count: u64,
}

/// What the server is.
#[service::data]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Its interfaces.
    pub interfaces: Vec<Interface>,
    /// Its routes.
    pub routes: Vec<Route>,
    /// The servers of names that it asks.
    pub name_servers: Vec<Address>,
    /// Packets that were dropped, by reason, and what happened beside them. None is 0.
    pub counters: Vec<Counter>,
}

/// A socket.
#[service::data]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketInfo {
    /// `tcp` or `udp`.
    pub protocol: String,
    /// The state of a connection, as RFC 9293 names it; else empty.
    pub state: String,
    /// Its end here, if it has one.
    pub local: Option<Peer>,
    /// The other end, if it has one.
    pub remote: Option<Peer>,
    /// Bytes that the client has not taken, and that the other side has not acknowledged.
    pub queued: (u32, u32),
    /// The client.
    pub owner: String,
}
