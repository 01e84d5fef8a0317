//! The services.

use crate::{Address, NetError, Peer, SocketInfo, Status};
use alloc::string::String;
use alloc::vec::Vec;
use sys::Notification;

/// What a client waits for. At least one of both.
#[service::data]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Interest {
    /// Bytes to receive, or their end.
    pub receive: bool,
    /// Room for bytes to send; of a stream that connects, its connection.
    pub send: bool,
}

/// The network.
#[service::interface(version = 2)]
pub trait Net {
    /// Interfaces, routes, counters.
    #[idempotent]
    fn status(&mut self) -> Result<Status, NetError>;

    /// All sockets.
    #[idempotent]
    fn sockets(&mut self) -> Result<Vec<SocketInfo>, NetError>;

    /// The addresses of a name, those of IPv4 first. An address is its own name.
    #[deferred]
    #[idempotent]
    fn resolve(&mut self, name: String) -> Result<Vec<Address>, NetError>;

    /// Sends an echo request with this number of bytes. Returns the nanoseconds until its answer.
    #[deferred]
    fn ping(&mut self, to: Address, bytes: u16, timeout_ms: u32) -> Result<u64, NetError>;

    /// Begins to connect: wait until bytes can be sent.
    #[opens(Stream)]
    fn tcp_connect(&mut self, to: Peer) -> Result<(), NetError>;

    /// Listens on a port of all interfaces; `backlog` (1 to 8) connections may wait for being
    /// accepted.
    #[opens(Listener)]
    fn tcp_listen(&mut self, port: u16, backlog: u8) -> Result<(), NetError>;

    /// Binds a port of all interfaces; 0: one that is free. Returns it.
    #[opens(Datagrams)]
    fn udp_bind(&mut self, port: u16) -> Result<u16, NetError>;

    /// Copies the frames of the card from now on, the first `bytes` (at most 2048) of each. There is
    /// one capture at a time.
    #[opens(Capture)]
    fn capture(&mut self, bytes: u16) -> Result<(), NetError>;
}

/// Frames that are copied while they come and go.
#[service::interface(version = 2, name = "net-capture", session)]
pub trait Capture {
    /// Takes whole records, as many as fit: the number of their bytes, and of the frames so far for
    /// which there was no room. A record is the time since boot in nanoseconds (u64), the bytes of
    /// the frame and those of them that follow (u32 each), all little-endian, then these bytes.
    fn take(&mut self, #[lend] into: &mut [u8]) -> Result<(u32, u64), NetError>;
}

/// A TCP connection.
#[service::interface(version = 3, name = "net-stream", session)]
pub trait Stream {
    /// Waits until one of both is possible: which ones.
    #[deferred]
    #[idempotent]
    fn wait(&mut self, interest: Interest) -> Result<Interest, NetError>;

    /// What of this is possible now. Where nothing is, these bits of the notification are set once
    /// something is, once. A socket is watched for one such call, the last.
    fn watch(
        &mut self,
        interest: Interest,
        #[handle(copy, SIGNAL)] bell: Notification,
        bits: u64,
    ) -> Result<Interest, NetError>;

    /// Sends what there is room for: the number of bytes, not 0 unless there are none.
    fn send(&mut self, #[lend] bytes: &[u8]) -> Result<u32, NetError>;

    /// Receives what is there: the number of bytes; 0: the other side has closed.
    fn receive(&mut self, #[lend] into: &mut [u8]) -> Result<u32, NetError>;

    /// Says that nothing more will be sent. What was sent before is delivered.
    fn shutdown(&mut self) -> Result<(), NetError>;

    /// Both ends: the one here first.
    #[idempotent]
    fn ends(&mut self) -> Result<(Peer, Peer), NetError>;
}

/// A port where connections come in.
#[service::interface(version = 2, name = "net-listener", session)]
pub trait Listener {
    /// Waits for a connection.
    #[deferred]
    #[idempotent]
    fn wait(&mut self) -> Result<(), NetError>;

    /// What of this is possible now. Where nothing is, these bits of the notification are set once
    /// something is, once. A socket is watched for one such call, the last.
    fn watch(
        &mut self,
        interest: Interest,
        #[handle(copy, SIGNAL)] bell: Notification,
        bits: u64,
    ) -> Result<Interest, NetError>;

    /// Accepts a connection: from where it is.
    #[opens(Stream)]
    fn accept(&mut self) -> Result<Peer, NetError>;
}

/// A UDP port.
#[service::interface(version = 3, name = "net-datagrams", session)]
pub trait Datagrams {
    /// Waits until one of both is possible: which ones.
    #[deferred]
    #[idempotent]
    fn wait(&mut self, interest: Interest) -> Result<Interest, NetError>;

    /// What of this is possible now. Where nothing is, these bits of the notification are set once
    /// something is, once. A socket is watched for one such call, the last.
    fn watch(
        &mut self,
        interest: Interest,
        #[handle(copy, SIGNAL)] bell: Notification,
        bits: u64,
    ) -> Result<Interest, NetError>;

    /// Sends a datagram.
    fn send_to(&mut self, to: Peer, #[lend] bytes: &[u8]) -> Result<(), NetError>;

    /// Receives a datagram: its length and its sender. What does not fit is cut off.
    fn receive_from(&mut self, #[lend] into: &mut [u8]) -> Result<(u32, Peer), NetError>;
}
