//! The port, and the connections that come in.

use crate::connection;
use crate::content::Content;
use crate::pool::Pool;
use crate::sample::Sources;
use crate::store::Store;
use alloc::sync::Arc;
use alloc::vec::Vec;
use files::Mount;
use net_api::{NetClient, NetError, TcpListener};
use sys::{Endpoint, Failure, Priority, Rights};

/// The port.
const PORT: u16 = 80;
/// Connections that may wait for being accepted, on each interface.
const BACKLOG: u8 = 4;
/// The priority of all threads: that of the manifest.
const PRIORITY: Priority = Priority(15);
/// The pause before the port is bound again.
const PAUSE_NS: u64 = 200_000_000;

/// Serves for ever.
///
/// # Errors
/// When it was not given what it needs, or the kernel has no room for its threads.
pub fn run(env: rt::Env) -> Result<(), Failure> {
    let names = Arc::new(env.names().copy(Rights::SEND | Rights::TRANSFER)?);
    let mounts: Vec<Mount> = files::Namespace::of(&env)?.mounts().cloned().collect();
    let sources =
        Sources::new(env.handle("supervisor")?, names.clone(), &files::Namespace::of(&env)?);
    let store = Arc::new(Store::new(sources));
    let (its_names, its_store) = (names.clone(), store);
    let pool = Pool::start(PRIORITY, move |pool, stream| {
        let Ok(content) = Content::new(&its_names, &mounts) else { return };
        connection::serve(pool, &its_store, &content, stream);
    })?;
    defmt::info!("ready");
    loop {
        let ended = accept(&names, &pool);
        defmt::warn!("the port is bound again: {=str}", ended.text());
        sys::sleep_for(PAUSE_NS);
    }
}

/// Accepts connections until the network does not let it: why.
fn accept(names: &Endpoint, pool: &Pool) -> Ended {
    let Ok(net) = NetClient::connect(names) else { return Ended::NoNetwork };
    let mut listener = match TcpListener::bind(&net, PORT, BACKLOG) {
        Ok(listener) => listener,
        Err(error) => return Ended::Net(error),
    };
    loop {
        match listener.accept() {
            Ok((stream, _)) => pool.serve(stream),
            Err(error) => return Ended::Net(error),
        }
    }
}

/// Why no connection is accepted.
enum Ended {
    NoNetwork,
    Net(NetError),
}

impl Ended {
    fn text(&self) -> &'static str {
        match self {
            Self::NoNetwork => "no network server",
            Self::Net(NetError::NotAllowed) => "the manifest does not allow it",
            Self::Net(NetError::InUse) => "the port is in use",
            Self::Net(NetError::TooMany) => "too many sockets",
            Self::Net(_) => "the network server died",
        }
    }
}
