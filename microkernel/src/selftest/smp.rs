//! The other CPUs: each is there, is itself, and does what it is told.
//!
//! With one CPU there is nothing to check. The others are parked meanwhile, and run what a check
//! sends to them.

use super::bench::{Bench, Check, Outcome};
use crate::arch::x86_64::boot::processors;
use crate::arch::x86_64::cpu::lapic;
use crate::arch::x86_64::cpu::tables::{self, InterruptStack};
use crate::arch::x86_64::cpu::{self, CpuBlock, block, this_cpu};
use crate::arch::x86_64::irq::pending::INTERRUPTS;
use crate::arch::x86_64::mm::layout::STACK_SLOT;
use crate::arch::x86_64::time;
use core::sync::atomic::Ordering::Relaxed;
use core_kernel::CpuId;
use x86_64::instructions::tables::sgdt;
use x86_64::registers::control::{Cr0, Cr3, Cr4, Efer};
use x86_64::registers::model_specific::{GsBase, LStar};

pub(super) const CHECKS: &[Check] = &[
    ("smp_cpus_numbered", numbered),
    ("smp_ipi_answered", ipi_answered),
    ("smp_gs_leads_to_own_block", own_block),
    ("smp_stacks_own", own_stack),
    ("smp_descriptors_own", own_descriptors),
    ("smp_interrupt_stacks_own", own_interrupt_stacks),
    ("smp_registers_as_on_the_boot_cpu", same_registers),
    ("smp_kernel_tables_everywhere", same_tables),
    ("smp_clocks_agree", clocks_agree),
    ("smp_halted_takes_no_interrupts", halted_is_quiet),
    ("smp_missing_cpu_left_out", missing_left_out),
];

/// The most that clocks may differ, in time stamps: far less than a system call takes.
const CLOCK_ERROR: u64 = 1000;
const MS: u64 = 1_000_000;

fn others() -> impl Iterator<Item = &'static CpuBlock> {
    cpu::others(this_cpu())
}

/// What the CPU answers to a question.
fn ask(
    bench: &mut Bench<'_>,
    cpu: &CpuBlock,
    question: fn(),
) -> Result<u64, super::bench::Failure> {
    processors::answer(cpu).store(0, Relaxed);
    processors::send(cpu, question);
    bench.hold("no answer", processors::comes_back(cpu))?;
    Ok(processors::answer(cpu).load(Relaxed))
}

fn answer(value: u64) {
    processors::answer(this_cpu()).store(value, Relaxed);
}

fn numbered(bench: &mut Bench<'_>) -> Outcome {
    let mut controllers = 0_u64;
    for (cpu, number) in cpu::running().zip(0..) {
        bench.equal("number", u64::from(cpu.id().0), number)?;
        let known = bench.boot.platform.cpus.contains(&cpu.controller());
        bench.hold("ACPI does not know it", known)?;
        bench.equal("seen twice", controllers >> (cpu.controller() % 64) & 1, 0)?;
        controllers |= 1 << (cpu.controller() % 64);
    }
    bench.hold("no CPU runs", controllers != 0)
}

fn ipi_answered(bench: &mut Bench<'_>) -> Outcome {
    let me = lapic::id();
    bench.equal("this CPU", u64::from(this_cpu().controller()), u64::from(me))?;
    for cpu in others() {
        let before = INTERRUPTS.of(cpu).taken.load(Relaxed);
        let found = ask(bench, cpu, || answer(u64::from(lapic::id())))?;
        bench.equal("controller", found, u64::from(cpu.controller()))?;
        bench.equal("interrupts", INTERRUPTS.of(cpu).taken.load(Relaxed), before + 1)?;
    }
    Ok(())
}

fn own_block(bench: &mut Bench<'_>) -> Outcome {
    bench.equal("this CPU", GsBase::read().as_u64(), block(CpuId(0)).address())?;
    for cpu in others() {
        let found = ask(bench, cpu, || answer(GsBase::read().as_u64()))?;
        bench.equal("gs base", found, cpu.address())?;
    }
    Ok(())
}

fn own_stack(bench: &mut Bench<'_>) -> Outcome {
    bench.hold("this CPU", this_cpu().kernel_stack.load(Relaxed) == bench.boot.stacks.kernel)?;
    for cpu in others() {
        let found = ask(bench, cpu, || {
            let here = 0_u8;
            answer((&raw const here).expose_provenance() as u64);
        })?;
        let slot = cpu.kernel_stack.load(Relaxed) / STACK_SLOT;
        bench.equal("slot of the stack", found / STACK_SLOT, slot)?;
        bench.hold("this CPU's", slot != bench.boot.stacks.kernel / STACK_SLOT)?;
    }
    Ok(())
}

/// Each has its own segments: else two had one task state segment, and one entry stack.
fn own_descriptors(bench: &mut Bench<'_>) -> Outcome {
    let mut last = sgdt().base.as_u64();
    bench.hold("this CPU has none", last != 0)?;
    for cpu in others() {
        let found = ask(bench, cpu, || answer(sgdt().base.as_u64()))?;
        bench.hold("two CPUs share one table", found > last)?;
        last = found;
    }
    Ok(())
}

fn own_interrupt_stacks(bench: &mut Bench<'_>) -> Outcome {
    let slot = |cpu: &CpuBlock, stack| tables::interrupt_stack(cpu, stack) / STACK_SLOT;
    for cpu in cpu::running() {
        for stack in InterruptStack::ALL {
            let mine = slot(cpu, stack);
            bench.hold("no stack", mine != 0)?;
            let shared = cpu::others(cpu)
                .any(|other| InterruptStack::ALL.iter().any(|theirs| slot(other, *theirs) == mine));
            bench.hold("two CPUs share a stack", !shared)?;
        }
    }
    Ok(())
}

/// Control registers and the system-call entry.
fn same_registers(bench: &mut Bench<'_>) -> Outcome {
    let questions: [fn(); 4] = [
        || answer(Cr0::read_raw()),
        || answer(Cr4::read_raw()),
        || answer(Efer::read_raw()),
        || answer(LStar::read().as_u64()),
    ];
    for question in questions {
        question();
        let wanted = processors::answer(this_cpu()).load(Relaxed);
        bench.hold("this CPU", wanted != 0)?;
        for cpu in others() {
            let found = ask(bench, cpu, question)?;
            bench.equal("register", found, wanted)?;
        }
    }
    Ok(())
}

fn same_tables(bench: &mut Bench<'_>) -> Outcome {
    let wanted = bench.machine.kernel_root().frame().address();
    bench.equal("this CPU", Cr3::read().0.start_address().as_u64(), wanted)?;
    for cpu in others() {
        let found = ask(bench, cpu, || answer(Cr3::read().0.start_address().as_u64()))?;
        bench.equal("root", found, wanted)?;
    }
    Ok(())
}

fn clocks_agree(bench: &mut Bench<'_>) -> Outcome {
    bench.hold("this CPU's clock stands still", time::stamp() < time::stamp())?;
    for cpu in others() {
        for _ in 0..10 {
            let error = processors::clock_error(cpu);
            bench.hold("clocks differ", error.is_some_and(|error| error < CLOCK_ERROR))?;
        }
    }
    Ok(())
}

/// No timer, no line, nothing: a parked CPU sleeps.
fn halted_is_quiet(bench: &mut Bench<'_>) -> Outcome {
    let sum = || others().map(|cpu| INTERRUPTS.of(cpu).taken.load(Relaxed)).sum();
    let before: u64 = sum();
    let end = time::now_ns() + 20 * MS;
    while time::now_ns() < end {
        core::hint::spin_loop();
    }
    bench.equal("interrupts", sum(), before)
}

/// A number that ACPI does not know never answers; the CPUs that run go on.
fn missing_left_out(bench: &mut Bench<'_>) -> Outcome {
    let before = cpu::running().count() as u64;
    let missing = (0..255).find(|number| !bench.boot.platform.cpus.contains(number));
    if let Some(missing) = missing.filter(|_| cpu::block::CPUS as u64 > before) {
        processors::start(bench.boot, &[missing], MS);
    }
    bench.equal("CPUs", cpu::running().count() as u64, before)?;
    ipi_answered(bench)
}
