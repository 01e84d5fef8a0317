//! The hosted machine: the same core in an ordinary process, for tests.
//!
//! Memory is a vector, page tables are maps, time and interrupts are what the test says.
//! What User Mode Linux is to Linux.

mod driver;
mod frame;
mod machine;
mod vector;

pub use driver::{DATA, Driver, Outcome};
pub use frame::HostedFrame;
pub use machine::{Hosted, HostedMemory, HostedTable};
pub use vector::{VECTOR_BYTES, VECTOR_CLEAN, VectorUnit};
