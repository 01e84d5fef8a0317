//! The hosted machine: the same core in an ordinary process, for tests.
//!
//! Memory is a vector, page tables are maps, time and interrupts are what the test says.
//! What User Mode Linux is to Linux.

mod cpu;
mod driver;
mod frame;
mod live;
mod machine;
mod memory;
mod smp;
mod snapshot;
mod vector;

pub use cpu::HostedCpu;
pub use driver::{DATA, Driver, Outcome};
pub use frame::HostedFrame;
pub use live::{Exchanged, Gone, Live, Seat};
pub use machine::{Hosted, HostedTable};
pub use memory::HostedMemory;
pub use smp::{Place, Smp};
pub use vector::{VECTOR_BYTES, VECTOR_CLEAN, VectorUnit};
