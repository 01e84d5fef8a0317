//! The interface of `names`: from a service's name to a handle that reaches it.
//!
//! Every server and every program starts with the handle `names`. It carries the
//! client's number, so that `names` knows the client; the handles that it gives out
//! carry the same number, so that each service knows it too. Who may reach what
//! stands in the manifest, in the `clients` of the service.
//!
//! Errors: [`NamesError`] names the service and the line of the manifest that decides.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// A service, as its possible client sees it.
#[service::data]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceEntry {
    /// Its name.
    pub name: String,
    /// Whether the asking client may connect.
    pub allowed: bool,
}

/// Why there is no connection.
#[service::data]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NamesError {
    /// No server provides it.
    NotFound {
        /// The name that was asked for.
        service: String,
    },
    /// The manifest does not list the caller among the service's clients.
    NotAllowed {
        /// The name that was asked for.
        service: String,
        /// The caller's name in the manifest.
        client: String,
    },
    /// `names` could not make another handle.
    Exhausted,
}

impl fmt::Display for NamesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound { service } => write!(f, "no service `{service}`"),
            Self::NotAllowed { service, client } => write!(
                f,
                "`{client}` may not use `{service}`: it is not in `clients` of [server.{service}]"
            ),
            Self::Exhausted => f.write_str("names has no room for another handle"),
        }
    }
}

impl core::error::Error for NamesError {}

/// Finds services by name.
#[service::interface(version = 1)]
pub trait Names {
    /// A handle that reaches the service and names the caller to it.
    #[connector]
    #[idempotent]
    #[returns_handle]
    fn open(&mut self, service: String) -> Result<sys::OwnedHandle, NamesError>;

    /// All services, in the manifest's order.
    #[idempotent]
    fn list(&mut self) -> Result<Vec<ServiceEntry>, NamesError>;
}
