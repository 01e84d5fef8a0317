//! The debug registers of this CPU.
//!
//! Source: Intel SDM 3B, 17.2 "Debug Registers".

use super::block::{CPUS, CpuBlock};
use super::local::PerCpu;
use abi::{DebugRegisters, USER_END};
use core::arch::asm;
use spin::Once;
use x86_64::registers::debug::{DebugAddressRegister, Dr0, Dr1, Dr2, Dr3};

/// Bit 10 of DR7 is always set.
const CONTROL_FIXED: u64 = 1 << 10;
/// DR6 when nothing fired: some of its bits are 0 when something did.
const NO_CAUSE: u64 = 0xffff_0ff0;
/// What fired: registers 0 to 3, and the single step.
const CAUSES: u64 = 0xf | SINGLE_STEP;

/// In DR6: a single step.
pub(crate) const SINGLE_STEP: u64 = 1 << 14;

/// What a CPU watches for while its thread watches for nothing.
#[repr(align(64))]
struct Idle(Once<DebugRegisters>);

static IDLE: PerCpu<Idle> = PerCpu::new([const { Idle(Once::new()) }; CPUS]);

/// Sets what a CPU watches for while its thread watches for nothing. Once; without it, nothing.
pub(crate) fn set_idle(cpu: &CpuBlock, registers: DebugRegisters) {
    IDLE.of(cpu).0.call_once(|| registers);
}

/// Fills them for a thread of this CPU.
pub(crate) fn load_for(cpu: &CpuBlock, registers: &DebugRegisters) {
    let idle = IDLE.of(cpu).0.get().filter(|_| *registers == DebugRegisters::default());
    load(idle.unwrap_or(registers));
}

/// Fills them; all zero: they watch for nothing. What fired before is forgotten.
pub(crate) fn load(registers: &DebugRegisters) {
    set_control(0);
    let [first, second, third, fourth] = registers.address;
    Dr0::write(first);
    Dr1::write(second);
    Dr2::write(third);
    Dr3::write(fourth);
    set_causes(NO_CAUSE);
    set_control(registers.control);
}

/// DR7: what is watched for.
pub(crate) fn control() -> u64 {
    let control: u64;
    // SAFETY: reading it changes nothing.
    unsafe { asm!("mov {}, dr7", out(reg) control, options(nostack, nomem)) };
    control
}

/// Sets what is watched for; 0: nothing.
pub(crate) fn set_control(control: u64) {
    // SAFETY: the core lets only user addresses and defined bits through; the self-tests
    // name places in the kernel where a debug exception is handled.
    unsafe { asm!("mov dr7, {}", in(reg) control | CONTROL_FIXED, options(nostack, nomem)) };
}

/// What fired since the last time.
pub(crate) fn take_causes() -> u64 {
    let causes: u64;
    // SAFETY: reading it changes nothing.
    unsafe { asm!("mov {}, dr6", out(reg) causes, options(nostack, nomem)) };
    set_causes(NO_CAUSE);
    causes & CAUSES
}

/// Says what fired.
pub(crate) fn set_causes(causes: u64) {
    // SAFETY: the register only tells what happened.
    unsafe { asm!("mov dr6, {}", in(reg) causes, options(nostack, nomem)) };
}

/// Whether one of these is a breakpoint: it fires before its instruction, again and again
/// unless the resume flag is set.
pub(crate) fn is_breakpoint(causes: u64, control: u64) -> bool {
    (0..4).any(|place| causes >> place & 1 != 0 && control >> (16 + 4 * place) & 3 == 0)
}

/// Those of these registers that watch user space.
pub(crate) fn in_user_space(causes: u64) -> u64 {
    let addresses = [Dr0::read(), Dr1::read(), Dr2::read(), Dr3::read()];
    let mut users = 0;
    for (place, address) in addresses.into_iter().enumerate() {
        if address < USER_END {
            users |= causes & 1 << place;
        }
    }
    users
}
