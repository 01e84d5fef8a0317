//! How a call can fail.

use core::fmt;
use service::CallError;

/// How a call can fail.
#[service::data]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetError {
    /// The manifest does not let this client do that.
    NotAllowed,
    /// The client, or the server, has as many sockets or buffers as it may.
    TooMany,
    /// The port is in use.
    InUse,
    /// There is no way to that address: no card, no address of its own yet, or no route.
    NoRoute,
    /// An address or a port that cannot be.
    BadAddress,
    /// The other side refused the connection.
    Refused,
    /// The connection was broken off.
    Reset,
    /// The other side did not answer in time.
    TimedOut,
    /// Nothing can be done now: wait.
    WouldBlock,
    /// The socket is closed, or closed for sending.
    Closed,
    /// The datagram is longer than the socket takes.
    TooLong,
    /// There is no such name.
    NoName,
    /// There is no server of names.
    NoNameServer,
    /// The server died, and the socket with it.
    Gone,
}

impl fmt::Display for NetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAllowed => "the manifest does not allow it",
            Self::TooMany => "too many sockets or buffers",
            Self::InUse => "the port is in use",
            Self::NoRoute => "no route to that address",
            Self::BadAddress => "no valid address or port",
            Self::Refused => "connection refused",
            Self::Reset => "connection reset",
            Self::TimedOut => "timed out",
            Self::WouldBlock => "nothing can be done now",
            Self::Closed => "the socket is closed",
            Self::TooLong => "the datagram is too long",
            Self::NoName => "no such name",
            Self::NoNameServer => "no server of names is known",
            Self::Gone => "the network server died, and the socket with it",
        })
    }
}

impl core::error::Error for NetError {}

impl From<CallError<NetError>> for NetError {
    fn from(error: CallError<NetError>) -> Self {
        match error {
            CallError::Service(error) => error,
            CallError::TimedOut => Self::TimedOut,
            // A new life of the server refuses the sessions of an earlier one.
            _ => Self::Gone,
        }
    }
}

impl From<NetError> for sys::Failure {
    fn from(error: NetError) -> Self {
        Self::new(error)
    }
}
