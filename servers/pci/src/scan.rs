//! Finds all functions: bus 0, and what is behind bridges.
//!
//! **Trust.** Firmware numbers the busses, and a bridge says which is behind it. Each bus is
//! looked at once, and only one with a higher number than its bridge's: there is no circle.

use crate::config::{ConfigSpace, answers, register};
use crate::function::Function;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use pci_api::Slot;

/// The most busses that are looked at; each takes a mapping of 1 MiB.
const MOST_BUSSES: usize = 32;
/// The most functions that are told of.
pub const MOST_FUNCTIONS: usize = 256;
/// The bit of the header type: there is more than function 0.
const MANY_FUNCTIONS: u32 = 1 << 23;

/// Returns all functions, by slot.
pub fn scan(config: &dyn ConfigSpace) -> Vec<Function> {
    let mut found: Vec<Function> = Vec::new();
    let mut busses = Vec::from([0]);
    let mut next = VecDeque::from([0]);
    while let Some(bus) = next.pop_front() {
        for slot in slots_of(config, bus) {
            if found.len() >= MOST_FUNCTIONS {
                break;
            }
            let function = Function::read(config, slot);
            if let Some((behind, _)) = function.bridge
                && behind > bus
                && !busses.contains(&behind)
                && busses.len() < MOST_BUSSES
            {
                busses.push(behind);
                next.push_back(behind);
            }
            found.push(function);
        }
    }
    found.sort_by_key(|function| function.slot);
    found
}

/// The slots of a bus where a function answers.
fn slots_of(config: &dyn ConfigSpace, bus: u8) -> Vec<Slot> {
    let mut slots = Vec::new();
    for device in 0..32 {
        let first = Slot::new(bus, device, 0);
        if !answers(config, first) {
            continue;
        }
        slots.push(first);
        if config.read(first, register::HEADER) & MANY_FUNCTIONS != 0 {
            let others = (1..8).map(|function| Slot::new(bus, device, function));
            slots.extend(others.filter(|slot| answers(config, *slot)));
        }
    }
    slots
}
