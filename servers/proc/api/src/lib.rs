//! The interface of `proc`: programs, signals, exit statuses; and [`signals`], with which
//! programs handle theirs.
//!
//! A program that `proc` started finds in its startup block: `names`, `proc` (its own
//! endpoint of `proc`, by whose badge `proc` knows it) and `signals` (the notification that rings
//! when there is a signal for its handlers), and `terminal` when it has another one than the console. The first argument is the program itself, as
//! `env.name()`; `env.args()` are the others.
//!
//! Signals are numbers where they come from outside, so that a shell can call every method;
//! [`Signal`] gives them names.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod action;
mod error;
mod signal;
pub mod signals;
mod status;

pub use action::{
    Action, Cause, ChildStatus, Delivery, Disposition, Fault, Flags, Ids, Info, MaskChange, Target,
    WaitFor, Waited,
};
pub use error::{Lack, ProcError, Scarce};
pub use signal::{DefaultAction, Signal, SignalSet};
pub use status::ExitStatus;

use alloc::string::String;
use alloc::vec::Vec;

/// Bits of the notification that `proc` rings.
pub mod bell {
    /// For a handler on the stack of the thread.
    pub const PLAIN: u64 = 1 << 0;
    /// For a handler with `Flags::ONSTACK`.
    pub const ON_STACK: u64 = 1 << 1;
}

/// What a program is doing.
#[service::data]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProgramState {
    /// It runs or waits.
    Running,
    /// Stopped by a signal.
    Stopped,
    /// It ended, and no `wait` has returned it yet.
    Ended(ExitStatus),
}

/// A program that was started, for `ps`.
#[service::data]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgramInfo {
    /// Where it stands.
    pub ids: Ids,
    /// Name of its file.
    pub name: String,
    /// What it is doing.
    pub state: ProgramState,
    /// Whether Ctrl-C goes to it.
    pub foreground: bool,
    /// Its priority.
    pub priority: u8,
    /// Pages it uses now.
    pub pages: u32,
    /// Pages it may use.
    pub pages_limit: u32,
    /// Handles it holds.
    pub handles: u32,
    /// Threads it has.
    pub threads: u32,
    /// Time in user mode.
    pub user_ns: u64,
    /// Time the kernel spent for it.
    pub kernel_ns: u64,
}

/// Starts programs and sends them signals.
#[service::interface(version = 5, max_message = 16384)]
pub trait Proc {
    /// Starts a program of the boot archive: its process id. One that a server starts is the
    /// first of a group of its own, and so is one of the leader of a session on a terminal; others
    /// join the caller's group. They have the mask of a program, and ignore what it ignores. What programs start may take at most half of what there is for
    /// one job, and three quarters in all. `foreground` is for servers and programs in it.
    fn spawn(
        &mut self,
        program: String,
        arguments: Vec<String>,
        foreground: bool,
    ) -> Result<u32, ProcError>;

    /// Begins to start a program that needs more than [`Proc::spawn`] gives it: its own image,
    /// handles, a working directory. `program` is its name in `ps`; without an image of its own it
    /// is that of a program of the boot archive.
    #[opens(Launch)]
    fn launch(&mut self, program: String) -> Result<(), ProcError>;

    /// Waits until the program has ended and forgets it.
    #[deferred]
    fn wait(&mut self, pid: u32) -> Result<ExitStatus, ProcError>;

    /// Waits for something to happen to programs that the caller started; `None` when it was
    /// not to wait and nothing has. Servers can wait for every program by its id.
    #[deferred]
    fn wait_for(&mut self, target: Target, what: WaitFor) -> Result<Option<Waited>, ProcError>;

    /// Sends a signal. A server may signal every program; a program may signal its own job: the
    /// program that a server started, and all that descend from it. Number 0 sends nothing: it
    /// tells whether there is such a program.
    fn kill(&mut self, pid: u32, signal: u8) -> Result<(), ProcError>;

    /// Sends a signal to all of a group that the caller may signal; 0 is the caller's group.
    fn kill_group(&mut self, group: u32, signal: u8) -> Result<(), ProcError>;

    /// Sends a signal that carries a value. As for [`Proc::kill`], the job limits a program.
    fn sigqueue(&mut self, pid: u32, signal: u8, value: u64) -> Result<(), ProcError>;

    /// Sends a signal to the group in the foreground of the caller's session; false when there is none.
    fn signal_foreground(&mut self, signal: u8) -> Result<bool, ProcError>;

    /// Makes a group of the caller's session (a server's is that of the console), or the group of a
    /// program in it, the one in the foreground; 0: none is. For servers, leaders of sessions, and
    /// programs in the foreground.
    #[idempotent]
    fn set_foreground(&mut self, group: u32) -> Result<(), ProcError>;

    /// The group in the foreground of the caller's session; 0: none is.
    #[idempotent]
    fn foreground(&mut self) -> Result<u32, ProcError>;

    /// Whether the caller may read the terminal now. If not, its group was sent SIGTTIN: it
    /// is to ask again when it goes on.
    fn may_read(&mut self) -> Result<bool, ProcError>;

    /// Sets what the calling program does about a signal, and tells what it did.
    fn sigaction(&mut self, signal: u8, action: Action) -> Result<Action, ProcError>;

    /// Tells what it does.
    #[idempotent]
    fn action(&mut self, signal: u8) -> Result<Action, ProcError>;

    /// Changes which signals wait until they are unblocked: which did.
    fn sigprocmask(&mut self, change: MaskChange) -> Result<SignalSet, ProcError>;

    /// Which signals wait.
    #[idempotent]
    fn sigpending(&mut self) -> Result<SignalSet, ProcError>;

    /// For the handlers of the calling program: the mask to go back to after the last ones,
    /// and what comes next, on which stack.
    fn next_signal(
        &mut self,
        done: Option<SignalSet>,
        on_stack: bool,
    ) -> Result<Option<Delivery>, ProcError>;

    /// Waits with this mask until a handler is to run, which goes back to the mask before.
    #[deferred]
    fn sigsuspend(&mut self, mask: SignalSet) -> Result<(), ProcError>;

    /// Waits for one of these signals, which should be blocked, and takes it.
    #[deferred]
    fn sigwait(&mut self, set: SignalSet) -> Result<Info, ProcError>;

    /// Sends SIGALRM to the caller after `after_ns` nanoseconds, then every `interval_ns`
    /// unless that is 0; `after_ns` 0 cancels it. Returns the time that the alarm before had
    /// left, in nanoseconds.
    fn alarm(&mut self, after_ns: u64, interval_ns: u64) -> Result<u64, ProcError>;

    /// Puts the caller (pid 0) or a program that it started into a group; 0: one of its own.
    fn setpgid(&mut self, pid: u32, group: u32) -> Result<(), ProcError>;

    /// Makes the caller the leader of a session and group of its own: its number.
    fn setsid(&mut self) -> Result<u32, ProcError>;

    /// Where a program stands; 0 is the caller.
    #[idempotent]
    fn ids(&mut self, pid: u32) -> Result<Ids, ProcError>;

    /// All programs that were started and not waited for.
    #[idempotent]
    fn list(&mut self) -> Result<Vec<ProgramInfo>, ProcError>;

    /// The programs that can be started.
    #[idempotent]
    fn programs(&mut self) -> Result<Vec<String>, ProcError>;
}

/// A program that is about to start. Dropped before [`Launch::start`], it never was.
#[service::interface(version = 1, session, max_message = 16384)]
pub trait Launch {
    /// Its image: the first `bytes` of this memory are an ELF file, such as one that the caller
    /// has read from a volume. It is copied; the memory is not needed afterwards. The program gets
    /// the quota and the rights of the manifest's program with `any`.
    fn image(
        &mut self,
        #[handle(copy, READ)] memory: sys::Memory,
        bytes: u64,
    ) -> Result<(), ProcError>;

    /// Gives it a handle with this name, such as `stdout`: at most [`LAUNCH_HANDLES`]. One that a
    /// server gives a `terminal` leads a session of its own on it; a program that has one passes it
    /// on to those that it starts.
    fn give(&mut self, name: String, #[handle] handle: sys::OwnedHandle) -> Result<(), ProcError>;

    /// A line of its startup block, such as `directory` and `/home`: at most [`LAUNCH_FACTS`].
    fn tell(&mut self, key: String, value: String) -> Result<(), ProcError>;

    /// Starts it, as [`Proc::spawn`] does: its process id. It can be started once.
    fn start(&mut self, arguments: Vec<String>, foreground: bool) -> Result<u32, ProcError>;
}

/// The most handles that a launch gives.
pub const LAUNCH_HANDLES: usize = 9;
/// The most lines that a launch tells.
pub const LAUNCH_FACTS: usize = 32;
/// The most bytes of an image.
pub const IMAGE_BYTES: u64 = 32 << 20;
