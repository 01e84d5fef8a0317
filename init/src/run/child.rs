//! One server: its present life, and the objects that outlive it.

use super::boot::Boot;
use super::grants::{Common, Grant};
use super::lasting::{self, Lasting};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use init_api::ServerState;
use init_core::{Decision, Heartbeat, Request, Supervision};
use manifest::{OnRestart, Server, System, Time};
use sys::{
    ContextFlags, Endpoint, Error, Notification, ObjectKind, OwnedHandle, Priority, Process,
    ProcessInfo, ProcessState, Resource, Rights, SchedContext, Terms,
};

/// The most processes that init adopts from one server.
const MOST_ADOPTED: usize = 64;

/// The state of a server.
pub(crate) enum Life {
    /// It runs since this time.
    Running { process: Process, pid: u32, since_ns: u64, heartbeat: Option<Heartbeat> },
    /// It starts at this time.
    Waiting { at_ns: u64 },
    /// It has ended and does not start again.
    Ended { status: u64 },
    /// It died too often or cannot be started.
    GivenUp { why: String },
}

/// The result of a start.
#[must_use]
pub(crate) enum Started {
    /// The server runs for the first time.
    First,
    /// It runs again after a death.
    Again,
    /// It cannot be started and is given up.
    GivenUp,
}

/// One server.
pub(crate) struct Child {
    pub(crate) plan: Server,
    /// Its number as a client: its badge at other servers.
    pub(crate) number: u32,
    pub(crate) supervision: Supervision,
    pub(crate) life: Life,
    /// Its endpoint, which outlives it. It is dropped when the server does not start again:
    /// then the calls of its clients fail.
    pub(crate) endpoint: Option<Endpoint>,
    pub(crate) lasting: Vec<Lasting>,
    /// The scheduling context of each life, if the manifest gives the server a budget.
    context: Option<SchedContext>,
    /// Signals the restarts of servers that it depends on, with `on_restart = "tell"`.
    pub(crate) peers: Option<Notification>,
    /// Whether the objects that outlive it exist.
    is_equipped: bool,
    adopted: Vec<Process>,
}

/// Returns the terms of its scheduling context, if it has a budget.
fn terms(plan: &Server) -> Option<Terms> {
    let Time::Budget { budget_us, period_us } = plan.time else { return None };
    Some(Terms {
        budget_ns: u64::from(budget_us) * 1000,
        period_ns: u64::from(period_us) * 1000,
        priority: Priority(plan.priority),
        flags: ContextFlags::NONE,
    })
}

impl Child {
    /// Creates the objects that outlive the server. Gives the server up when they cannot be
    /// created.
    pub(crate) fn new(plan: &Server, number: u32, resource: &Resource) -> Self {
        let mut child = Self {
            plan: plan.clone(),
            number,
            supervision: Supervision::new(plan.restart, plan.device.is_some()),
            life: Life::Waiting { at_ns: 0 },
            endpoint: None,
            lasting: Vec::new(),
            context: None,
            peers: None,
            is_equipped: false,
            adopted: Vec::new(),
        };
        if let Err(why) = child.equip(resource) {
            child.give_up(why);
        }
        child
    }

    /// Creates the objects that outlive the server, unless they exist.
    fn equip(&mut self, resource: &Resource) -> Result<(), String> {
        if self.is_equipped {
            return Ok(());
        }
        let plan = &self.plan;
        let told = plan.on_restart == OnRestart::Tell;
        let at = |key, what| move |why: Error| lasting::refused(plan, key, what, None, why);
        let endpoint = plan.service.then(Endpoint::create).transpose();
        let endpoint = endpoint.map_err(at("service", "its endpoint"))?;
        let lasting = lasting::make(plan, resource)?;
        let context = terms(plan).map(|terms| SchedContext::create(resource, &terms)).transpose();
        let context = context.map_err(at("time", "its scheduling context"))?;
        let peers = told.then(Notification::create).transpose();
        let peers = peers.map_err(at("on_restart", "its notification"))?;
        (self.endpoint, self.lasting) = (endpoint, lasting);
        (self.context, self.peers) = (context, peers);
        self.is_equipped = true;
        Ok(())
    }

    /// Begins a new life, in the process that was loaded for it.
    pub(crate) fn begin_life(&mut self, loaded: Result<Process, String>) -> Started {
        let first = matches!(self.life, Life::Waiting { at_ns: 0 });
        let process = match loaded {
            Ok(process) => process,
            Err(why) => {
                self.give_up(why);
                return Started::GivenUp;
            }
        };
        let pid = process.info().map_or(0, |info| info.pid);
        defmt::info!("{=str} runs as process {=u32}", self.plan.name.as_str(), pid);
        let since_ns = sys::clock();
        let heartbeat = Heartbeat::start(self.plan.heartbeat_ms, since_ns);
        self.life = Life::Running { process, pid, since_ns, heartbeat };
        if first {
            return Started::First;
        }
        self.supervision.count_restart();
        Started::Again
    }

    /// Starts the process of a new life.
    pub(crate) fn load(
        &self,
        common: &Common,
        grants: &[Grant<'_>],
        death: (&Notification, u64),
    ) -> Result<Process, String> {
        let handles: Vec<_> = grants.iter().map(Grant::as_loader).collect();
        let lines = if self.plan.name == manifest::NAMES {
            common.boot.system.access_lines()
        } else {
            self.plan.args.clone()
        };
        let args: Vec<&str> = lines.iter().map(String::as_str).collect();
        let facts = self.facts(&common.boot);
        let facts: Vec<_> = facts.iter().map(|(key, value)| (*key, value.as_str())).collect();
        let program = loader::Program {
            name: &self.plan.name,
            image: common.boot.file(self.plan.file())?,
            // A server's code is its own: faults are injected into it.
            shared: None,
            args: &args,
            facts: &facts,
            quota: self.plan.limits.quota(self.plan.priority),
            priority: Priority(self.plan.priority),
            time: self.time(),
            stack_pages: self.plan.stack_pages.into(),
            handles: &handles,
            fault: Some((&common.endpoint, self.number.into())),
            death: Some(death),
        };
        program.start().map_err(|error| lasting::not_started(&self.plan, &error))
    }

    /// Returns the facts of its startup block, besides arguments and handles.
    fn facts(&self, boot: &Boot) -> Vec<(&'static str, String)> {
        let mut facts = Vec::from([("cmdline", boot.cmdline.to_string())]);
        if self.plan.reads_archive() {
            facts.push(("archive", boot.archive_size.to_string()));
        }
        if self.plan.bus {
            facts.extend(boot.system.driver_grants().map(|grant| ("device", grant.to_string())));
        }
        let volumes = boot.system.volume_lines(&self.plan.name);
        facts.extend(volumes.into_iter().map(|line| ("volume", line)));
        if let Some(volume) = &self.plan.volume {
            let access = volume.access_lines(&boot.system);
            facts.extend(access.into_iter().map(|line| ("access", line)));
        }
        if let Some(leader) = &self.plan.leader {
            let spawner = boot.system.spawner().map(|server| &server.name);
            for (key, name) in [("leader", Some(leader)), ("spawner", spawner)] {
                let number = name.and_then(|name| boot.system.client_number(name));
                facts.extend(number.map(|number| (key, number.to_string())));
            }
        }
        for name in &self.plan.clients {
            let number = boot.system.client_number(name);
            facts.extend(number.map(|number| ("client", format!("{number} {name}"))));
        }
        facts
    }

    fn time(&self) -> loader::Time<'_> {
        match (&self.context, self.plan.time) {
            (Some(context), _) => loader::Time::Context(context),
            (None, Time::Clients) => loader::Time::Clients,
            (None, _) => loader::Time::Own,
        }
    }

    /// Ends the life of a process that died with this status, as supervision has decided.
    pub(crate) fn end_life(&mut self, status: u64, decision: Decision, system: &System) {
        self.kill_adopted();
        defmt::info!("{=str} died with status {=u64}", self.plan.name.as_str(), status);
        match decision {
            Decision::RestartAt(at_ns) => self.life = Life::Waiting { at_ns },
            Decision::Stop => {
                self.endpoint = None;
                self.life = Life::Ended { status };
            }
            Decision::GiveUp { deaths } => self.give_up(format!("it died {deaths} times")),
            Decision::NoDevice => {
                let why = init_core::no_device(system, &self.plan, status);
                defmt::info!("{=str} is given up: {=str}", self.plan.name.as_str(), why.as_str());
                self.endpoint = None;
                self.life = Life::GivenUp { why };
            }
        }
    }

    /// Returns why the server does not run and will not start again.
    pub(crate) fn end(&self) -> Option<String> {
        match &self.life {
            Life::Running { .. } | Life::Waiting { .. } => None,
            Life::Ended { status } => Some(format!("ended with status {status}")),
            Life::GivenUp { why } => Some(format!("given up: {why}")),
        }
    }

    /// Returns whether the server will start, also after the end that is requested.
    pub(crate) fn will_start(&self) -> bool {
        matches!(self.life, Life::Waiting { .. }) || self.supervision.restart_is_requested()
    }

    /// Returns the exit status, once the process is dead.
    pub(crate) fn exit_status(&self) -> Option<u64> {
        let info = self.info()?;
        (info.state == ProcessState::Dead as u32).then_some(info.status)
    }

    fn give_up(&mut self, why: String) {
        defmt::error!("{=str} is given up: {=str}", self.plan.name.as_str(), why.as_str());
        self.endpoint = None;
        self.life = Life::GivenUp { why };
    }

    /// Kills the processes that only this life controlled.
    fn kill_adopted(&mut self) {
        for process in self.adopted.drain(..) {
            // A process that is dead already needs no kill.
            let _ = process.kill(abi::KILLED + 9);
        }
    }

    /// Adopts a process that the server created: it ends with the server. Returns false for a
    /// handle without the right to end it, and beyond [`MOST_ADOPTED`].
    pub(crate) fn adopt(&mut self, process: Process) -> bool {
        let lives = |process: &Process| {
            process.info().is_ok_and(|info| info.state != ProcessState::Dead as u32)
        };
        self.adopted.retain(lives);
        let handle = OwnedHandle::from(process);
        let manages = |(kind, rights): (ObjectKind, Rights)| {
            kind == ObjectKind::Process && rights.contains(Rights::MANAGE)
        };
        let takes = self.adopted.len() < MOST_ADOPTED && handle.info().is_ok_and(manages);
        if takes {
            self.adopted.push(handle.into());
        }
        takes
    }

    /// Returns the processes that init has adopted from it.
    pub(crate) fn adopted(&self) -> impl Iterator<Item = &Process> {
        self.adopted.iter()
    }

    /// Returns the process of a server that runs.
    pub(crate) fn process(&self) -> Option<&Process> {
        match &self.life {
            Life::Running { process, .. } => Some(process),
            _ => None,
        }
    }

    /// Returns the time of the start of a server that runs; 0 for others.
    pub(crate) fn since_ns(&self) -> u64 {
        match self.life {
            Life::Running { since_ns, .. } => since_ns,
            _ => 0,
        }
    }

    /// Returns the kernel's information about a server that runs.
    pub(crate) fn info(&self) -> Option<ProcessInfo> {
        self.process()?.info().ok()
    }

    /// Starts the server on a user's request. Returns true when it has a new endpoint, which
    /// `names` does not know yet.
    pub(crate) fn restart(&mut self, resource: &Resource) -> Result<bool, String> {
        self.supervision.forgive();
        if let Life::Running { process, .. } = &self.life {
            self.supervision.request(Request::Restart);
            let killed = process.kill(abi::KILLED + 15);
            return killed.map(|()| false).map_err(|error| error.to_string());
        }
        let lost = self.plan.service && self.endpoint.is_none();
        self.equip(resource)?;
        if self.plan.service && self.endpoint.is_none() {
            self.endpoint = Some(Endpoint::create().map_err(|error| error.to_string())?);
        }
        self.life = Life::Waiting { at_ns: sys::clock() };
        Ok(lost)
    }

    /// Restarts the server, if it runs, after one that it depends on.
    pub(crate) fn restart_after_dependency(&mut self) -> Result<(), Error> {
        let Life::Running { process, .. } = &self.life else { return Ok(()) };
        process.kill(abi::KILLED + 15)?;
        self.supervision.request(Request::Restart);
        Ok(())
    }

    /// Signals that servers that it depends on have restarted or are given up, a bit for each.
    pub(crate) fn signal_peers(&self, bits: u64) -> Result<(), Error> {
        self.peers.as_ref().map_or(Ok(()), |bell| bell.signal(bits))
    }

    /// Returns its state, for `servers`.
    pub(crate) fn state(&self) -> ServerState {
        match &self.life {
            Life::Running { .. } => ServerState::Running,
            Life::Waiting { at_ns } => ServerState::Restarting { at_ns: *at_ns },
            Life::Ended { status } => ServerState::Ended { status: *status },
            Life::GivenUp { why } => ServerState::GivenUp { why: why.clone() },
        }
    }
}
