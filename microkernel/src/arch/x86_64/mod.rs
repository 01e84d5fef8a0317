//! x86_64 in QEMU or on a PC: carries out what the core decides.
//!
//! All `unsafe` of the kernel is below here. Reading order: [`boot`] (two ways in, one
//! [`boot::Facts`]), [`mm`] (the kernel's half of every space), [`cpu`] (tables, per-CPU
//! block), [`irq`] (controllers, timer, recorded interrupts), [`entry`] (all ways between
//! user mode and the core), [`hardware`] (the core's `Machine`).

pub(crate) mod boot;
pub(crate) mod checks;
pub(crate) mod cpu;
pub(crate) mod debug;
pub(crate) mod entry;
pub(crate) mod hardware;
pub(crate) mod irq;
pub(crate) mod log;
pub(crate) mod mm;
pub(crate) mod panic;
pub(crate) mod ports;
pub(crate) mod probe;
pub(crate) mod serial;
pub(crate) mod time;

/// An index from an address or a count of bytes: lossless, `usize` has 64 bits here.
#[expect(clippy::cast_possible_truncation, reason = "usize has 64 bits on x86_64")]
pub(crate) const fn index(value: u64) -> usize {
    value as usize
}
