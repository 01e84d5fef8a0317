//! Exceptions and interrupts that kernel code lives through.

use super::{Bench, Check, Outcome};
use crate::arch::x86_64::cpu::this_cpu;
use crate::arch::x86_64::entry::vectors;
use crate::arch::x86_64::irq::{self, lapic};
use crate::arch::x86_64::mm::layout::STACK_SLOT;
use core::sync::atomic::Ordering::Relaxed;
use core_kernel::machine::Machine;

pub(super) const CHECKS: &[Check] = &[
    ("exit-35-nmi-on-its-own-stack", nmi),
    ("trap-spurious-interrupt-harmless", spurious),
    ("trap-unused-vectors-harmless", unused),
    ("trap-fault-kinds", kinds),
    ("trap-page-fault-codes", page_codes),
];

const PATIENCE: u32 = 1_000_000;

fn nmi(bench: &mut Bench<'_>) -> Outcome {
    let cpu = this_cpu();
    let before = cpu.nmis.load(Relaxed);
    lapic::send_nmi(lapic::id());
    let mut turns = 0;
    while cpu.nmis.load(Relaxed) == before && turns < PATIENCE {
        turns += 1;
        core::hint::spin_loop();
    }
    bench.equal("non-maskable interrupts", cpu.nmis.load(Relaxed) - before, 1)?;
    let [stack, ..] = bench.boot.stacks.interrupt;
    bench.equal("stack slot", cpu.nmi_stack.load(Relaxed) / STACK_SLOT, stack / STACK_SLOT)
}

fn spurious(bench: &mut Bench<'_>) -> Outcome {
    recorded_as_stray(bench, vectors::SPURIOUS)
}

fn unused(bench: &mut Bench<'_>) -> Outcome {
    for vector in [vectors::FIRST_INTERRUPT, vectors::FIRST_INTERRUPT + 15, 0x80, 0xef] {
        recorded_as_stray(bench, vector)?;
    }
    Ok(())
}

fn recorded_as_stray(bench: &mut Bench<'_>, vector: u8) -> Outcome {
    let cpu = this_cpu();
    let before = cpu.strays.load(Relaxed);
    irq::record(u64::from(vector), cpu);
    bench.equal("strays", cpu.strays.load(Relaxed) - before, 1)?;
    bench.hold("it was taken for a real one", !bench.machine.interrupt_pending())
}

fn kinds(bench: &mut Bench<'_>) -> Outcome {
    use abi::FaultKind::{Alignment, Arithmetic, Debug, IllegalInstruction, Page, Protection};
    let wanted = [
        (0, Arithmetic),
        (1, Debug),
        (3, Debug),
        (6, IllegalInstruction),
        (7, IllegalInstruction),
        (12, Protection),
        (13, Protection),
        (14, Page),
        (17, Alignment),
    ];
    for (vector, kind) in wanted {
        let found = vectors::fault(vector, 0, 0).kind;
        bench.equal("kind", found as u64, kind as u64)?;
    }
    Ok(())
}

fn page_codes(bench: &mut Bench<'_>) -> Outcome {
    let page = u64::from(vectors::PAGE_FAULT);
    for (error, code) in [(0b100, 0), (0b110, 1), (0b10100, 2), (0b111, 1)] {
        let fault = vectors::fault(page, error, 0x1234);
        bench.equal("code", fault.code, code)?;
        bench.equal("address", fault.address, 0x1234)?;
    }
    Ok(())
}
