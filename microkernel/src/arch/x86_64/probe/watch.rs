//! For the system tests: debug exceptions and non-maskable interrupts at the kernel's first
//! instructions.
//!
//! With the word `watch=entry` every way in from user mode meets the debug registers while
//! gs and rsp are still the user's, as in CVE-2018-8897, and again where it writes the CPU's
//! block and its first stack word. The first of them is met by a non-maskable interrupt
//! besides: it comes between the entry and its SWAPGS.

use super::super::cpu::block::{CpuBlock, running};
use super::super::cpu::syscall_registers::Entries;
use super::super::cpu::{debug_registers, lapic};
use abi::DebugRegisters;
use core::mem::offset_of;
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

static ON: AtomicBool = AtomicBool::new(false);

/// Registers 0 to 2 are in use; 0 is for execution, 1 and 2 for writing 8 bytes.
const CONTROL: u64 = 0b1_0101 | WRITE_8 << 20 | WRITE_8 << 24;
const WRITE_8: u64 = 0b1001;
/// What fired: the first instruction of SYSCALL's way in.
const FIRST_INSTRUCTION: u64 = 1;

/// Makes every CPU that runs watch its ways in whenever its thread watches nothing. Before the
/// CPUs enter the core.
pub(crate) fn turn_on(entries: &Entries) {
    ON.store(true, Relaxed);
    for cpu in running() {
        let block = cpu.address() + offset_of!(CpuBlock, user_stack) as u64;
        let stack = cpu.kernel_stack.load(Relaxed) - 8;
        let address = [entries.syscall, block, stack, 0];
        debug_registers::set_idle(cpu, DebugRegisters { address, control: CONTROL });
    }
}

/// These fired in kernel mode.
pub(super) fn fired(causes: u64) {
    if ON.load(Relaxed) && causes & FIRST_INSTRUCTION != 0 {
        lapic::send_nmi(lapic::id());
    }
}
