//! The hosted machine: the same core in an ordinary process, for tests.
//!
//! Memory is a vector, page tables are maps, time and interrupts are what the test says.
//! What User Mode Linux is to Linux.

mod driver;
mod frame;
mod machine;

pub use driver::{DATA, Driver, Outcome};
pub use frame::HostedFrame;
pub use machine::{Hosted, HostedMemory, HostedTable};
