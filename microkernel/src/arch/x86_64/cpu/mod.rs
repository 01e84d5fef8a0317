//! One CPU: its block, tables, registers, features and local interrupt controller.
//!
//! Nothing here depends on other folders. [`block`] has what assembly needs; per-CPU state of
//! other folders is a [`local::PerCpu`] there.

pub(crate) mod bases;
pub(crate) mod block;
pub(crate) mod debug_registers;
pub(crate) mod features;
pub(crate) mod frame;
pub(crate) mod idt;
pub(crate) mod lapic;
pub(crate) mod local;
pub(crate) mod machine_check;
pub(crate) mod msr;
pub(crate) mod syscall_registers;
pub(crate) mod tables;
pub(crate) mod vector;
pub(crate) mod vectors;
pub(crate) mod weaknesses;

pub(crate) use block::{CpuBlock, block, others, running, this_cpu};
