//! What `proc` decides, without the kernel: signals, what a fault becomes, which programs
//! there are, in which groups, and their waiters.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

mod alarms;
mod faults;
mod signals;
mod table;

pub use alarms::Alarm;
pub use faults::{FaultAction, FaultMemory, signal_of};
pub use signals::{BATCH, Effect, Pending, QUEUE_MAX, QueueFull, Signals};
pub use table::{Amounts, Entry, Found, Full, Gone, MAX_PROGRAMS, Place, Table, Waiter};
