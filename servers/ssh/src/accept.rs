//! The port, in a thread of its own: connections with the keys that may log in now.

use crate::keys;
use crate::protocol::PublicKey;
use alloc::vec::Vec;
use core::cell::RefCell;
use files::{Mount, Namespace};
use net_api::{NetClient, NetError, TcpListener, TcpStream};
use sys::Endpoint;

const PORT: u16 = 22;
/// Connections that may wait for being accepted.
const BACKLOG: u8 = 4;
/// The pause before the port is bound again.
const PAUSE_NS: u64 = 200_000_000;

/// What the thread has.
pub(crate) struct Acceptor {
    names: Endpoint,
    mounts: Vec<Mount>,
    told: Vec<PublicKey>,
    listener: RefCell<Option<TcpListener>>,
}

impl Acceptor {
    pub(crate) fn new(names: Endpoint, mounts: Vec<Mount>, told: Vec<PublicKey>) -> Self {
        Self { names, mounts, told, listener: RefCell::new(None) }
    }

    /// The volumes.
    pub(crate) fn files(&self) -> Option<Namespace> {
        Namespace::new(&self.names, self.mounts.iter().cloned()).ok()
    }

    fn keys(&self) -> Vec<PublicKey> {
        self.files().map_or_else(Vec::new, |files| keys::authorized(&files, &self.told))
    }

    /// Whether a key may log in at all.
    pub(crate) fn has_keys(&self) -> bool {
        !self.keys().is_empty()
    }

    /// Waits for a connection.
    pub(crate) fn accept(&self) -> (TcpStream, Vec<PublicKey>) {
        loop {
            match self.try_accept() {
                Ok(stream) => return (stream, self.keys()),
                Err(error) => {
                    self.listener.replace(None);
                    crate::log(&alloc::format!("the port is bound again: {error}"));
                    sys::sleep_for(PAUSE_NS);
                }
            }
        }
    }

    fn try_accept(&self) -> Result<TcpStream, NetError> {
        let mut listener = self.listener.borrow_mut();
        if listener.is_none() {
            let net = NetClient::connect(&self.names).map_err(|_| NetError::Gone)?;
            *listener = Some(TcpListener::bind(&net, PORT, BACKLOG)?);
        }
        let listener = listener.as_mut().ok_or(NetError::Gone)?;
        listener.accept().map(|(stream, _)| stream)
    }
}
