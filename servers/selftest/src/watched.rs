//! Children whose faults come to this program, and children that make one call when told.

use crate::bench::{Bench, SMALL, SOON_NS, after};
use crate::child::Child;
use crate::peer::{URGENT, reply};
use abi::Syscall;
use alloc::vec::Vec;
use sys::trace::Debuggee;
use sys::{
    Endpoint, Error, Failure, FaultKind, FaultReply, Incoming, Message, ProcessInfo, Received,
    Rights,
};

/// A child with this program as the handler of its faults.
pub(crate) struct Watched {
    /// The child.
    pub(crate) child: Child,
    handler: Endpoint,
    commands: Endpoint,
}

/// The number of the call at the end of a watched program.
pub(crate) const END: u64 = 0xe4d;

impl Watched {
    /// Starts it. It has an endpoint for [`Watched::command`].
    pub(crate) fn start(bench: &Bench, role: &[&str]) -> Result<Self, Failure> {
        let (handler, commands) = (Endpoint::create()?, Endpoint::create()?);
        let grants = [("endpoint", commands.as_handle(), Rights::ALL, 0)];
        let child = bench.child_with(role, &grants, Some((&handler, 9)), SMALL)?;
        Ok(Self { child, handler, commands })
    }

    /// Starts it and waits until it waits for its command.
    pub(crate) fn ready(bench: &Bench, role: &str) -> Result<Self, Failure> {
        let watched = Self::start(bench, &[role])?;
        let Received::Message(message) = watched.commands.receive(after(SOON_NS), &mut [])? else {
            return Err(Failure::from("no message"));
        };
        // More urgent than this thread it is there before the answer returns; on another CPU
        // soon.
        watched.debuggee()?.thread().set_priority(URGENT)?;
        reply(message, Message::default());
        if sys::system_info()?.cpus > 1 {
            sys::sleep_for(5_000_000);
        }
        Ok(watched)
    }

    /// Tells a child that plays `perform` to make this call and to end with what it gave.
    pub(crate) fn command(&self, call: Syscall, arguments: [u64; 6]) -> Result<(), Failure> {
        let [a, b, c, d, e, f] = arguments;
        Ok(self.commands.send(0, &[call as u64, a, b, c, d, e, f])?)
    }

    /// Its next fault.
    pub(crate) fn trouble(&self) -> Result<Trouble, Failure> {
        match self.handler.receive(after(SOON_NS), &mut [])? {
            Received::Message(message) => Ok(Trouble::new(message)),
            Received::Notified(_) => Err(Failure::from("no message")),
        }
    }

    /// Suspends it, and waits until it is off its CPU: that may be another one.
    pub(crate) fn suspend(&self) -> Result<(), Failure> {
        self.child.process.suspend()?;
        let (debuggee, end) = (self.debuggee()?, after(SOON_NS));
        while debuggee.registers() == Err(Error::BadState) && sys::clock() < end {
            sys::sleep_for(100_000);
        }
        Ok(())
    }

    /// Whether it has no fault for so long.
    pub(crate) fn quiet(&self, ns: u64) -> bool {
        self.handler.receive(after(ns), &mut []).is_err()
    }

    /// All its faults until it announces its end, each answered by `answer`.
    pub(crate) fn troubles(
        &self,
        mut answer: impl FnMut(Trouble) -> Result<(), Failure>,
    ) -> Result<Vec<Seen>, Failure> {
        let mut seen = Vec::new();
        loop {
            let trouble = self.trouble()?;
            if trouble.seen.kind == Some(FaultKind::Debug) && self.announced()? == END {
                trouble.resume();
                return Ok(seen);
            }
            seen.push(trouble.seen);
            answer(trouble)?;
        }
    }

    /// The number that it told with a breakpoint, while it waits there.
    pub(crate) fn announced(&self) -> Result<u64, Failure> {
        Ok(self.debuggee()?.registers()?.rax)
    }

    /// Its thread.
    pub(crate) fn debuggee(&self) -> Result<Debuggee, Failure> {
        Ok(Debuggee::of(&self.child.process, 0)?)
    }

    /// Waits for its end.
    pub(crate) fn end(&self) -> Result<ProcessInfo, Failure> {
        self.child.end()
    }
}

/// What is told of a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    /// What happened.
    pub(crate) kind: Option<FaultKind>,
    /// More about it.
    pub(crate) code: u64,
    /// The address it is about.
    pub(crate) address: u64,
    /// Where the thread is.
    pub(crate) rip: u64,
    /// Its process.
    pub(crate) pid: u64,
}

/// A fault that waits for its answer.
#[must_use = "the thread waits"]
pub(crate) struct Trouble {
    /// What it is.
    pub(crate) seen: Seen,
    message: Incoming,
}

impl Trouble {
    fn new(message: Incoming) -> Self {
        let [kind, code, address, rip, _, pid, _] = message.words;
        let seen = Seen { kind: FaultKind::from_number(kind), code, address, rip, pid };
        Self { seen, message }
    }

    /// Runs the instruction again, or goes on behind a trap.
    pub(crate) fn resume(self) {
        self.answer(FaultReply::Resume, 0);
    }

    /// Goes on there.
    pub(crate) fn resume_at(self, address: u64) {
        self.answer(FaultReply::ResumeAt, address);
    }

    /// Ends the process.
    pub(crate) fn kill(self) {
        self.answer(FaultReply::Kill, 0);
    }

    fn answer(self, answer: FaultReply, word: u64) {
        reply(self.message, Message::new(answer as u32, [word, 0, 0, 0, 0, 0, 0]));
    }
}
