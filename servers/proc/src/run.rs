//! The server: its table, and what comes to it.

mod deaths;
mod deliver;
mod service_impl;
mod spawn;

use init_api::SystemClient;
use manifest::{Archive, FILE, System};
use proc_api::{ExitStatus, Proc, ProcError};
use proc_core::Table;
use rt::Failure;
use service::{Event, Reply, Server};
use sys::{Constant, Endpoint, Notification, Process};

/// Someone who waits for a program's end.
type Waiter = Reply<Result<ExitStatus, ProcError>>;

/// What holds a living program.
struct Held {
    process: Process,
    /// Its signals, as bits.
    signals: Notification,
}

/// The server.
pub(crate) struct ProcServer {
    programs: Table<Held, Waiter>,
    system: System,
    archive: Constant,
    archive_size: usize,
    cmdline: &'static str,
    /// Unbadged lines, to be badged for programs.
    names: Endpoint,
    own: Endpoint,
    init: SystemClient,
    /// A bit for the death of each program.
    bell: Notification,
}

impl ProcServer {
    /// Reads the archive and the manifest.
    pub(crate) fn new(env: &rt::Env) -> Result<Self, Failure> {
        let archive = env.constant("archive")?;
        let size = env.startup().values("archive").next().and_then(|size| size.parse().ok());
        let archive_size = size.ok_or("the size of the archive was not told")?;
        let system = read_manifest(archive.get(..archive_size).unwrap_or(&[]))?;
        let bell = Notification::create()?;
        bell.bind()?;
        Ok(Self {
            programs: Table::default(),
            system,
            archive,
            archive_size,
            cmdline: env.cmdline(),
            names: env.handle("root")?,
            own: env.handle("self")?,
            init: SystemClient::from_endpoint(env.handle("supervisor")?),
            bell,
        })
    }

    /// Serves for ever.
    pub(crate) fn run(mut self, endpoint: Endpoint) -> Result<(), Failure> {
        let mut receiver = Server::<dyn Proc>::new(endpoint);
        loop {
            match receiver.next(&mut self)? {
                Event::Handled => {}
                Event::Notified(bits) => self.deaths(bits),
                Event::Raw(raw) => self.fault(raw),
            }
        }
    }

    fn archive_bytes(&self) -> &[u8] {
        self.archive.get(..self.archive_size).unwrap_or(&[])
    }
}

fn read_manifest(bytes: &[u8]) -> Result<System, Failure> {
    let archive = Archive::new(bytes).map_err(Failure::new)?;
    let encoded = archive.file(FILE).map_err(Failure::new)?;
    manifest::decode(encoded).ok_or_else(|| Failure::from("the manifest cannot be read"))
}

/// The instance number in a badge; 0 for servers.
fn instance(badge: u64) -> u32 {
    u32::try_from(badge >> 32).unwrap_or(0)
}
