//! The service's methods.

mod launch;
mod programs;
mod signals;

use super::launch::Launching;
use super::waits::WaitReply;
use super::{ProcServer, Program};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use proc_api::{
    Action, Cause, Delivery, ExitStatus, Ids, Info, MaskChange, Proc, ProcError, ProgramInfo,
    ProgramState, Signal, SignalSet, Target, WaitFor, Waited,
};
use service::{Caller, Reply, Session};

type Result<T> = core::result::Result<T, ProcError>;

/// One line each, or a function of the same name in `programs` or `signals`.
impl Proc for ProcServer {
    fn spawn(
        &mut self,
        caller: &Caller,
        program: String,
        arguments: Vec<String>,
        foreground: bool,
    ) -> Result<u32> {
        self.start_for(caller, &Launching::plain(&program), &arguments, foreground)
    }

    fn launch(&mut self, _: &Caller, session: Session, program: String) -> Result<()> {
        self.open_launch(session, &program)
    }

    fn wait(&mut self, caller: &Caller, pid: u32, reply: Reply<Result<ExitStatus>>) {
        let (by, reply) = (self.caller_pid(caller), WaitReply::End(reply));
        self.add_waiter(by, Target::Process(pid), WaitFor::default(), reply);
    }

    fn wait_for(
        &mut self,
        caller: &Caller,
        target: Target,
        what: WaitFor,
        reply: Reply<Result<Option<Waited>>>,
    ) {
        let by = self.caller_pid(caller);
        self.add_waiter(by, target, what, WaitReply::News(reply));
    }

    fn kill(&mut self, caller: &Caller, pid: u32, signal: u8) -> Result<()> {
        let by = self.caller_pid(caller);
        if signal == 0 {
            return self.ids_of(pid).map(drop);
        }
        self.send_from(by, pid, known(signal)?)
    }

    fn kill_group(&mut self, caller: &Caller, group: u32, signal: u8) -> Result<()> {
        let ids = self.program(caller).map(|entry| entry.ids);
        let by = self.caller_pid(caller);
        let group = if group == 0 { ids?.group } else { group };
        match self.send_group(by, group, known(signal)?)? {
            true => Ok(()),
            false => Err(ProcError::NoSuchProcess { pid: group }),
        }
    }

    fn sigqueue(&mut self, caller: &Caller, pid: u32, signal: u8, value: u64) -> Result<()> {
        let by = self.caller_pid(caller);
        let info = Info { signal: known(signal)?, cause: Cause::Queued { by, value } };
        self.may_signal(by, pid)?;
        self.send(pid, info)
    }

    fn signal_foreground(&mut self, caller: &Caller, signal: u8) -> Result<bool> {
        let (by, session) = (self.caller_pid(caller), self.session(caller));
        let group = self.programs.foreground(session);
        self.send_group(by, group, known(signal)?)
    }

    fn set_foreground(&mut self, caller: &Caller, group: u32) -> Result<()> {
        let (session, by) = self.may_give_terminal(caller)?;
        let set = self.programs.set_foreground(session, by, group);
        set.then_some(()).ok_or(ProcError::NoSuchProcess { pid: group })
    }

    fn foreground(&mut self, caller: &Caller) -> Result<u32> {
        let session = self.session(caller);
        Ok(self.programs.foreground(session))
    }

    fn may_read(&mut self, caller: &Caller) -> Result<bool> {
        self.reads(caller)
    }

    fn sigaction(&mut self, caller: &Caller, signal: u8, action: Action) -> Result<Action> {
        let known = known(signal)?;
        let before = self.program(caller)?.signals.set_action(known, action);
        self.settle_caller(caller)?;
        before.ok_or(ProcError::CannotHandle { number: signal })
    }

    fn action(&mut self, caller: &Caller, signal: u8) -> Result<Action> {
        Ok(self.program(caller)?.signals.action(known(signal)?))
    }

    fn sigprocmask(&mut self, caller: &Caller, change: MaskChange) -> Result<SignalSet> {
        let before = self.program(caller)?.signals.change_mask(change);
        self.settle_caller(caller)?;
        Ok(before)
    }

    fn sigpending(&mut self, caller: &Caller) -> Result<SignalSet> {
        Ok(self.program(caller)?.signals.pending())
    }

    fn next_signal(
        &mut self,
        caller: &Caller,
        done: Option<SignalSet>,
        on_stack: bool,
    ) -> Result<Option<Delivery>> {
        let delivery = self.program(caller)?.signals.next(done, on_stack);
        self.settle_caller(caller)?;
        Ok(delivery)
    }

    fn sigsuspend(&mut self, caller: &Caller, mask: SignalSet, reply: Reply<Result<()>>) {
        self.suspend(caller, mask, reply);
    }

    fn sigwait(&mut self, caller: &Caller, set: SignalSet, reply: Reply<Result<Info>>) {
        self.wait_signal(caller, set, reply);
    }

    fn alarm(&mut self, caller: &Caller, after_ns: u64, interval_ns: u64) -> Result<u64> {
        let pid = self.program(caller)?.ids.pid;
        self.set_alarm(pid, after_ns, interval_ns)
    }

    fn setpgid(&mut self, caller: &Caller, pid: u32, group: u32) -> Result<()> {
        let by = self.program(caller)?.ids;
        self.programs.set_group(by, pid, group)
    }

    fn setsid(&mut self, caller: &Caller) -> Result<u32> {
        let pid = self.program(caller)?.ids.pid;
        self.programs.new_session(pid)
    }

    fn ids(&mut self, caller: &Caller, pid: u32) -> Result<Ids> {
        if pid == 0 { Ok(self.program(caller)?.ids) } else { self.ids_of(pid) }
    }

    fn list(&mut self, _: &Caller) -> Result<Vec<ProgramInfo>> {
        Ok(self.programs.all().map(|entry| self.describe(entry)).collect())
    }

    fn programs(&mut self, _: &Caller) -> Result<Vec<String>> {
        let named =
            self.system.programs.iter().filter(|program| !program.any && !program.supervisor);
        Ok(named.map(|program| program.name.to_string()).collect())
    }
}

fn known(number: u8) -> Result<Signal> {
    Signal::from_number(number).ok_or(ProcError::NoSuchSignal { number })
}
