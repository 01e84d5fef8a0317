//! What a program does about signals, and what it learns about one that came.

use crate::{ExitStatus, Signal, SignalSet};
use alloc::vec::Vec;

/// What a program does about a signal.
#[service::data]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Disposition {
    /// What [`Signal::default_action`] says.
    #[default]
    Default,
    /// Nothing.
    Ignore,
    /// It has a handler: its `signals` notification rings.
    Handled,
}

/// How a handler runs; POSIX's `SA_` flags.
#[service::data]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags(u8);

impl Flags {
    /// None.
    pub const NONE: Self = Self(0);
    /// A call that the handler cut short is made again.
    pub const RESTART: Self = Self(1);
    /// The signal itself is not blocked while its handler runs.
    pub const NODEFER: Self = Self(2);
    /// The handler runs once: then the default is back.
    pub const RESETHAND: Self = Self(4);
    /// On the alternate stack, where there is one.
    pub const ONSTACK: Self = Self(8);
    /// Of SIGCHLD: not for programs that stop or go on.
    pub const NOCLDSTOP: Self = Self(16);
    /// Of SIGCHLD: programs that end leave nothing to wait for.
    pub const NOCLDWAIT: Self = Self(32);

    /// Both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether all of those are set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// All about a signal's disposition.
#[service::data]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Action {
    /// What happens.
    pub disposition: Disposition,
    /// How its handler runs.
    pub flags: Flags,
    /// What is blocked beside it while its handler runs.
    pub mask: SignalSet,
}

/// Where a signal came from.
#[service::data]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Someone's `kill`; process id 0 is a server's, and the console's.
    Sent {
        /// Who sent it.
        by: u32,
    },
    /// Someone's `sigqueue`.
    Queued {
        /// Who sent it.
        by: u32,
        /// What it carries.
        value: u64,
    },
    /// An alarm of the program's own.
    Alarm,
    /// A program that it started has ended, stopped or gone on.
    Child {
        /// Which.
        pid: u32,
        /// What happened.
        status: ChildStatus,
    },
    /// The program did something wrong.
    Fault(Fault),
}

/// What a program did wrong. The frame that its handler sees is of that instruction, or of
/// the one behind a breakpoint.
#[service::data]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The number of an `abi::FaultKind`.
    pub kind: u64,
    /// What `FaultKind` says about it.
    pub code: u64,
    /// The address that could not be used; 0 where there is none.
    pub address: u64,
    /// The instruction.
    pub instruction: u64,
}

/// A signal that came.
#[service::data]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Info {
    /// Which.
    pub signal: Signal,
    /// Where from.
    pub cause: Cause,
}

/// Signals for a handler: one, or several queued ones of the same number, in order.
#[service::data]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// What came.
    pub signals: Vec<Info>,
    /// The mask to go back to when the handler is through with all of them.
    pub restore: SignalSet,
    /// How the handler runs.
    pub flags: Flags,
}

/// What happened to a program, for `wait_for`.
#[service::data]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChildStatus {
    /// It ended.
    Ended(ExitStatus),
    /// The signal with this number stopped it.
    Stopped(u8),
    /// It goes on.
    Continued,
}

/// The programs that a wait is for.
#[service::data]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Any program that the caller started.
    Any,
    /// This one.
    Process(u32),
    /// Any that the caller started in this group; 0 is the caller's.
    Group(u32),
}

/// What is waited for beside the end.
#[service::data]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WaitFor {
    /// Programs that were stopped.
    pub stopped: bool,
    /// Programs that go on.
    pub continued: bool,
    /// Answers at once, also when there is nothing to tell.
    pub at_once: bool,
}

/// What a wait tells, once.
#[service::data]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waited {
    /// Which program.
    pub pid: u32,
    /// What happened to it.
    pub status: ChildStatus,
}

/// How a mask is changed.
#[service::data]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MaskChange {
    /// These too.
    Block(SignalSet),
    /// Not these.
    Unblock(SignalSet),
    /// These and no others.
    Set(SignalSet),
}

/// Where a program stands.
#[service::data]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ids {
    /// Its process id.
    pub pid: u32,
    /// Who started it; 0: a server did, or that program has ended.
    pub parent: u32,
    /// Its process group.
    pub group: u32,
    /// Its session; 0 is the console's, which the shell leads.
    pub session: u32,
}
