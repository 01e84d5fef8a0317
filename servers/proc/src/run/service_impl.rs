//! The service's methods.

use super::{Held, ProcServer, Waiter, instance};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use proc_api::{Disposition, ExitStatus, Proc, ProcError, ProgramInfo, ProgramState, Signal};
use proc_core::{Entry, Wait};
use service::{Caller, Reply};

impl Proc for ProcServer {
    fn spawn(
        &mut self,
        caller: &Caller,
        program: String,
        arguments: Vec<String>,
        foreground: bool,
    ) -> Result<u32, ProcError> {
        let parent = self.programs.instance(instance(caller.badge()));
        let parent = parent.map_or(0, |entry| entry.pid);
        let pid = self.start(&program, &arguments, parent)?;
        if foreground {
            self.programs.set_foreground(pid);
        }
        Ok(pid)
    }

    fn wait(&mut self, _caller: &Caller, pid: u32, reply: Reply<Result<ExitStatus, ProcError>>) {
        match self.programs.wait(pid, reply) {
            Wait::Later => {}
            Wait::Ended(reply, status) => reply.send(Ok(status)),
            Wait::NoSuchProcess(reply) => reply.send(Err(ProcError::NoSuchProcess { pid })),
        }
    }

    fn kill(&mut self, _caller: &Caller, pid: u32, signal: u8) -> Result<(), ProcError> {
        self.deliver(pid, known(signal)?)
    }

    fn signal_foreground(&mut self, _caller: &Caller, signal: u8) -> Result<bool, ProcError> {
        let signal = known(signal)?;
        match self.programs.foreground() {
            0 => Ok(false),
            pid => self.deliver(pid, signal).map(|()| true),
        }
    }

    fn set_foreground(&mut self, _caller: &Caller, pid: u32) -> Result<(), ProcError> {
        if self.programs.set_foreground(pid) {
            Ok(())
        } else {
            Err(ProcError::NoSuchProcess { pid })
        }
    }

    fn sigaction(
        &mut self,
        caller: &Caller,
        signal: u8,
        disposition: Disposition,
    ) -> Result<Disposition, ProcError> {
        let number = signal;
        let signal = known(signal)?;
        let entry = self.programs.instance(instance(caller.badge()));
        let entry = entry.ok_or(ProcError::OnlyForPrograms)?;
        let before = entry.dispositions.set(signal, disposition);
        before.ok_or(ProcError::CannotHandle { number })
    }

    fn list(&mut self, _caller: &Caller) -> Result<Vec<ProgramInfo>, ProcError> {
        let foreground = self.programs.foreground();
        Ok(self.programs.all().map(|entry| self.describe(entry, foreground)).collect())
    }

    fn programs(&mut self, _caller: &Caller) -> Result<Vec<String>, ProcError> {
        Ok(self.system.programs.iter().map(|program| program.name.to_string()).collect())
    }
}

impl ProcServer {
    fn describe(&self, entry: &Entry<Held, Waiter>, foreground: u32) -> ProgramInfo {
        let info = entry.process.as_ref().and_then(|held| held.process.info().ok());
        let info = info.unwrap_or_default();
        let state = match entry.ended {
            Some(status) => ProgramState::Ended(status),
            None if entry.stopped => ProgramState::Stopped,
            None => ProgramState::Running,
        };
        ProgramInfo {
            pid: entry.pid,
            parent: entry.parent,
            name: entry.name.clone(),
            state,
            foreground: entry.pid == foreground,
            priority: self.system.program(&entry.name).map_or(0, |program| program.priority),
            pages: info.used.pages,
            pages_limit: info.limit.pages,
            handles: info.used.handles,
            threads: info.used.threads,
            user_ns: info.user_ns,
            kernel_ns: info.kernel_ns,
        }
    }
}

fn known(number: u8) -> Result<Signal, ProcError> {
    Signal::from_number(number).ok_or(ProcError::NoSuchSignal { number })
}
