//! Interrupts and exceptions in kernel mode.

use super::super::cpu::block::{CpuBlock, this_cpu};
use super::super::cpu::frame::Trap;
use super::super::cpu::vectors;
use super::super::{irq, panic, probe};
use super::traps;

/// From `interrupt_entry`: interrupts are recorded, everything else is a bug of the kernel, but for
/// the self-tests' probes.
pub(super) extern "C" fn interrupt_in_kernel(trap: &mut Trap) {
    if trap.vector >= u64::from(vectors::FIRST_INTERRUPT) {
        irq::record(trap.vector, this_cpu());
    } else if !probe::exception_in_kernel(trap) {
        panic::exception(trap)
    }
}

/// From `paranoid_entry`: gs must not be used here.
pub(super) extern "C" fn paranoid_arrived(trap: &mut Trap, cpu: &CpuBlock) {
    match trap.vector.to_le_bytes()[0] {
        vectors::NMI => traps::unwatched(|| traps::nmi(trap, cpu)),
        vectors::DEBUG => traps::debug_in_kernel(trap, cpu),
        vectors::MACHINE_CHECK => traps::machine_check_in_kernel(trap, cpu),
        _ => panic::exception(trap),
    }
}
