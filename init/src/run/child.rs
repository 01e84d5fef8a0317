//! One server: what survives its deaths, and its present life.

use super::boot::Boot;
use super::grants::{Common, Grant};
use super::lasting::{self, Lasting};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use init_api::ServerState;
use init_core::{Cause, Heartbeat, Supervision, Verdict};
use manifest::{OnRestart, Server, Time};
use sys::{
    ContextFlags, Endpoint, Error, Notification, ObjectKind, OwnedHandle, Priority, Process,
    ProcessInfo, ProcessState, Resource, Rights, SchedContext, Terms,
};

/// The most processes that a server can hand over.
const MOST_ADOPTED: usize = 64;

/// What a server is doing.
pub(crate) enum Life {
    /// It runs since then.
    Running { process: Process, pid: u32, since_ns: u64, heartbeat: Option<Heartbeat> },
    /// It is started at this time.
    Waiting { at_ns: u64 },
    /// It ended, and stays so.
    Ended { status: u64 },
    /// It died too often or cannot be started.
    GivenUp { why: String },
}

/// How a start went.
pub(crate) enum Started {
    /// It is the server's first life.
    First,
    /// It is another one.
    Again,
    /// The server is given up.
    Not,
}

/// One server.
pub(crate) struct Child {
    pub(crate) plan: Server,
    /// Its client number.
    pub(crate) number: u32,
    pub(crate) supervision: Supervision,
    pub(crate) life: Life,
    /// Its endpoint, which outlives it; none when it has none, or is given up: then its
    /// clients are told that it is dead.
    pub(crate) line: Option<Endpoint>,
    pub(crate) lasting: Vec<Lasting>,
    /// The time that it has in each life, if it has a budget.
    context: Option<SchedContext>,
    /// Tells it of restarts of those it depends on, if it wants to know.
    pub(crate) peers: Option<Notification>,
    /// Whether what survives its deaths has been made.
    is_equipped: bool,
    /// Its next death was asked for.
    requested: bool,
    /// It is started after its next death, whatever its policy says.
    revive: bool,
    adopted: Vec<Process>,
}

/// What its context says, if it has a budget.
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
    /// Makes what survives the server's deaths. A server for which that cannot be made is
    /// given up.
    pub(crate) fn new(plan: &Server, number: u32, resource: &Resource) -> Self {
        let mut child = Self {
            plan: plan.clone(),
            number,
            supervision: Supervision::new(plan.restart),
            life: Life::Waiting { at_ns: 0 },
            line: None,
            lasting: Vec::new(),
            context: None,
            peers: None,
            is_equipped: false,
            requested: false,
            revive: false,
            adopted: Vec::new(),
        };
        if let Err(why) = child.equip(resource) {
            child.life = child.give_up(why);
        }
        child
    }

    /// Makes what survives the server's deaths, unless that is there already.
    fn equip(&mut self, resource: &Resource) -> Result<(), String> {
        if self.is_equipped {
            return Ok(());
        }
        let plan = &self.plan;
        let told = plan.on_restart == OnRestart::Tell;
        let at = |key, what| move |why: Error| lasting::refused(plan, key, what, None, why);
        let line = plan.service.then(Endpoint::create).transpose();
        let line = line.map_err(at("service", "its endpoint"))?;
        let lasting = lasting::make(plan, resource)?;
        let context = terms(plan).map(|terms| SchedContext::create(resource, &terms)).transpose();
        let context = context.map_err(at("time", "its scheduling context"))?;
        let peers = told.then(Notification::create).transpose();
        let peers = peers.map_err(at("on_restart", "its notification"))?;
        (self.line, self.lasting, self.context, self.peers) = (line, lasting, context, peers);
        self.is_equipped = true;
        Ok(())
    }

    /// Starts a new life, in the process that was loaded for it.
    pub(crate) fn start(&mut self, loaded: Result<Process, String>) -> Started {
        let first = matches!(self.life, Life::Waiting { at_ns: 0 });
        let process = match loaded {
            Ok(process) => process,
            Err(why) => {
                self.life = self.give_up(why);
                return Started::Not;
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
        self.supervision.restarted();
        Started::Again
    }

    /// Makes the process of a new life.
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
            image: common.boot.file(&self.plan.name)?,
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

    /// What it is told besides arguments and handles.
    fn facts(&self, boot: &Boot) -> Vec<(&'static str, String)> {
        let mut facts = Vec::from([("cmdline", boot.cmdline.to_string())]);
        if self.plan.spawn {
            facts.push(("archive", boot.archive_size.to_string()));
        }
        if let Some(leader) = &self.plan.leader {
            let spawner = boot.system.spawner().map(|server| &server.name);
            for (key, name) in [("leader", Some(leader)), ("spawner", spawner)] {
                let number = name.and_then(|name| boot.system.client_number(name));
                facts.extend(number.map(|number| (key, number.to_string())));
            }
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

    /// It has died: decides what comes next. True when nothing does.
    pub(crate) fn died(&mut self, now_ns: u64) -> bool {
        let Some(status) = self.status_if_dead() else { return false };
        self.kill_adopted();
        defmt::info!("{=str} died with status {=u64}", self.plan.name.as_str(), status);
        let cause = if self.requested { Cause::Requested } else { Cause::Status(status) };
        self.requested = false;
        self.life = if core::mem::take(&mut self.revive) {
            Life::Waiting { at_ns: now_ns }
        } else {
            match self.supervision.died(now_ns, cause) {
                Verdict::RestartAt(at_ns) => Life::Waiting { at_ns },
                Verdict::Ended => {
                    self.line = None;
                    Life::Ended { status }
                }
                Verdict::GiveUp { deaths } => self.give_up(format!("it died {deaths} times")),
            }
        };
        !self.is_coming()
    }

    /// Why it will not run again, if it will not.
    pub(crate) fn end(&self) -> Option<String> {
        match &self.life {
            Life::Running { .. } | Life::Waiting { .. } => None,
            Life::Ended { status } => Some(format!("ended with status {status}")),
            Life::GivenUp { why } => Some(format!("given up: {why}")),
        }
    }

    /// Whether a new life of it is on its way.
    pub(crate) fn is_coming(&self) -> bool {
        matches!(self.life, Life::Waiting { .. }) || self.revive
    }

    fn status_if_dead(&self) -> Option<u64> {
        let info = self.info()?;
        (info.state == ProcessState::Dead as u32).then_some(info.status)
    }

    fn give_up(&mut self, why: String) -> Life {
        defmt::error!("{=str} is given up: {=str}", self.plan.name.as_str(), why.as_str());
        self.line = None;
        Life::GivenUp { why }
    }

    /// The processes that only this life could have controlled end with it.
    fn kill_adopted(&mut self) {
        for process in self.adopted.drain(..) {
            // What is dead already cannot be killed; that is fine.
            let _ = process.kill(abi::KILLED + 9);
        }
    }

    /// Takes over a process that the server made. False when it is none that could be ended,
    /// or there are too many.
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

    /// The processes that were taken over from it.
    pub(crate) fn adopted(&self) -> impl Iterator<Item = &Process> {
        self.adopted.iter()
    }

    /// The process, while it runs.
    pub(crate) fn process(&self) -> Option<&Process> {
        match &self.life {
            Life::Running { process, .. } => Some(process),
            _ => None,
        }
    }

    /// What the kernel tells about the present life.
    pub(crate) fn info(&self) -> Option<ProcessInfo> {
        self.process()?.info().ok()
    }

    /// Someone asked for its death, which is coming.
    pub(crate) fn death_requested(&mut self) {
        self.requested = true;
    }

    /// A person wants it to run. True when it has a new endpoint, which `names` has to be told.
    pub(crate) fn revive(&mut self, resource: &Resource) -> Result<bool, String> {
        self.supervision.forgive();
        if let Life::Running { process, .. } = &self.life {
            self.revive = true;
            self.requested = true;
            let killed = process.kill(abi::KILLED + 15);
            return killed.map(|()| false).map_err(|error| error.to_string());
        }
        let lost = self.plan.service && self.line.is_none();
        self.equip(resource)?;
        if self.plan.service && self.line.is_none() {
            self.line = Some(Endpoint::create().map_err(|error| error.to_string())?);
        }
        self.life = Life::Waiting { at_ns: sys::clock() };
        Ok(lost)
    }

    /// One that it depends on is back: when it runs, it starts again too.
    pub(crate) fn follow(&mut self) -> Result<(), Error> {
        let Life::Running { process, .. } = &self.life else { return Ok(()) };
        process.kill(abi::KILLED + 15)?;
        self.revive = true;
        self.requested = true;
        Ok(())
    }

    /// One that it depends on is back or given up: the bit in its notification says which.
    pub(crate) fn tell(&self, bits: u64) -> Result<(), Error> {
        self.peers.as_ref().map_or(Ok(()), |bell| bell.signal(bits))
    }

    /// Its state for people.
    pub(crate) fn state(&self) -> ServerState {
        match &self.life {
            Life::Running { .. } => ServerState::Running,
            Life::Waiting { at_ns } => ServerState::Restarting { at_ns: *at_ns },
            Life::Ended { status } => ServerState::Ended { status: *status },
            Life::GivenUp { why } => ServerState::GivenUp { why: why.clone() },
        }
    }
}
