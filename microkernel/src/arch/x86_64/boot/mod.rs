//! Two ways in, one [`Facts`]: the direct boot (PVH) and the disk images' boot loader.

mod acpi;
mod facts;
mod handover;
mod loader;
pub(crate) mod options;
pub(crate) mod processors;
pub(crate) mod program;
mod pvh;
mod pvh_info;
mod stacks;
mod trampoline;

pub(crate) use acpi::Platform;
pub(crate) use facts::Facts;
pub(crate) use handover::Boot;
