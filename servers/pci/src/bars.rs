//! BARs: where the registers of a function are, and how many bytes they have.
//!
//! **Trust.** Firmware sets addresses, the device answers with sizes. A BAR that makes no sense
//! is not given to a driver.

use crate::config::{ConfigSpace, change_command, command, read_command, register};
use alloc::vec::Vec;
use pci_api::{BarKind, BarSummary, Slot};

/// The BARs of an ordinary function.
const BARS: u8 = 6;
/// Source: Intel SDM 3A, 4.1.4: physical addresses have at most 52 bits.
const ADDRESSES: u64 = 1 << 52;

/// A BAR that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Read {
    /// It can be used.
    Good(BarSummary),
    /// It makes no sense: its number, and why.
    Wild(u8, &'static str),
}

/// Reads all BARs. Meanwhile the function decodes nothing; its command register is as before
/// afterwards.
pub fn read(config: &dyn ConfigSpace, slot: Slot) -> Vec<Read> {
    let before = read_command(config, slot);
    change_command(config, slot, command::IO | command::MEMORY | command::BUS_MASTER, 0);
    let mut all = Vec::new();
    let mut number = 0;
    while number < BARS {
        let (found, takes) = one(config, slot, number);
        all.extend(found);
        number += takes;
    }
    config.write(slot, register::COMMAND, before);
    all
}

/// Reads one BAR: what it is, and the number of registers that it takes.
fn one(config: &dyn ConfigSpace, slot: Slot, number: u8) -> (Option<Read>, u8) {
    let at = register::BARS + 4 * u16::from(number);
    let (low, low_mask) = probe(config, slot, at);
    if low_mask == 0 {
        return (None, 1);
    }
    if low & 1 != 0 {
        let bar = BarSummary {
            number,
            kind: BarKind::Io,
            address: u64::from(low & !3),
            bytes: u64::from((low_mask & 0xffff & !3).wrapping_neg() & 0xffff),
        };
        return (Some(Read::Good(bar)), 1);
    }
    match low >> 1 & 3 {
        0 => {
            let mask = u64::from(low_mask & !0xf) | !u64::from(u32::MAX);
            (Some(memory(number, BarKind::Memory32, u64::from(low & !0xf), mask)), 1)
        }
        2 if number + 1 < BARS => {
            let (high, high_mask) = probe(config, slot, at + 4);
            let join = |high: u32, low: u32| u64::from(high) << 32 | u64::from(low & !0xf);
            let (address, mask) = (join(high, low), join(high_mask, low_mask));
            (Some(memory(number, BarKind::Memory64, address, mask)), 2)
        }
        2 => (Some(Read::Wild(number, "its upper half is missing")), 1),
        _ => (Some(Read::Wild(number, "it is of no known kind")), 1),
    }
}

/// Reads a BAR's register, and the bits of it that can be set.
fn probe(config: &dyn ConfigSpace, slot: Slot, at: u16) -> (u32, u32) {
    let value = config.read(slot, at);
    config.write(slot, at, u32::MAX);
    let mask = config.read(slot, at);
    config.write(slot, at, value);
    (value, mask)
}

/// A memory BAR from its address and the bits of it that can be set.
fn memory(number: u8, kind: BarKind, address: u64, mask: u64) -> Read {
    let bytes = mask.wrapping_neg();
    if !bytes.is_power_of_two() {
        return Read::Wild(number, "its size is no power of two");
    }
    if address == 0 {
        return Read::Wild(number, "firmware gave it no address");
    }
    if !address.is_multiple_of(bytes) {
        return Read::Wild(number, "its address is no multiple of its size");
    }
    match address.checked_add(bytes) {
        Some(end) if end <= ADDRESSES => Read::Good(BarSummary { number, kind, address, bytes }),
        _ => Read::Wild(number, "it is larger than the address space"),
    }
}
