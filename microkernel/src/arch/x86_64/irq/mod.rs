//! Interrupts: arrive here, are recorded, and wait for the exit loop.

pub(crate) mod lapic;
pub(crate) mod lines;
pub(crate) mod pending;
pub(crate) mod pic;
pub(crate) mod registers;

use super::boot::{BootFrames, Platform};
use super::cpu::{CpuBlock, this_cpu};
use super::entry::vectors;
use super::mm::shootdown;
use super::mm::space::KernelSpace;
use core::sync::atomic::Ordering::Relaxed;
use core_kernel::machine::Interrupt;
use heapless::Vec;
use registers::Registers;

/// Registers of all interrupt controllers, mapped.
pub(crate) struct Controllers {
    local: Registers,
    io: Vec<Registers, 4>,
}

impl Controllers {
    /// Maps them into the kernel's half.
    pub(crate) fn map(
        platform: &Platform,
        space: &mut KernelSpace,
        frames: &mut BootFrames,
    ) -> Self {
        let mut map = |address| {
            let mapped = space.map_device(address, frames);
            // SAFETY: just mapped for good, and ACPI says that it is such a controller.
            unsafe { Registers::new(mapped) }
        };
        let local = map(platform.lapic);
        Self { local, io: platform.ioapics.iter().map(|ioapic| map(ioapic.address)).collect() }
    }
}

/// Takes the controllers into use; every device line is masked.
pub(crate) fn init(platform: &Platform, controllers: &Controllers) {
    pic::silence();
    lapic::init(controllers.local);
    join(this_cpu());
    lines::init(platform, &controllers.io, lapic::id());
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
        cpu.pending.record(interrupt);
    }
}

/// Acknowledges an interrupt at its controller. Returns it, if it is one for the core.
#[inline(always)]
pub(crate) fn acknowledge(vector: u64, cpu: &CpuBlock) -> Option<Interrupt> {
    cpu.interrupts.store(cpu.interrupts.load(Relaxed).wrapping_add(1), Relaxed);
    let vector = vector.to_le_bytes()[0];
    let last_line = vectors::FIRST_LINE + abi::IRQ_LINES.to_le_bytes()[0] - 1;
    let interrupt = match vector {
        vectors::TIMER => Some(Interrupt::Timer),
        vectors::SHOOTDOWN => {
            shootdown::serve(cpu);
            None
        }
        vectors::KICK => Some(Interrupt::Ipi),
        vectors::FIRST_LINE.. if vector <= last_line => {
            lines::arrived(vector - vectors::FIRST_LINE)
        }
        _ => {
            stray(vector, cpu);
            return None;
        }
    };
    lapic::end_of_interrupt();
    interrupt
}

/// An interrupt that nobody asked for.
fn stray(vector: u8, cpu: &CpuBlock) {
    cpu.strays.fetch_add(1, Relaxed);
    if vector == vectors::CONTROLLER_ERROR {
        lapic::take_error();
    }
    if lapic::in_service(vector) {
        lapic::end_of_interrupt();
    }
}
