//! x86_64 in QEMU or on a PC: carries out what the core decides.
//!
//! All `unsafe` of the kernel is below here. Imports go one way, `boot` > [`entry`] > [`hardware`] >
//! [`irq`] > [`mm`] > [`cpu`]:
//! - [`cpu`]: one CPU's block, tables, registers, frame and local interrupt controller;
//! - [`mm`]: page tables, the kernel's half of every space, TLB shootdown;
//! - [`irq`]: device lines, timer, recorded interrupts;
//! - [`hardware`]: the core's `Machine`, made of these;
//! - [`entry`]: all ways between user mode and the core, and the kernel lock;
//! - [`boot`]: two ways in, one [`boot::Facts`]; starting the other CPUs.
//!
//! Beside them are devices that any of them may use ([`ports`], [`registers`], [`serial`],
//! [`debug`], [`time`]), the log, the checks, the panic path, and [`probe`], which is for tests.

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
pub(crate) mod registers;
pub(crate) mod serial;
pub(crate) mod time;

/// An index from an address or a count of bytes: lossless, `usize` has 64 bits here.
#[expect(clippy::cast_possible_truncation, reason = "usize has 64 bits on x86_64")]
pub(crate) const fn index(value: u64) -> usize {
    value as usize
}
