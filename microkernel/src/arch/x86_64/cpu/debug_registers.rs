//! The debug registers of this CPU.
//!
//! Source: Intel SDM 3B, 17.2 "Debug Registers".

use abi::DebugRegisters;
use core::arch::asm;
use x86_64::registers::debug::{DebugAddressRegister, Dr0, Dr1, Dr2, Dr3};

/// Bit 10 of DR7 is always set.
const CONTROL_FIXED: u64 = 1 << 10;

/// Fills them; all zero: they watch for nothing. What fired before is forgotten.
pub(crate) fn load(registers: &DebugRegisters) {
    set_control(0);
    let [first, second, third, fourth] = registers.address;
    Dr0::write(first);
    Dr1::write(second);
    Dr2::write(third);
    Dr3::write(fourth);
    forget_causes();
    set_control(registers.control);
}

fn set_control(control: u64) {
    // SAFETY: the core lets only user addresses and defined bits through; the self-tests
    // name memory whose watching the kernel survives.
    unsafe { asm!("mov dr7, {}", in(reg) control | CONTROL_FIXED, options(nostack, nomem)) };
}

/// Forgets what fired.
pub(crate) fn forget_causes() {
    // SAFETY: the register only tells what happened.
    unsafe { asm!("mov dr6, {}", in(reg) 0_u64, options(nostack, nomem)) };
}
