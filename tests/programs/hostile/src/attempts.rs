//! All attempts.

use crate::refused;
use alloc::string::String;
use proc_api::Signal;
use sys::hazard::{self, Instruction};

/// How an attempt must end.
pub(crate) enum Way {
    /// It returns `Ok` when everything in it was refused.
    Refused(fn() -> Result<(), String>),
    /// Its process ends by this signal.
    Fatal(fn(), Signal),
}

/// Something that must not work.
pub(crate) struct Attempt {
    pub(crate) name: &'static str,
    pub(crate) way: Way,
}

const fn refused(name: &'static str, run: fn() -> Result<(), String>) -> Attempt {
    Attempt { name, way: Way::Refused(run) }
}

const fn fatal(name: &'static str, run: fn(), signal: Signal) -> Attempt {
    Attempt { name, way: Way::Fatal(run, signal) }
}

const KERNEL: u64 = 0xffff_ffff_8000_0000;
const NOT_CANONICAL: u64 = 0x8000_0000_0000_0000;

/// The table.
pub(crate) static ATTEMPTS: &[Attempt] = &[
    refused("call-numbers-that-do-not-exist", refused::call_numbers),
    refused("pointers-to-nowhere", refused::pointers_to_nowhere),
    refused("pointers-into-the-kernel", refused::pointers_into_the_kernel),
    refused("pointers-that-are-not-canonical", refused::pointers_not_canonical),
    refused("forged-handles", refused::forged_handles),
    refused("forged-reply-tokens", refused::forged_tokens),
    refused("the-end-of-the-machine", refused::shutdown),
    refused("devices-without-the-right", refused::devices),
    refused("memory-writable-and-executable", refused::writable_and_executable),
    refused("all-handles", refused::all_handles),
    refused("all-memory", refused::all_memory),
    refused("all-threads", refused::all_threads),
    refused("a-priority-above-the-limit", refused::priority),
    refused("a-process-above-the-quota", refused::big_process),
    fatal("read-null", || drop_byte(hazard::read(0)), Signal::SEGV),
    fatal("read-the-kernel", || drop_byte(hazard::read(KERNEL)), Signal::SEGV),
    fatal("read-not-canonical", || drop_byte(hazard::read(NOT_CANONICAL)), Signal::SEGV),
    fatal("write-null", || hazard::write(0, 1), Signal::SEGV),
    fatal("write-the-kernel", || hazard::write(KERNEL, 1), Signal::SEGV),
    fatal("write-own-code", || hazard::write(abi::IMAGE_BASE, 0x90), Signal::SEGV),
    fatal("jump-to-null", || hazard::jump(0), Signal::SEGV),
    fatal("jump-into-the-kernel", || hazard::jump(KERNEL), Signal::SEGV),
    fatal("run-the-stack", || hazard::jump(abi::STACK_TOP - 64), Signal::SEGV),
    fatal("exhaust-the-stack", hazard::exhaust_stack, Signal::SEGV),
    fatal("undefined-instruction", || Instruction::Undefined.run(), Signal::ILL),
    fatal("divide-by-zero", || Instruction::Divide.run(), Signal::FPE),
    fatal("halt", || Instruction::Halt.run(), Signal::SEGV),
    fatal("interrupts-off", || Instruction::InterruptsOff.run(), Signal::SEGV),
    fatal("port-in", || Instruction::PortIn.run(), Signal::SEGV),
    fatal("port-out", || Instruction::PortOut.run(), Signal::SEGV),
    fatal("page-table", || Instruction::PageTable.run(), Signal::SEGV),
    fatal("control-register", || Instruction::ControlWrite.run(), Signal::SEGV),
    fatal("machine-register", || Instruction::MachineWrite.run(), Signal::SEGV),
    fatal("swapgs", || Instruction::SwapGs.run(), Signal::SEGV),
    fatal("interrupt-table", || Instruction::InterruptTable.run(), Signal::SEGV),
    fatal("kernel-gate", || Instruction::GateDoubleFault.run(), Signal::SEGV),
    fatal("exit-42-gate-of-32-bit-calls", || Instruction::GateOld.run(), Signal::SEGV),
    fatal("exit-42-sysenter", || Instruction::Sysenter.run(), Signal::ILL),
    fatal("exit-42-gate-in-32-bit-code", || hazard::gate_in_32_bit_code(), Signal::SEGV),
    fatal("exit-42-syscall-in-32-bit-code", || hazard::syscall_in_32_bit_code(), Signal::ILL),
    fatal("device-gate", || Instruction::GateDevice.run(), Signal::SEGV),
];

fn drop_byte(_: u8) {}
