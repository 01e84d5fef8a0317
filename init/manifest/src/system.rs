//! What a checked manifest says.

use crate::{DeviceGrant, Volume};
use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// The name of the server that knows all services. It must exist, and every client may call it.
pub const NAMES: &str = "names";
/// The priority of init. No server that it watches is as urgent: a server that spins would
/// keep init from running.
pub const INIT_PRIORITY: u8 = 60;
/// The most servers that init can watch: one bit of a notification each.
pub const MAX_SERVERS: usize = 48;

/// A program from a volume may use this part of the pages of the server that starts it.
const ANY_PROGRAM_PART: u32 = 4;

/// All that runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct System {
    /// What init starts and watches, in the manifest's order.
    pub servers: Vec<Server>,
    /// What `proc` may start.
    pub programs: Vec<Program>,
}

/// How much a process may use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Pages of 4 KiB, page tables included.
    pub pages: u32,
    /// Handles.
    pub handles: u32,
    /// Threads.
    pub threads: u32,
    /// Other kernel objects.
    pub objects: u32,
}

/// When a server is started again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Restart {
    /// Never.
    Never,
    /// When it was killed or ended with a status other than 0.
    #[default]
    OnCrash,
    /// However it ended.
    Always,
}

/// How a server is started again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestartPolicy {
    /// When.
    pub when: Restart,
    /// The least time from one start to the next after the second death in the window; it doubles
    /// with each one more. After the first death there is no pause.
    pub backoff_ms: u32,
    /// It is never more.
    pub backoff_max_ms: u32,
    /// The most deaths within the window; after one more the server is given up.
    pub limit: u32,
    /// The window.
    pub window_ms: u32,
}

/// What a server wants when one that it depends on was started again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum OnRestart {
    /// Nothing: its calls wait, and fail only where one was being served.
    #[default]
    Nothing,
    /// To be signalled: a bit of its notification `peers` for each one it depends on.
    Tell,
    /// To be started again itself, after that one is back.
    Restart,
}

/// An interrupt line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Irq {
    /// Name of the handle.
    pub name: String,
    /// The line.
    pub line: u32,
    /// Name of the handle of the notification that it signals: bit k for the server's
    /// k-th line. Lines with one name share it.
    pub notify: String,
}

/// A range of I/O ports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ports {
    /// Name of the handle.
    pub name: String,
    /// The first port.
    pub first: u32,
    /// How many.
    pub count: u32,
}

/// The memory of a device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceMemory {
    /// Name of the handle.
    pub name: String,
    /// Its physical address.
    pub address: u64,
    /// Its pages.
    pub pages: u32,
}

/// The time that a server's first thread runs on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Time {
    /// Its own: in turn with others of its priority.
    #[default]
    Own,
    /// A budget in each period.
    Budget {
        /// The budget.
        budget_us: u32,
        /// The period.
        period_us: u32,
    },
    /// The time of each client that calls it.
    Clients,
}

/// A server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Server {
    /// Name.
    pub name: String,
    /// Its file in the archive, where that is not its name.
    pub file: Option<String>,
    /// Priority, and the highest one of its threads.
    pub priority: u8,
    /// The time that its first thread runs on.
    pub time: Time,
    /// What it may use.
    pub limits: Limits,
    /// Pages of its first stack.
    pub stack_pages: u32,
    /// When and how it is started again.
    pub restart: RestartPolicy,
    /// Servers that are started before it.
    pub depends: Vec<String>,
    /// What it wants when one of them was started again.
    pub on_restart: OnRestart,
    /// How often init looks whether it still receives messages; 0: never.
    pub heartbeat_ms: u32,
    /// Whether it has an endpoint that clients may call.
    pub service: bool,
    /// The servers and programs that may.
    pub clients: Vec<String>,
    /// Of a terminal: the client that decides which program is in the foreground.
    pub leader: Option<String>,
    /// Its interrupt lines.
    pub irqs: Vec<Irq>,
    /// Its I/O ports.
    pub ports: Vec<Ports>,
    /// Its device memory.
    pub memory: Vec<DeviceMemory>,
    /// Whether it owns configuration space and gives devices to drivers.
    pub bus: bool,
    /// Whether it reads the system log.
    pub log: bool,
    /// Its device.
    pub device: Option<DeviceGrant>,
    /// Pages of memory that survive its restarts.
    pub keep_pages: u32,
    /// Whether it may call init's System service.
    pub supervisor: bool,
    /// Whether it may call those methods of init's System service that change nothing.
    pub observer: bool,
    /// Whether it starts the programs.
    pub spawn: bool,
    /// Whether it reads the boot archive.
    pub archive: bool,
    /// The volume that it serves.
    pub volume: Option<Volume>,
    /// Arguments.
    pub args: Vec<String>,
}

/// A program that `proc` may start.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    /// Name.
    pub name: String,
    /// Its file in the archive, where that is not its name.
    pub file: Option<String>,
    /// Whether it may call init's System service. Only servers start such a program.
    pub supervisor: bool,
    /// Whether it stands for all programs that are loaded from volumes, and is no file itself.
    pub any: bool,
    /// Priority, and the highest one of its threads.
    pub priority: u8,
    /// What it may use.
    pub limits: Limits,
    /// Pages of its first stack.
    pub stack_pages: u32,
}

impl Server {
    /// Its file in the archive.
    #[must_use]
    pub fn file(&self) -> &str {
        self.file.as_deref().unwrap_or(&self.name)
    }

    /// Whether it is given the boot archive.
    #[must_use]
    pub fn reads_archive(&self) -> bool {
        self.archive || self.spawn
    }
}

impl Program {
    /// Its file in the archive.
    #[must_use]
    pub fn file(&self) -> &str {
        self.file.as_deref().unwrap_or(&self.name)
    }
}

impl Limits {
    /// As the kernel wants it.
    pub fn quota(self, priority: u8) -> abi::Quota {
        abi::Quota {
            pages: self.pages,
            handles: self.handles,
            threads: self.threads,
            objects: self.objects,
            max_priority: u32::from(priority),
            reserved: 0,
        }
    }
}

impl System {
    /// The server with this name.
    pub fn server(&self, name: &str) -> Option<&Server> {
        self.servers.iter().find(|server| server.name == name)
    }

    /// The program with this name.
    pub fn program(&self, name: &str) -> Option<&Program> {
        self.programs.iter().find(|program| program.name == name)
    }

    /// All clients in the order of their numbers, the first has number 1.
    pub fn clients(&self) -> impl Iterator<Item = &str> {
        let servers = self.servers.iter().map(|server| server.name.as_str());
        servers.chain(self.programs.iter().map(|program| program.name.as_str()))
    }

    /// The number in the badge of this server's or program's handles.
    pub fn client_number(&self, name: &str) -> Option<u32> {
        let index = self.clients().position(|client| client == name)?;
        u32::try_from(index + 1).ok()
    }

    /// The server that has the terminal, and the leader of its session.
    pub fn terminal(&self) -> Option<(&Server, &Server)> {
        let led = self.servers.iter().filter_map(|server| Some((server, server.leader.as_ref()?)));
        let known = |(server, leader): (_, &String)| Some((server, self.server(leader)?));
        led.filter_map(known).next()
    }

    /// The servers without which no prompt comes: the terminal, its leader, and `names`, by
    /// which the leader finds the terminal. None where the manifest has no terminal.
    pub fn needed_for_prompt(&self) -> Vec<&str> {
        let Some((terminal, leader)) = self.terminal() else { return Vec::new() };
        [NAMES, terminal.name.as_str(), leader.name.as_str()].into()
    }

    /// What programs that are loaded from volumes may use, and what they are as clients.
    pub fn any_program(&self) -> Option<&Program> {
        self.programs.iter().find(|program| program.any)
    }

    /// The server that starts programs.
    pub fn spawner(&self) -> Option<&Server> {
        self.servers.iter().find(|server| server.spawn)
    }

    /// Gives the server that starts programs this many pages, of which each program from a volume
    /// may use a quarter. What the manifest says is the least of both.
    pub fn give_spawner(&mut self, pages: u32) {
        for server in self.servers.iter_mut().filter(|server| server.spawn) {
            server.limits.pages = server.limits.pages.max(pages);
        }
        for program in self.programs.iter_mut().filter(|program| program.any) {
            program.limits.pages = program.limits.pages.max(pages / ANY_PROGRAM_PART);
        }
    }

    /// The number of handles that init gives to a server, see the table in the crate's
    /// documentation.
    pub fn handles_given(&self, server: &Server) -> u64 {
        let is_names = server.name == NAMES;
        let services = self.servers.iter().filter(|other| is_names && other.service).count();
        let mut bells: Vec<&str> = server.irqs.iter().map(|irq| irq.notify.as_str()).collect();
        bells.sort_unstable();
        bells.dedup();
        let devices = server.irqs.len() + server.ports.len() + server.memory.len();
        let flags = [
            !is_names,
            server.service,
            server.supervisor || server.observer,
            server.on_restart == OnRestart::Tell,
            server.keep_pages > 0,
            server.bus || server.log,
        ];
        let flags = flags.into_iter().filter(|flag| *flag).count();
        let spawns = if server.spawn { 2 } else { 0 };
        let archive = usize::from(server.reads_archive());
        (services + bells.len() + devices + flags + spawns + archive) as u64
    }

    /// The servers and programs whose file has another name: both names.
    pub fn aliases(&self) -> impl Iterator<Item = (&str, &str)> {
        let servers = self.servers.iter().map(|server| (server.name.as_str(), server.file()));
        let programs = self.programs.iter().map(|it| (it.name.as_str(), it.file()));
        servers.chain(programs).filter(|(name, file)| name != file)
    }

    /// The files that the archive needs beside `init` and the manifest, each once.
    pub fn program_files(&self) -> Vec<&str> {
        let mut files: Vec<&str> = Vec::new();
        let servers = self.servers.iter().map(Server::file);
        let programs = self.programs.iter().filter(|program| !program.any);
        for file in servers.chain(programs.map(Program::file)) {
            if !files.contains(&file) {
                files.push(file);
            }
        }
        files
    }
}
