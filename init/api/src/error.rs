//! What init refuses, and what to do about it.

use alloc::string::String;
use core::fmt;

/// Why init refused.
#[service::data]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SystemError {
    /// The manifest has no such server.
    NoSuchServer {
        /// The name that was asked for.
        server: String,
    },
    /// The server does not run now.
    NotRunning {
        /// The server.
        server: String,
    },
    /// No process that is no server has this id.
    NoSuchProcess {
        /// The id.
        pid: u32,
    },
    /// Nothing is known of a fault of it.
    NoFault {
        /// The server.
        server: String,
    },
    /// init itself cannot be killed, crashed or restarted.
    IsInit,
    /// A server, and a process that `proc` does not know, has no handlers: only KILL, TERM and INT end it.
    NotForServers {
        /// The signal's number.
        signal: u8,
    },
    /// A status that QEMU cannot carry.
    StatusTooBig {
        /// The status.
        status: u32,
    },
    /// The caller is no server, the object is no process, or init has adopted its limit.
    CannotAdopt,
    /// The manifest lets the caller only observe.
    NotAllowed,
    /// The kernel said no.
    Kernel {
        /// The server.
        server: String,
        /// What it said.
        why: String,
    },
}

impl fmt::Display for SystemError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchServer { server } => {
                write!(f, "no server `{server}`: `servers` lists them")
            }
            Self::NotRunning { server } => {
                write!(f, "`{server}` does not run: `restart {server}` starts it")
            }
            Self::NoSuchProcess { pid } => write!(f, "no process {pid}: `ps` lists them"),
            Self::NoFault { server } => {
                write!(f, "no fault of `{server}` is known: `servers` lists the servers")
            }
            Self::IsInit => f.write_str("init keeps all others alive: use `shutdown` to end it"),
            Self::NotForServers { signal } => {
                write!(f, "it takes only KILL (9), TERM (15) and INT (2), not signal {signal}")
            }
            Self::StatusTooBig { status } => write!(f, "status {status} is not in 0 to 31"),
            Self::CannotAdopt => f.write_str(
                "init adopts only processes, only from servers, and a limited number from each",
            ),
            Self::NotAllowed => f.write_str("the manifest lets this server only observe"),
            Self::Kernel { server, why } => write!(f, "`{server}`: {why}"),
        }
    }
}

impl core::error::Error for SystemError {}
