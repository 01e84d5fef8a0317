//! System calls made safe: owned handles that close on drop, typed errors.
//!
//! Beside `dma` the only crate of user space with `unsafe` code: what the stubs, the heap, shared
//! memory, upcalls and the first instruction of a program need is all here, so that
//! every other crate can forbid it.
//!
//! ```
//! // On the host the same calls reach the same kernel inside the process (see `host`).
//! let bell = sys::Notification::create()?;
//! bell.signal(0b101)?;
//! assert_eq!(bell.wait(sys::FOREVER)?, 0b101);
//! assert_eq!(bell.poll(), Err(sys::Error::WouldBlock));
//! # Ok::<(), sys::Error>(())
//! ```
//!
//! **Shape.** [`raw`](self) stubs, one function per register convention; on them one file
//! per kernel object, named like the object. A handle type owns its handle: dropping it
//! closes it, [`OwnedHandle`] is the untyped form that travels in messages.
//!
//! **Units.** Times are nanoseconds since boot, deadlines absolute ([`FOREVER`] never
//! comes), memory sizes are pages of [`PAGE_SIZE`] bytes where the name says so.
//!
//! **Errors.** The kernel's own ([`Error`]); nothing here panics.
#![cfg_attr(target_os = "none", no_std)]

extern crate alloc;

mod buffer;
mod device;
mod endpoint;
mod failure;
mod handle;
mod io_space;
mod lifeline;
mod loan;
#[cfg(target_os = "none")]
mod lock;
mod mapping;
mod memory;
mod message;
mod notification;
mod pages;
mod process;
mod random;
mod raw;
mod registers;
mod sched_context;
mod shared;
mod space;
pub mod start;
mod system;
mod thread;
mod timer;
pub mod trace;
pub mod upcall;

#[cfg(all(feature = "hazard", target_os = "none"))]
#[cfg_attr(target_arch = "x86", path = "hazard/x86.rs")]
pub mod hazard;

#[cfg(not(target_os = "none"))]
pub mod host;

#[cfg(target_os = "none")]
pub mod heap;
#[cfg(target_os = "none")]
pub mod log;

pub use abi::{
    BUDGET_LEAST_NS, CONTIGUOUS_MAX, ContextFlags, Direction, Error, FOREVER, FaultKind,
    FaultReply, Handle, HandleRecord, HandleTransfer, IO_MAPPINGS, IoSpaceFlags, ObjectKind,
    PAGE_SIZE, PERIOD_MOST_NS, Priority, ProcessInfo, ProcessState, Protection, Quota, ReplyToken,
    Rights, Startup, SystemInfo, ThreadMode, WORDS,
};
pub use buffer::Buffer;
pub use device::{Irq, IrqInfo, IrqMessage, Ports, Resource};
pub use endpoint::{Endpoint, ReplyRight, watch_calls};
pub use failure::Failure;
pub use handle::{BorrowedHandle, Handles, Object, OwnedHandle};
pub use io_space::{DeviceAddress, IoSpace};
pub use lifeline::{Lifeline, LifelineWatch};
pub use loan::Loan;
pub use mapping::Mapping;
pub use memory::{Memory, MemoryInfo};
pub use message::{Answer, Incoming, Message, Received, ReceivedWords, Transfers};
pub use notification::Notification;
pub use pages::{Constant, Pages};
pub use process::Process;
pub use random::hardware_random;
pub use raw::Words;
pub use registers::{RegisterFile, Registers};
pub use sched_context::{SchedContext, Terms, Usage};
pub use shared::Shared;
pub use system::{
    clock, exit, log_write, raise_fault, sleep_for, sleep_until, system_info, yield_now,
};
pub use thread::{Thread, set_own_passive, set_own_priority, spawn_thread};
#[cfg(all(target_os = "none", target_arch = "x86_64"))]
pub use thread::{own_word, set_own_word};
pub use timer::Timer;
