//! Calls, one by one.

use crate::outcome::Outcome;
use abi::{CompatCall, Syscall};
use alloc::format;
use alloc::string::String;
use sys::hazard::{self, DATA_SELECTOR, PATTERN, Probe, Way};
use sys::{Error, Notification};

/// Bits of the flags register.
const CARRY: u32 = 1;
const TRAP: u32 = 1 << 8;
const DIRECTION: u32 = 1 << 10;
const NESTED: u32 = 1 << 14;
const ALIGNMENT: u32 = 1 << 18;
const ID: u32 = 1 << 21;

/// The ways that this CPU has.
pub(crate) fn ways() -> impl Iterator<Item = Way> {
    let fast = hazard::way();
    [Way::Gate].into_iter().chain((fast != Way::Gate).then_some(fast))
}

pub(crate) fn ensure(holds: bool, why: impl FnOnce() -> String) -> Outcome {
    if holds { Ok(()) } else { Err(why()) }
}

/// The address of a block, for a call that passes it in a register.
fn address_of(call: &mut CompatCall) -> u32 {
    u32::try_from(core::ptr::from_mut(call).addr()).unwrap_or(0)
}

pub(crate) fn every_way() -> Outcome {
    for way in ways() {
        let (mut first, mut second) = (CompatCall::default(), CompatCall::default());
        let status = hazard::call(way, Syscall::Clock as u32, &mut first);
        ensure(status == 0, || format!("{way:?}: status {status}"))?;
        hazard::call(Way::Gate, Syscall::Clock as u32, &mut second);
        let [now, later] = [first.values[0], second.values[0]];
        ensure(0 < now && now <= later, || format!("{way:?}: {now}, then {later}"))?;
    }
    Ok(())
}

pub(crate) fn wide_values() -> Outcome {
    let bell = Notification::create().map_err(|error| format!("{error}"))?;
    let handle = u64::from(bell.handle().0);
    for way in ways() {
        let bits = 0x8000_0001_0000_0002;
        let mut call = CompatCall { values: [handle, bits], ..CompatCall::default() };
        hazard::call(way, Syscall::Signal as u32, &mut call);
        let mut call = CompatCall { values: [handle, 0], ..CompatCall::default() };
        let status = hazard::call(way, Syscall::Wait as u32, &mut call);
        let found = (status, call.values[0]);
        ensure(found == (0, bits), || format!("{way:?}: {found:x?}"))?;
    }
    Ok(())
}

/// A probe of a harmless call.
fn probe(way: Way, flags: u32, selector: u32) -> Probe {
    let mut call = CompatCall::default();
    let block = address_of(&mut call);
    let number = Syscall::Yield as u32;
    let mut probe = Probe { number, block, flags, selector, ..Probe::default() };
    hazard::probe(way, &mut probe);
    probe
}

pub(crate) fn registers_are_kept() -> Outcome {
    for way in ways() {
        let found = probe(way, 0, DATA_SELECTOR);
        ensure(found.eax == 0 && found.ebx == found.block, || format!("{way:?}: {found:x?}"))?;
        let kept = [found.esi, found.edi, found.ebp];
        ensure(kept == [PATTERN; 3], || format!("{way:?}: {found:x?}"))?;
        // SYSENTER is told the place in edx, SYSCALL destroys ecx.
        let edx = found.edx == PATTERN || way == Way::Sysenter;
        ensure(edx && (found.ecx == PATTERN || way != Way::Gate), || {
            format!("{way:?}: {found:x?}")
        })?;
    }
    Ok(())
}

pub(crate) fn no_register_leaks() -> Outcome {
    for way in ways() {
        for number in [Syscall::Yield as u32, Syscall::Clock as u32, 0] {
            let wide = hazard::leak(way, number, &mut CompatCall::default());
            let high = wide[..8].iter().any(|register| register >> 32 != 0);
            let more = wide[8..].iter().any(|register| *register != 0);
            ensure(!high && !more, || format!("{way:?}: {wide:x?}"))?;
        }
    }
    Ok(())
}

/// The high halves of rax and rbx were garbage when the call was made.
pub(crate) fn zero_extended() -> Outcome {
    for way in ways() {
        let mut call = CompatCall::default();
        let [status, ..] = hazard::leak(way, Syscall::Clock as u32, &mut call);
        let now = call.values[0];
        ensure(status == 0 && now != 0, || format!("{way:?}: status {status:#x}, {now}"))?;
    }
    Ok(())
}

pub(crate) fn numbers() -> Outcome {
    for way in ways() {
        for number in [0, 127, 128, 1 << 16, 1 << 31, u32::MAX] {
            let status = hazard::call(way, number, &mut CompatCall::default());
            let wanted = Error::NoSuchCall as u32;
            ensure(status == wanted, || format!("{way:?}, {number:#x}: status {status}"))?;
        }
    }
    Ok(())
}

pub(crate) fn bad_blocks() -> Outcome {
    let mut call = CompatCall::default();
    let crooked = address_of(&mut call) + 4;
    for way in ways() {
        for block in [0, 8, crooked, 0x6666_0000, 0xffff_f000, 0xffff_fff8] {
            let number = Syscall::Clock as u32;
            let selector = DATA_SELECTOR;
            let mut probe = Probe { number, block, selector, ..Probe::default() };
            hazard::probe(way, &mut probe);
            let good = probe.eax == Error::BadAddress as u32 && probe.esi == PATTERN;
            ensure(good, || format!("{way:?}: {probe:x?}"))?;
        }
    }
    Ok(())
}

pub(crate) fn flags() -> Outcome {
    for way in ways() {
        for flag in [0, CARRY, DIRECTION, ALIGNMENT, NESTED, ID] {
            let found = probe(way, flag, DATA_SELECTOR);
            ensure(found.eax == 0, || format!("{way:?}, {flag:#x}: status {}", found.eax))?;
            // NT is nothing that user mode may keep.
            let wanted = flag & !NESTED;
            let mask = DIRECTION | ALIGNMENT | TRAP | wanted;
            ensure(found.eflags & mask == wanted, || {
                format!("{way:?}, {flag:#x}: {:#x} afterwards", found.eflags)
            })?;
        }
    }
    Ok(())
}

pub(crate) fn data_segments() -> Outcome {
    for way in ways() {
        let found = probe(way, 0, 0);
        let selectors = [found.ds, found.es];
        ensure(selectors == [DATA_SELECTOR; 2], || format!("{way:?}: {selectors:x?}"))?;
    }
    Ok(())
}

pub(crate) fn wide_call() -> Outcome {
    let (status, now) = hazard::wide_call(Syscall::Clock as u32);
    ensure(status == 0 && now > 0, || format!("status {status}, {now}"))?;
    every_way()
}

pub(crate) fn gate_in_wide_code() -> Outcome {
    let mut call = CompatCall::default();
    let status = hazard::gate_in_wide_code(Syscall::Clock as u32, &mut call);
    ensure(status == 0 && call.values[0] > 0, || format!("status {status}"))
}

/// One call, whether the CPU has the way or not.
pub(crate) fn once(way: Way) -> Outcome {
    let status = hazard::call(way, Syscall::Clock as u32, &mut CompatCall::default());
    ensure(status == 0, || format!("{way:?}: status {status}"))
}

pub(crate) fn step(way: Way) -> Outcome {
    let found = probe(way, TRAP, DATA_SELECTOR);
    Err(format!("went on: {found:x?}"))
}

/// The call takes away the right to write its own block.
pub(crate) fn read_only_block() -> Outcome {
    let mut page = sys::Pages::create(1).map_err(|error| format!("{error}"))?;
    let block = u32::try_from(page.as_mut_ptr().addr()).unwrap_or(0);
    let values = [0, u64::from(block), 1, abi::Protection::Read as u64];
    for (place, value) in page.chunks_exact_mut(8).zip(values) {
        place.copy_from_slice(&value.to_le_bytes());
    }
    let number = Syscall::Protect as u32;
    let mut probe = Probe { number, block, selector: DATA_SELECTOR, ..Probe::default() };
    hazard::probe(hazard::way(), &mut probe);
    Err(format!("went on: {probe:x?}"))
}

pub(crate) fn read(address: u32) -> Outcome {
    Err(format!("{} is there", hazard::read(address)))
}
