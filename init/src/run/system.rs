//! The System service of init.

use super::Init;
use super::child::{Child, Life};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use init_api::{
    FaultDetails, FaultRecord, GraphInfo, IrqInfo, MachineInfo, ProcessList, ServerInfo,
    ServerState, System, SystemError,
};
use init_core::Request;
use manifest::{INIT_PRIORITY, NAMES};
use service::Caller;
use sys::{Error, Process, ProcessInfo, Rights};

/// Signals that end a server.
const ENDING: [u8; 3] = [2, 9, 15];

impl System for Init {
    fn servers(&mut self, _caller: &Caller) -> Result<Vec<ServerInfo>, SystemError> {
        let init = server_info("init", ServerState::Running, INIT_PRIORITY, self.own_info());
        let children = self.children.iter().map(child_info);
        Ok(core::iter::once(init).chain(children).collect())
    }

    fn faults(&mut self, _caller: &Caller) -> Result<Vec<FaultRecord>, SystemError> {
        Ok(self.faults.all())
    }

    fn fault(&mut self, _caller: &Caller, server: String) -> Result<FaultDetails, SystemError> {
        let found = self.faults.last_of(&server).cloned();
        found.ok_or(SystemError::NoFault { server })
    }

    fn graph(&mut self, _caller: &Caller) -> Result<GraphInfo, SystemError> {
        self.current_links().map_err(|error| kernel("init", error))
    }

    fn machine(&mut self, _caller: &Caller) -> Result<MachineInfo, SystemError> {
        let info = sys::system_info().map_err(|error| kernel("init", error))?;
        Ok(MachineInfo {
            uptime_ns: info.uptime_ns,
            idle_ns: info.idle_ns,
            frames_total: info.frames_total,
            frames_free: info.frames_free,
            processes: info.processes,
            threads: info.threads,
            handles: info.handles,
            objects: info.objects,
            cpus: info.cpus,
            syscalls: info.syscalls,
            switches: info.switches,
            timer_interrupts: info.timer_interrupts,
            log_bytes: info.log_bytes,
            exits: info.exits,
            most_turns: info.most_turns,
            irqs: self.irqs(&info.irqs),
        })
    }

    fn kill(&mut self, caller: &Caller, server: String, signal: u8) -> Result<(), SystemError> {
        self.check_may_change(caller)?;
        let child = self.child(&server)?;
        if !ENDING.contains(&signal) {
            return Err(SystemError::NotForServers { signal });
        }
        let Some(process) = child.process() else {
            return Err(SystemError::NotRunning { server });
        };
        process.kill(abi::KILLED + u64::from(signal)).map_err(|error| kernel(&server, error))?;
        child.supervision.request(Request::End);
        Ok(())
    }

    fn processes(&mut self, _caller: &Caller) -> Result<ProcessList, SystemError> {
        self.list_processes().map_err(|error| kernel("init", error))
    }

    fn kill_process(&mut self, caller: &Caller, pid: u32, signal: u8) -> Result<(), SystemError> {
        self.check_may_change(caller)?;
        if !ENDING.contains(&signal) {
            return Err(SystemError::NotForServers { signal });
        }
        match self.end_process(pid, abi::KILLED + u64::from(signal)) {
            Ok(true) => Ok(()),
            Ok(false) => Err(SystemError::NoSuchProcess { pid }),
            Err(error) => Err(kernel("init", error)),
        }
    }

    fn crash(&mut self, caller: &Caller, server: String) -> Result<(), SystemError> {
        self.check_may_change(caller)?;
        let index = self.index(&server)?;
        let Some(child) = self.children.get(index) else {
            return Err(SystemError::NoSuchServer { server });
        };
        let image = self
            .common
            .boot
            .file(child.plan.file())
            .map_err(|why| SystemError::Kernel { server: server.clone(), why })?;
        let Some(process) = child.process() else {
            return Err(SystemError::NotRunning { server });
        };
        unmap_code(process, image).map_err(|error| kernel(&server, error))?;
        // A message makes a server that waits for calls execute its next instruction.
        let _ = child.takes_a_message();
        if let Some(child) = self.children.get_mut(index) {
            child.supervision.request(Request::End);
        }
        Ok(())
    }

    fn process(&mut self, caller: &Caller, server: String) -> Result<Process, SystemError> {
        self.check_may_change(caller)?;
        let child = self.child(&server)?;
        let Some(process) = child.process() else {
            return Err(SystemError::NotRunning { server });
        };
        process.copy(Rights::ALL).map_err(|error| kernel(&server, error))
    }

    fn restart(&mut self, caller: &Caller, server: String) -> Result<(), SystemError> {
        self.check_may_change(caller)?;
        let index = self.index(&server)?;
        let resource = &self.common.boot.resource;
        let child = self.children.get_mut(index);
        let is_new = child.map_or(Ok(false), |child| child.restart(resource));
        let is_new = is_new.map_err(|why| SystemError::Kernel { server: server.clone(), why })?;
        if is_new { self.restart_holders(&server) } else { Ok(()) }
    }

    fn adopt(&mut self, caller: &Caller, process: Process) -> Result<(), SystemError> {
        self.check_may_change(caller)?;
        let index = self.index_of_badge(caller.badge()).ok_or(SystemError::CannotAdopt)?;
        let child = self.children.get_mut(index).ok_or(SystemError::CannotAdopt)?;
        if child.adopt(process) { Ok(()) } else { Err(SystemError::CannotAdopt) }
    }

    fn shutdown(&mut self, caller: &Caller, status: u32) -> Result<(), SystemError> {
        self.check_may_change(caller)?;
        let code = init_core::exit_code(status)?;
        defmt::info!("shutting down with status {=u32}", status);
        match self.common.boot.resource.shutdown(code) {
            Ok(never) => match never {},
            Err(error) => Err(kernel("init", error)),
        }
    }
}

impl Init {
    /// Refuses observers, which only ask.
    fn check_may_change(&self, caller: &Caller) -> Result<(), SystemError> {
        let index = self.index_of_badge(caller.badge());
        let plan = index.and_then(|index| self.children.get(index)).map(|child| &child.plan);
        if plan.is_some_and(|plan| plan.supervisor) { Ok(()) } else { Err(SystemError::NotAllowed) }
    }

    /// Returns what init itself uses, without the quotas of its servers.
    fn own_info(&self) -> ProcessInfo {
        let mut own = Process::own_info().unwrap_or_default();
        for limit in self.children.iter().filter_map(Child::info).map(|info| info.limit) {
            own.used.pages = own.used.pages.saturating_sub(limit.pages);
            own.used.handles = own.used.handles.saturating_sub(limit.handles);
            own.used.threads = own.used.threads.saturating_sub(limit.threads);
        }
        own
    }

    /// Restarts the holders of handles to the old endpoint of a server that has a new one.
    fn restart_holders(&mut self, server: &str) -> Result<(), SystemError> {
        // `names` gets its handles at its start and has no other state. All servers hold one to
        // `names`.
        let holds_handle = |child: &&mut Child| match server {
            NAMES => child.plan.name != NAMES && child.process().is_some(),
            _ => child.plan.name == NAMES,
        };
        for child in self.children.iter_mut().filter(holds_handle) {
            let restarted = child.restart(&self.common.boot.resource);
            restarted
                .map_err(|why| SystemError::Kernel { server: child.plan.name.clone(), why })?;
        }
        Ok(())
    }

    fn index(&self, server: &str) -> Result<usize, SystemError> {
        if server == "init" {
            return Err(SystemError::IsInit);
        }
        let found = self.children.iter().position(|child| child.plan.name == server);
        found.ok_or_else(|| SystemError::NoSuchServer { server: server.to_string() })
    }

    fn child(&mut self, server: &str) -> Result<&mut Child, SystemError> {
        let index = self.index(server)?;
        let child = self.children.get_mut(index);
        child.ok_or_else(|| SystemError::NoSuchServer { server: server.to_string() })
    }
}

fn kernel(server: &str, error: Error) -> SystemError {
    SystemError::Kernel { server: server.to_string(), why: error.to_string() }
}

/// Unmaps the code: the next instruction of the process faults.
fn unmap_code(process: &Process, image: &[u8]) -> Result<(), Error> {
    let plan = loader::Plan::read(image).map_err(|_| Error::BadState)?;
    for segment in plan.segments.iter().filter(|segment| segment.protection.executable()) {
        process.unmap(segment.address, segment.pages)?;
    }
    Ok(())
}

fn child_info(child: &Child) -> ServerInfo {
    let process = child.info().unwrap_or_default();
    let mut info = server_info(&child.plan.name, child.state(), child.plan.priority, process);
    info.restarts = child.supervision.restarts();
    info.pages_limit = child.plan.limits.pages;
    if let Life::Running { pid, since_ns, .. } = child.life {
        info.pid = pid;
        info.started_ns = since_ns;
    }
    info
}

impl Init {
    /// Returns the interrupt lines with an owner or with interrupts.
    fn irqs(&self, counts: &[u64]) -> Vec<IrqInfo> {
        let numbered = (0..).zip(counts);
        let all =
            numbered.map(|(line, count)| IrqInfo { line, owner: self.owner(line), count: *count });
        all.filter(|irq| irq.count > 0 || !irq.owner.is_empty()).collect()
    }

    fn owner(&self, line: u32) -> String {
        let has = |child: &&Child| child.plan.irqs.iter().any(|irq| irq.line == line);
        self.children.iter().find(has).map_or_else(String::new, |child| child.plan.name.clone())
    }
}

fn server_info(name: &str, state: ServerState, priority: u8, process: ProcessInfo) -> ServerInfo {
    ServerInfo {
        name: name.to_string(),
        pid: process.pid,
        state,
        restarts: 0,
        priority,
        pages: process.used.pages,
        pages_limit: process.limit.pages,
        handles: process.used.handles,
        threads: process.used.threads,
        user_ns: process.user_ns,
        kernel_ns: process.kernel_ns,
        started_ns: 0,
    }
}
