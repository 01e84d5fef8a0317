//! Exceptions and interrupts that kernel code lives through.

use super::bench::{Bench, Check, Outcome};
use crate::arch::x86_64::cpu::this_cpu;
use crate::arch::x86_64::cpu::{lapic, vectors};
use crate::arch::x86_64::entry::traps::TRAPS;
use crate::arch::x86_64::irq;
use crate::arch::x86_64::irq::pending::INTERRUPTS;
use crate::arch::x86_64::mm::layout::STACK_SLOT;
use crate::arch::x86_64::probe;
use core::sync::atomic::Ordering::Relaxed;
use core_kernel::machine::{Interrupt, Machine};

pub(super) const CHECKS: &[Check] = &[
    ("exit-35-nmi-on-its-own-stack", nmi),
    ("exit-31-32-interrupt-in-kernel-is-only-recorded", only_recorded),
    ("exit-33-back-to-a-kernel-without-interrupts", without_interrupts),
    ("exit-34-interrupt-is-over-when-it-is-recorded", over_when_recorded),
    ("trap-spurious-interrupt-harmless", spurious),
    ("trap-unused-vectors-harmless", unused),
    ("trap-fault-kinds", kinds),
    ("trap-page-fault-codes", page_codes),
];

const PATIENCE: u32 = 1_000_000;

fn nmi(bench: &mut Bench<'_>) -> Outcome {
    let cpu = this_cpu();
    let before = TRAPS.of(cpu).nmis.load(Relaxed);
    lapic::send_nmi(lapic::id());
    let mut turns = 0;
    while TRAPS.of(cpu).nmis.load(Relaxed) == before && turns < PATIENCE {
        turns += 1;
        core::hint::spin_loop();
    }
    bench.equal("non-maskable interrupts", TRAPS.of(cpu).nmis.load(Relaxed) - before, 1)?;
    let [stack, ..] = bench.boot.stacks.interrupt;
    bench.equal(
        "stack slot",
        TRAPS.of(cpu).nmi_stack.load(Relaxed) / STACK_SLOT,
        stack / STACK_SLOT,
    )
}

/// One interrupt, of the kind that another CPU sends, in the one instruction's window.
fn ipi_recorded(bench: &mut Bench<'_>) -> Outcome {
    lapic::send_ipi(lapic::id());
    let mut turns = 0;
    while !bench.machine.interrupt_pending() && turns < PATIENCE {
        irq::window();
        turns += 1;
    }
    bench.hold("it did not come", bench.machine.interrupt_pending())
}

fn only_recorded(bench: &mut Bench<'_>) -> Outcome {
    let cpu = this_cpu();
    let (frame, stack) = (cpu.frame_end.load(Relaxed), cpu.kernel_stack.load(Relaxed));
    let before = INTERRUPTS.of(cpu).taken.load(Relaxed);
    ipi_recorded(bench)?;
    bench.equal("interrupts", INTERRUPTS.of(cpu).taken.load(Relaxed) - before, 1)?;
    bench.equal("frame of the thread", cpu.frame_end.load(Relaxed), frame)?;
    bench.equal("kernel stack", cpu.kernel_stack.load(Relaxed), stack)?;
    let taken = [bench.machine.take_interrupt(), bench.machine.take_interrupt()];
    bench.hold("another one, or more", taken == [Some(Interrupt::Ipi), None])
}

/// An interrupt waits, something that cannot wait comes and goes: interrupts are still off,
/// and the interrupt still waits.
fn without_interrupts(bench: &mut Bench<'_>) -> Outcome {
    let cpu = this_cpu();
    let before = INTERRUPTS.of(cpu).taken.load(Relaxed);
    lapic::send_ipi(lapic::id());
    nmi(bench)?;
    probe::debug_exception();
    let fault = probe::read(0);
    bench.hold("a fault", fault.is_some())?;
    let on = x86_64::instructions::interrupts::are_enabled();
    bench.equal("interrupts on", u64::from(on), 0)?;
    bench.equal("interrupts taken", INTERRUPTS.of(cpu).taken.load(Relaxed) - before, 0)?;
    ipi_recorded(bench)?;
    bench.machine.take_interrupt();
    Ok(())
}

fn over_when_recorded(bench: &mut Bench<'_>) -> Outcome {
    ipi_recorded(bench)?;
    let in_service = (0..=u8::MAX).filter(|vector| lapic::in_service(*vector)).count();
    bench.equal("interrupts in service", in_service as u64, 0)?;
    bench.machine.take_interrupt();
    Ok(())
}

fn spurious(bench: &mut Bench<'_>) -> Outcome {
    recorded_as_stray(bench, vectors::SPURIOUS)
}

fn unused(bench: &mut Bench<'_>) -> Outcome {
    for vector in [vectors::FIRST_INTERRUPT, vectors::FIRST_INTERRUPT + 15, 0x80, 0xf3] {
        recorded_as_stray(bench, vector)?;
    }
    Ok(())
}

fn recorded_as_stray(bench: &mut Bench<'_>, vector: u8) -> Outcome {
    let cpu = this_cpu();
    let before = INTERRUPTS.of(cpu).strays.load(Relaxed);
    irq::record(u64::from(vector), cpu);
    bench.equal("strays", INTERRUPTS.of(cpu).strays.load(Relaxed) - before, 1)?;
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
