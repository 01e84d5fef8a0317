//! What the kernel and user programs agree on: numbers, layouts, errors.
//!
//! The one place for every constant that crosses the boundary. It needs no
//! allocator and no machine, so that the kernel, libsys, the host tools and the
//! tests can all share it.
//!
//! **How a syscall travels.** `SYSCALL` with the number in `rax`.
//!
//! | register | in | out |
//! |---|---|---|
//! | rax | number ([`Syscall`]) | status: 0, or an [`Error`] |
//! | rdi | argument 0 (handle) | value 0 (badge, bits, new handle, …) |
//! | rsi | argument 1 (label) | value 1 (label) |
//! | rdx r10 r8 r9 | arguments 2–5, message words 0–3 | message words 0–3 |
//! | r12 r13 r14 | message words 4–6 | message words 4–6 |
//! | r15 | address of an [`Envelope`], or 0 | reply token |
//! | rcx r11 | – | destroyed |
//!
//! A call that is no message leaves every register but rax, rdi, rsi, rcx and
//! r11 as it was. 32-bit programs make the same calls through a [`CompatCall`].
#![no_std]
#![forbid(unsafe_code)]

mod compat;
mod context;
mod device;
mod error;
mod fault;
mod handle;
mod info;
mod layout;
mod log;
mod message;
mod process;
pub mod reserved;
mod startup;
mod syscall;
mod thread;
mod trace;
mod upcall;

pub use compat::{COMPAT_VECTOR, CompatCall};
pub use context::{BUDGET_LEAST_NS, ContextFlags, PERIOD_MOST_NS};
pub use device::{
    CONTIGUOUS_MAX, Direction, IO_MAPPINGS, IO_SPACES, IoSpaceFlags, MEMORY_CONTIGUOUS,
};
pub use error::Error;
pub use fault::{FAULT_LABEL, FaultKind, FaultReply};
pub use handle::{Handle, OWN_PROCESS, ObjectKind, Rights};
pub use info::{CpuInfo, IRQ_LINES, IrqCounts, SystemInfo, TURN_BUCKETS};
pub use layout::{
    CMDLINE_MAX, HEAP_BASE, IMAGE_BASE, Layout, MAP_BASE, PAGE_SIZE, STACK_TOP, STACKS_BASE,
    STARTUP_ADDRESS, STARTUP_SIZE, USER_END, USER_START,
};
pub use log::{LOG_BURST, LOG_MAGIC, LOG_RATE, LogHeader, LogKind};
pub use message::{
    Envelope, FOREVER, HandleTransfer, INLINE_BYTES, KERNEL_LABELS, MESSAGE_HANDLES, MESSAGE_MAX,
    NOTIFIED_LABEL, RECEIVES_ONLY, ReplyToken, SENDS_BYTES, WORDS,
};
pub use process::{
    EXIT_DEVICE_OWNED, EXIT_NO_DEVICE, EXIT_PANIC, HandleRecord, KILLED, NAME_LEN, PRIORITIES,
    Priority, ProcessInfo, ProcessState, Protection, Quota, exit_code,
};
pub use startup::{Startup, StartupWriter};
pub use syscall::Syscall;
pub use thread::ThreadMode;
pub use trace::{DebugRegisters, TRACE_LABEL, TraceFlags, TraceRecord, TraceReply, TraceStage};
pub use upcall::{SavedFrame, UPCALL_REDZONE};
