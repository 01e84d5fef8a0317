//! Interrupts: arrive here, are recorded, and wait for the exit loop.

pub(crate) mod lines;
pub(crate) mod messages;
pub(crate) mod pending;
pub(crate) mod pic;
pub(crate) mod timer;

use super::cpu::block::CpuBlock;
use super::cpu::{lapic, vectors};
use super::mm::shootdown;
use super::registers::Registers;
use core::sync::atomic::Ordering::Relaxed;
use core_kernel::machine::Interrupt;
use heapless::Vec;
use lines::Override;
use pending::INTERRUPTS;

/// Registers of all interrupt controllers, mapped.
pub(crate) struct Controllers {
    /// The local controllers': each CPU sees its own.
    pub(crate) local: Registers,
    /// The I/O controllers', each with the number of its first input.
    pub(crate) io: Vec<(Registers, u32), 4>,
}

/// Takes the controllers into use, on the boot CPU; every device line is masked.
pub(crate) fn init(controllers: &Controllers, overrides: &[Override], cpu: &CpuBlock) {
    pic::silence();
    lapic::init(controllers.local);
    join(cpu);
    lines::init(&controllers.io, overrides, lapic::id());
}

/// Lets interrupts in for one instruction, so that they are recorded.
pub(crate) fn window() {
    // `sti` lets them in after the next instruction.
    x86_64::instructions::interrupts::enable();
    x86_64::instructions::nop();
    x86_64::instructions::interrupts::disable();
}

/// This CPU can be interrupted by others from now on.
pub(crate) fn join(cpu: &CpuBlock) {
    cpu.apic_id.store(u64::from(lapic::id()), Relaxed);
    cpu.set_running();
}

/// Records an interrupt for the core, which takes it later.
pub(crate) fn record(vector: u64, cpu: &CpuBlock) {
    if let Some(interrupt) = acknowledge(vector, cpu) {
        INTERRUPTS.of(cpu).pending.record(interrupt);
    }
}

/// Acknowledges an interrupt at its controller. Returns it, if it is one for the core.
#[inline(always)]
pub(crate) fn acknowledge(vector: u64, cpu: &CpuBlock) -> Option<Interrupt> {
    let taken = &INTERRUPTS.of(cpu).taken;
    taken.store(taken.load(Relaxed).wrapping_add(1), Relaxed);
    let vector = vector.to_le_bytes()[0];
    let last_line = vectors::FIRST_LINE + abi::IRQ_LINES.to_le_bytes()[0] - 1;
    let interrupt = match vector {
        vectors::TIMER => Some(Interrupt::Timer),
        vectors::SHOOTDOWN => {
            shootdown::serve(cpu);
            None
        }
        vectors::IPI => Some(Interrupt::Ipi),
        vectors::FIRST_LINE.. if vector <= last_line => {
            lines::arrived(vector - vectors::FIRST_LINE)
        }
        _ => match vectors::message(vector) {
            Some(number) => Some(Interrupt::Message(number)),
            None => {
                stray(vector, cpu);
                return None;
            }
        },
    };
    lapic::end_of_interrupt();
    interrupt
}

/// Counts an interrupt whose vector has no use.
fn stray(vector: u8, cpu: &CpuBlock) {
    INTERRUPTS.of(cpu).strays.fetch_add(1, Relaxed);
    if vector == vectors::CONTROLLER_ERROR {
        lapic::take_error();
    }
    if lapic::in_service(vector) {
        lapic::end_of_interrupt();
    }
}
