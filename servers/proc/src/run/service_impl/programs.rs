//! What the methods about programs need.

use super::{
    Caller, Ids, Launching, ProcError, ProcServer, Program, ProgramInfo, ProgramState, Result,
};
use alloc::string::String;
use proc_api::{Disposition, Signal};

impl ProcServer {
    pub(super) fn ids_of(&mut self, pid: u32) -> Result<Ids> {
        self.programs.alive(pid).map(|entry| entry.ids).ok_or(ProcError::NoSuchProcess { pid })
    }

    /// Servers, and programs of the console's session.
    pub(super) fn may_use_terminal(&mut self, caller: &Caller) -> Result<()> {
        match self.program(caller) {
            Ok(entry) if entry.ids.session != 0 => Err(ProcError::Background),
            _ => Ok(()),
        }
    }

    /// Servers, and programs in the foreground or that gave the terminal to those: others would
    /// take it from them. The group of a program.
    pub(super) fn may_give_terminal(&mut self, caller: &Caller) -> Result<Option<u32>> {
        self.may_use_terminal(caller)?;
        let Ok(entry) = self.program(caller) else { return Ok(None) };
        let group = entry.ids.group;
        let may = self.programs.may_give_terminal(group);
        may.then_some(Some(group)).ok_or(ProcError::Background)
    }

    /// Whether a program reads the terminal in the foreground; its group is stopped if not.
    pub(super) fn reads(&mut self, caller: &Caller) -> Result<bool> {
        self.may_use_terminal(caller)?;
        let foreground = self.programs.foreground();
        let Ok(entry) = self.program(caller) else { return Ok(true) };
        let (pid, group) = (entry.ids.pid, entry.ids.group);
        if group == foreground {
            return Ok(true);
        }
        let signals = &entry.signals;
        let deaf = signals.mask().contains(Signal::TTIN)
            || signals.action(Signal::TTIN).disposition == Disposition::Ignore;
        if deaf || self.programs.is_orphaned(group) {
            return Err(ProcError::Background);
        }
        self.send_group(pid, group, Signal::TTIN).map(|_| false)
    }

    /// Starts a program for a caller: its process id.
    pub(in crate::run) fn start_for(
        &mut self,
        caller: &Caller,
        launching: &Launching,
        arguments: &[String],
        foreground: bool,
    ) -> Result<u32> {
        let by = if foreground { self.may_give_terminal(caller)? } else { None };
        let parent = self.caller_pid(caller);
        let pid = self.start(launching, arguments, parent)?;
        if foreground {
            self.programs.set_foreground(by, pid);
        }
        Ok(pid)
    }

    pub(super) fn describe(&self, entry: &Program) -> ProgramInfo {
        let info = entry.process.as_ref().and_then(|held| held.process.info().ok());
        let info = info.unwrap_or_default();
        let state = match entry.ended {
            Some(status) => ProgramState::Ended(status),
            None if entry.signals.stopped().is_some() => ProgramState::Stopped,
            None => ProgramState::Running,
        };
        ProgramInfo {
            ids: entry.ids,
            name: entry.name.clone(),
            state,
            foreground: entry.ids.group == self.programs.foreground() && entry.ended.is_none(),
            priority: entry.process.as_ref().map_or(0, |held| held.priority),
            pages: info.used.pages,
            pages_limit: info.limit.pages,
            handles: info.used.handles,
            threads: info.used.threads,
            user_ns: info.user_ns,
            kernel_ns: info.kernel_ns,
        }
    }
}
