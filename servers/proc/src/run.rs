//! The server: its table, and what comes to it.

mod alarms;
mod deaths;
mod deliver;
mod faults;
mod images;
mod launch;
mod service_impl;
mod spawn;
mod terminal;
mod waits;

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use archive::Archive;
use executor::{Executor, Task};
use images::Images;
use init_api::SystemClient;
use launch::Launching;
use manifest::{FILE, System};
use proc_api::{Info, Launch, Proc, ProcError, SignalSet};
use proc_core::{Amounts, Entry, MAX_PROGRAMS, Table};
use rt::Failure;
use service::{Caller, Event, Reply, Session};
use sys::{Endpoint, Notification, Process, Rights};
use terminal::Terminal;
use waits::WaitReply;

/// A thread of a program that waits for signals without a handler.
struct SignalWaiter {
    set: SignalSet,
    reply: Reply<Result<Info, ProcError>>,
}

/// What holds a living program.
struct Held {
    process: Process,
    priority: u8,
    /// Rings when there is a signal for its handlers.
    bell: Notification,
    /// The terminal that it was given, or its parent: those that it starts get it, too.
    terminal: Option<Endpoint>,
    /// It waits with another mask until a handler runs.
    suspended: Option<Reply<Result<(), ProcError>>>,
    /// Has the program looked at when its alarm is due.
    alarm: Option<Task>,
}

type Program = Entry<Held, SignalWaiter>;

/// The server.
pub(crate) struct ProcServer {
    programs: Table<Held, SignalWaiter, WaitReply>,
    system: System,
    images: Images,
    cmdline: &'static str,
    /// Unbadged endpoints; programs get badged copies.
    names: Endpoint,
    own: Endpoint,
    init: SystemClient,
    terminal: Terminal,
    /// What each program's startup block says of volumes.
    volumes: BTreeMap<String, Vec<String>>,
    /// Programs that are about to start.
    launches: BTreeMap<Session, Launching>,
    /// This server's own endpoint of `names`.
    names_client: Endpoint,
    executor: Executor,
    /// The executor's notification, whose highest bits are its own. The bit of a slot says that
    /// the state of its program has changed.
    bell: Notification,
}

impl ProcServer {
    /// Reads the archive and the manifest.
    pub(crate) fn new(env: &rt::Env) -> Result<Self, Failure> {
        let archive = env.constant("archive")?;
        let size = env.startup().values("archive").next().and_then(|size| size.parse().ok());
        let archive_size = size.ok_or("the size of the archive was not told")?;
        let images = Images::new(archive, archive_size);
        let mut system = read_manifest(images.archive())?;
        system.give_spawner(sys::Process::own_info().map_err(Failure::new)?.limit.pages);
        let terminal = Terminal::new(system.terminal().map(|(server, _)| server.name.as_str()));
        let limits = system.spawner().map(|server| server.limits).unwrap_or_default();
        let executor = Executor::new()?;
        let named = system.programs.iter().map(|program| program.name.as_str());
        let volumes = named.map(|name| (name.to_string(), system.volume_lines(name))).collect();
        Ok(Self {
            programs: Table::new(Amounts::of_spawner(limits)),
            system,
            images,
            cmdline: env.cmdline(),
            names: env.handle("root")?,
            own: env.handle("self")?,
            init: SystemClient::from_endpoint(env.handle("supervisor")?),
            terminal,
            volumes,
            launches: BTreeMap::new(),
            names_client: env.names().copy(Rights::SEND)?,
            bell: executor.bell()?,
            executor,
        })
    }

    /// Serves for ever.
    pub(crate) fn run(mut self, endpoint: Endpoint) -> Result<(), Failure> {
        let executor = self.executor.clone();
        executor.serve_with(endpoint, &mut self, |it| it, Self::on_event)?;
        Ok(())
    }

    fn on_event(&mut self, event: Event) {
        match event {
            Event::Handled => {}
            Event::Notified(bits) => self.look(bits),
            Event::Raw(raw) => self.fault(*raw),
        }
        self.tell_terminal();
        self.tell_waiters();
    }

    /// Looks at the programs whose bits these are: whether they have ended, and their alarms.
    fn look(&mut self, bits: u64) {
        for slot in (0..MAX_PROGRAMS).filter(|slot| bits & (1 << slot) != 0) {
            self.death(slot);
            self.alarm_due(slot);
        }
    }

    /// The program that calls.
    fn program(&mut self, caller: &Caller) -> Result<&mut Program, ProcError> {
        self.programs.instance(instance(caller.badge())).ok_or(ProcError::OnlyForPrograms)
    }

    /// Its process id; 0 for a server, [`ENDED`] when its program has ended and another one got its
    /// endpoint.
    fn caller_pid(&mut self, caller: &Caller) -> u32 {
        match instance(caller.badge()) {
            0 => 0,
            number => self.programs.instance(number).map_or(ENDED, |entry| entry.ids.pid),
        }
    }
}

service::together!(ProcServer: Proc, Launch);

fn read_manifest(bytes: &[u8]) -> Result<System, Failure> {
    let archive = Archive::open(bytes).map_err(Failure::new)?;
    let encoded = archive.file(FILE).map_err(Failure::new)?;
    manifest::decode(encoded).ok_or_else(|| Failure::from("the manifest cannot be read"))
}

/// In place of the process id and the session of a program that has ended: no other has it, and it is
/// no server.
const ENDED: u32 = u32::MAX;

/// The badge of the endpoints that a program gets.
fn badge(client: u32, instance: u32) -> u64 {
    u64::from(client) | u64::from(instance) << 32
}

/// The instance number in a badge; 0 for servers.
fn instance(badge: u64) -> u32 {
    u32::try_from(badge >> 32).unwrap_or(0)
}
