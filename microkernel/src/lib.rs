//! Postern's portable core: it decides, the arch acts.
//!
//! The core takes a decoded event (system call, fault, interrupt), changes kernel objects
//! and returns a decision ([`ExitAction`]). It never names a register, a vector or a page-table
//! bit, has no unsafe code, and runs unchanged on the host (`hosted`).
//!
//! Reading order:
//! 1. [`machine`]: what it needs of a machine.
//! 2. [`object`]: the nouns. [`arena`]: where they live.
//! 3. [`exit`]: the one entry and the one exit.
//! 4. [`ipc`]: the verbs: call, receive, reply, signal.
//! 5. `syscall`: from the saved frame to those verbs, one line each.
//! 6. `sched`, `time`, `mem`: which thread runs, until when, with which memory. `kernel`, `cpu`: the
//!    state that they share.
//! 7. `lifecycle`: how objects are made, counted and ended.
//! 8. [`checks`]: what is verified on each entry and exit, in tests.
//!
//! Errors: a code goes back to the caller, a fault to its supervisor; nothing a user
//! program does makes the core panic. Order: everything here runs with interrupts off,
//! under the one kernel lock.
#![cfg_attr(not(any(test, feature = "hosted")), no_std)]
#![forbid(unsafe_code)]

pub mod arena;
pub mod checks;
mod cpu;
pub mod exit;
mod fault;
mod frames;
mod holds;
#[cfg(any(test, feature = "hosted"))]
pub mod hosted;
pub mod ipc;
mod kernel;
mod lifecycle;
mod log;
pub mod logic;
pub mod machine;
mod mem;
mod number;
pub mod object;
mod sched;
mod syscall;
#[cfg(test)]
mod tests;
mod time;
pub mod trace;
mod vector;
pub mod work;

pub use exit::{Entry, ExitAction, Switch, WorkItem};

pub use cpu::Context;
pub use holds::LongestHold;
pub use kernel::{Kernel, Sizes};
pub use lifecycle::{BootProcess, Segment};
pub use log::Backlog;
pub use machine::{BootMemory, CpuId, Machine, Phys};
pub use mem::{Readable, UserSlice, Writable};
pub use object::{Fault, ThreadId};
