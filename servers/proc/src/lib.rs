//! What `proc` decides, without the kernel: dispositions of signals, what a fault
//! becomes, which programs there are and who waits for them.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod dispositions;
mod faults;
mod table;

pub use dispositions::{Action, Dispositions};
pub use faults::{FaultAction, FaultMemory, signal_of};
pub use table::{Entry, Full, Gone, MAX_PROGRAMS, Table, Wait};
