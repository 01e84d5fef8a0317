//! Debug exceptions and machine checks in kernel mode.

use super::bench::{Bench, Check, Outcome};
use crate::arch::x86_64::cpu::machine_check::{Verdict, verdict};
use crate::arch::x86_64::cpu::{debug_registers, this_cpu};
use crate::arch::x86_64::entry::traps::TRAPS;
use crate::arch::x86_64::mm::layout::STACK_SLOT;
use crate::arch::x86_64::probe;
use abi::DebugRegisters;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

pub(super) const CHECKS: &[Check] = &[
    ("exit-36-watchpoint-in-kernel-data-is-recorded", watch_data),
    ("exit-36-watchpoint-on-kernel-stack-is-recorded", watch_stack),
    ("exit-36-breakpoint-in-kernel-fires-once", breakpoint),
    ("exit-36-hit-of-user-watchpoint-is-kept-for-its-thread", users_hit),
    ("exit-36-hit-of-kernel-watchpoint-is-no-users", kernels_hit),
    ("exit-36-debug-exception-on-its-own-stack", own_stack),
    ("exit-36-machine-check-that-damaged-nothing-is-survived", machine_checks),
];

/// In use, for writing 8 bytes; in use, for execution.
const WRITE: u64 = 1 | 0b1001 << 16;
const EXECUTE: u64 = 1;

static WATCHED: AtomicU64 = AtomicU64::new(0);

/// Does something while one address is watched: the debug exceptions it took.
fn watched(address: u64, control: u64, work: impl FnOnce()) -> u64 {
    let before = TRAPS.here().debugs.load(Relaxed);
    debug_registers::load(&DebugRegisters { address: [address, 0, 0, 0], control });
    work();
    debug_registers::load(&DebugRegisters::default());
    TRAPS.here().debugs.load(Relaxed) - before
}

fn watch_data(bench: &mut Bench<'_>) -> Outcome {
    let address = WATCHED.as_ptr().expose_provenance() as u64;
    let hits = watched(address, WRITE, || {
        WATCHED.store(1, Relaxed);
        WATCHED.store(2, Relaxed);
    });
    bench.equal("debug exceptions", hits, 2)?;
    bench.equal("what was written", WATCHED.load(Relaxed), 2)?;
    WATCHED.store(3, Relaxed);
    bench.equal("still watched", this_cpu().debug_causes.load(Relaxed), 0)
}

fn watch_stack(bench: &mut Bench<'_>) -> Outcome {
    let place = AtomicU64::new(0);
    let address = place.as_ptr().expose_provenance() as u64;
    let hits = watched(address, WRITE, || place.store(7, Relaxed));
    bench.equal("debug exceptions", hits, 1)?;
    bench.equal("what was written", place.load(Relaxed), 7)
}

/// Counts its calls.
#[inline(never)]
extern "C" fn called() {
    WATCHED.fetch_add(1, Relaxed);
}

fn breakpoint(bench: &mut Bench<'_>) -> Outcome {
    WATCHED.store(0, Relaxed);
    let function: extern "C" fn() = core::hint::black_box(called);
    let hits = watched(function as *const () as u64, EXECUTE, || {
        function();
        function();
    });
    bench.equal("debug exceptions", hits, 2)?;
    bench.equal("calls", WATCHED.load(Relaxed), 2)
}

/// A debug exception for which the registers say that this address was hit.
fn hit(address: u64) -> u64 {
    let hits = watched(address, WRITE, || {
        debug_registers::set_causes(1);
        probe::debug_exception();
    });
    hits << 32 | this_cpu().debug_causes.swap(0, Relaxed)
}

fn users_hit(bench: &mut Bench<'_>) -> Outcome {
    bench.equal("exceptions and causes", hit(abi::USER_END - 8), 1 << 32 | 1)
}

fn kernels_hit(bench: &mut Bench<'_>) -> Outcome {
    bench.equal("exceptions and causes", hit(abi::USER_END), 1 << 32)
}

fn own_stack(bench: &mut Bench<'_>) -> Outcome {
    probe::debug_exception();
    let [.., debug] = bench.boot.stacks.interrupt;
    bench.equal("slot", TRAPS.here().debug_stack.load(Relaxed) / STACK_SLOT, debug / STACK_SLOT)
}

fn machine_checks(bench: &mut Bench<'_>) -> Outcome {
    const VALID: u64 = 1 << 63;
    const DAMAGED: u64 = 1 << 57;
    for (status, reports, wanted) in [
        (1, 0, Verdict::GoOn),
        (1, VALID, Verdict::GoOn),
        (1, VALID | DAMAGED, Verdict::Fatal),
        (0, VALID, Verdict::Fatal),
    ] {
        bench.hold("another verdict", verdict(status, reports) == wanted)?;
    }
    Ok(())
}
