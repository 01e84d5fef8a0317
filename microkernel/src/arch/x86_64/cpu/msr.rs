//! Model-specific registers.

use x86_64::registers::model_specific::Msr;

/// Reads a register that the CPU has.
pub(crate) fn read_msr(register: Msr) -> u64 {
    // SAFETY: reading a register that exists changes nothing.
    unsafe { register.read() }
}
