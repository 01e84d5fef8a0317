//! What the methods about programs need.

use super::super::{ENDED, instance};
use super::{
    Caller, Ids, Launching, ProcError, ProcServer, Program, ProgramInfo, ProgramState, Result,
};
use alloc::string::String;
use proc_api::{Disposition, Signal};

impl ProcServer {
    pub(super) fn ids_of(&mut self, pid: u32) -> Result<Ids> {
        self.programs.alive(pid).map(|entry| entry.ids).ok_or(ProcError::NoSuchProcess { pid })
    }

    /// The session of a program; of a server that of the console.
    pub(super) fn session(&mut self, caller: &Caller) -> u32 {
        match instance(caller.badge()) {
            0 => 0,
            number => self.programs.instance(number).map_or(ENDED, |entry| entry.ids.session),
        }
    }

    /// Servers, and programs of a session with a terminal.
    pub(super) fn may_use_terminal(&mut self, caller: &Caller) -> Result<()> {
        let session = self.session(caller);
        self.programs.has_terminal(session).then_some(()).ok_or(ProcError::Background)
    }

    /// Servers, leaders of sessions, and programs in the foreground or that gave the terminal to
    /// those: others would take it from them. The session, and the group of a program that does
    /// not lead it.
    pub(super) fn may_give_terminal(&mut self, caller: &Caller) -> Result<(u32, Option<u32>)> {
        self.may_use_terminal(caller)?;
        let Ok(entry) = self.program(caller) else { return Ok((0, None)) };
        let ids = entry.ids;
        if self.programs.leads_terminal(ids) {
            return Ok((ids.session, None));
        }
        let may = self.programs.may_give_terminal(ids.session, ids.group);
        may.then_some((ids.session, Some(ids.group))).ok_or(ProcError::Background)
    }

    /// Whether a program reads the terminal in the foreground; its group is stopped if not.
    pub(super) fn reads(&mut self, caller: &Caller) -> Result<bool> {
        self.may_use_terminal(caller)?;
        let session = self.session(caller);
        let foreground = self.programs.foreground(session);
        let Ok(entry) = self.program(caller) else { return Ok(true) };
        let (pid, group) = (entry.ids.pid, entry.ids.group);
        if group == foreground || pid == session {
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
        let terminal = foreground.then(|| self.may_give_terminal(caller)).transpose()?;
        let parent = self.caller_pid(caller);
        if parent == ENDED {
            return Err(ProcError::OnlyForPrograms);
        }
        let pid = self.start(launching, arguments, parent)?;
        if let Some((session, by)) = terminal {
            self.programs.set_foreground(session, by, pid);
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
            foreground: entry.ids.group == self.programs.foreground(entry.ids.session)
                && entry.ended.is_none(),
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
