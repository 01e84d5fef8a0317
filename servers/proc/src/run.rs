//! The server: its table, and what comes to it.

mod alarms;
mod deaths;
mod deliver;
mod faults;
mod service_impl;
mod spawn;
mod waits;

use init_api::SystemClient;
use manifest::{Archive, FILE, System};
use proc_api::{Info, Proc, ProcError, SignalSet};
use proc_core::{Entry, Table};
use rt::Failure;
use service::{Caller, Event, Reply, Server};
use sys::{Constant, Endpoint, Notification, Process, Timer};
use waits::WaitReply;

/// A thread of a program that waits for signals without a handler.
struct SignalWaiter {
    set: SignalSet,
    reply: Reply<Result<Info, ProcError>>,
}

/// What holds a living program.
struct Held {
    process: Process,
    /// Rings when there is a signal for its handlers.
    bell: Notification,
    /// It waits with another mask until a handler runs.
    suspended: Option<Reply<Result<(), ProcError>>>,
}

type Program = Entry<Held, SignalWaiter>;

/// The bit of the next alarm; those of deaths are below.
const ALARM: u64 = 1 << 63;

/// The server.
pub(crate) struct ProcServer {
    programs: Table<Held, SignalWaiter, WaitReply>,
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
    /// Rings at the next alarm of any program.
    timer: Timer,
    armed_ns: u64,
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
            timer: Timer::create(&bell, ALARM)?,
            armed_ns: sys::FOREVER,
            bell,
        })
    }

    /// Serves for ever.
    pub(crate) fn run(mut self, endpoint: Endpoint) -> Result<(), Failure> {
        let mut receiver = Server::<dyn Proc>::new(endpoint);
        loop {
            match receiver.next(&mut self)? {
                Event::Handled => {}
                Event::Notified(bits) => {
                    self.deaths(bits);
                    self.alarms(bits);
                }
                Event::Raw(raw) => self.fault(raw),
            }
            self.tell_waiters();
            self.arm();
        }
    }

    /// The program that calls.
    fn program(&mut self, caller: &Caller) -> Result<&mut Program, ProcError> {
        self.programs.instance(instance(caller.badge())).ok_or(ProcError::OnlyForPrograms)
    }

    /// Its process id; 0 for a server.
    fn caller_pid(&mut self, caller: &Caller) -> u32 {
        self.program(caller).map_or(0, |entry| entry.ids.pid)
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
