//! The interface of `net`: TCP connections, UDP datagrams, names, pings.
//!
//! ```ignore
//! let net = NetClient::connect(env.names())?;
//! let mut stream = TcpStream::connect(&net, Peer::new([10, 0, 2, 2], 80))?;
//! stream.write_all(b"GET / HTTP/1.0\r\n\r\n")?;
//! let count = stream.read(&mut buffer)?;
//! ```
//!
//! **Shape.** A socket is a session: it ends with its client. The calls of a socket do not wait,
//! but for `wait`; [`TcpStream`], [`TcpListener`] and [`UdpSocket`] make of them what waits. Bytes
//! are lent for the time of a call.
//!
//! **Rights.** The arguments of `net` in the manifest say which client may connect where, listen
//! on which ports, and ping: see the server.
//!
//! **Death.** Connections live over deaths of the card's driver. When `net` dies, its sockets are
//! gone: calls end with [`NetError::Gone`], and the client makes them again.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

mod address;
mod error;
mod info;
mod interface;
mod sockets;

pub use address::{Address, Peer};
pub use error::NetError;
pub use info::{Counter, Interface, Route, SocketInfo, Status};
pub use interface::{
    Capture, CaptureClient, Datagrams, DatagramsClient, Interest, Listener, ListenerClient, Net,
    NetClient, Stream, StreamClient,
};
pub use sockets::{TcpListener, TcpStream, UdpSocket, resolve};

/// Bytes of a captured record before those of its frame.
pub const RECORD_BYTES: usize = 16;
/// The most bytes of a name.
pub const NAME_MAX: usize = 253;
