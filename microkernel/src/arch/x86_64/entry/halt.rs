//! A CPU without work, and the end of the machine.

use super::super::cpu::block::CpuBlock;
use super::super::debug;
use super::super::irq::pending::INTERRUPTS;
use super::super::mm::shootdown;
use super::super::serial::say;
use super::held::HeldKernel;
use super::traps;

/// Halts until an interrupt has been recorded.
///
/// ORDER: interrupts are on for exactly one instruction after `sti`, the halt itself, so an
/// interrupt between the last look and the halt wakes it.
pub(super) fn until_interrupt(kernel: HeldKernel, cpu: &CpuBlock) -> HeldKernel {
    shootdown::switch_to_kernel(cpu);
    kernel.release(cpu);
    while !INTERRUPTS.of(cpu).pending.any() {
        x86_64::instructions::interrupts::enable_and_hlt();
        x86_64::instructions::interrupts::disable();
    }
    HeldKernel::acquire(cpu)
}

/// Ends the machine. The kernel stays held: no other CPU goes on.
pub(super) fn shut_down(kernel: &HeldKernel, code: u8) -> ! {
    if code == abi::exit_code::INIT_DIED {
        report_first_program(kernel);
    }
    report_lock(kernel);
    traps::tell();
    debug::exit(code)
}

/// Why the machine ends: on the serial port too, where a person looks.
fn report_first_program(kernel: &HeldKernel) {
    let status = kernel.first_program_status().unwrap_or(abi::KILLED);
    defmt::error!("the first program died with status {=u64}: nobody is left to restart", status);
    say!("kernel: the first program died with status {status}; the log tells more");
}

/// What the kernel lock cost. Tests read both lines.
fn report_lock(kernel: &HeldKernel) {
    let waits = kernel.waits();
    if waits > 0 {
        defmt::debug!("kernel lock: waited for {=u64} times", waits);
    }
    if let Some(longest) = kernel.longest_hold() {
        let cause = defmt::Display2Format(&longest);
        defmt::info!("kernel lock: held {=u64} ns at most, by {}", longest.ns, cause);
    }
}
