//! Threads of 32 bits: their frames, and the registers behind their ways in.

use super::bench::{Bench, Check, Outcome};
use crate::arch::x86_64::cpu::frame::{SYSCALL_MARK, SYSCALL32_MARK, UserFrame};
use crate::arch::x86_64::cpu::syscall_registers::{MSR_CSTAR, MSR_SYSENTER};
use crate::arch::x86_64::cpu::tables::{KERNEL_CODE, USER_CODE, USER_CODE_32, USER_DATA};
use crate::arch::x86_64::cpu::{msr::read_msr, this_cpu};
use crate::arch::x86_64::entry::compat::{syscall32_entry, sysenter_entry};

use abi::{CompatCall, SavedFrame, ThreadMode};
use core::sync::atomic::Ordering::Relaxed;
use core_kernel::machine::Frame;
use x86_64::registers::model_specific::Msr;

pub(super) const CHECKS: &[Check] = &[
    ("exit-41-compat-entries", entries),
    ("exit-38-compat-leaves-by-iret", never_sysret),
    ("exit-38-compat-beyond-32-bits-refused", beyond),
    ("exit-42-compat-start-truncates", start),
    ("exit-42-compat-restore-keeps-the-mode", restore),
    ("exit-42-compat-divert-truncates", divert),
    ("exit-42-compat-call-leaves-nothing", call),
    ("exit-42-compat-registers-during-a-call", during_a_call),
];

const HIGH: u64 = 0xdead_beef_0000_0000;
/// The registers of a call.
const CALL: CompatCall =
    CompatCall { values: [20, 21], words: [22, 23, 24, 25, 26, 27, 28], envelope: 29 };

fn entries(bench: &mut Bench<'_>) -> Outcome {
    let [code, stack, entry] = MSR_SYSENTER.map(|register| read_msr(Msr::new(register)));
    let wanted = (this_cpu().kernel_stack.load(Relaxed), sysenter_entry as *const () as u64);
    // A CPU that keeps half of an address has the instruction switched off.
    let whole = (stack, entry) == wanted;
    let wanted = if whole { u64::from(KERNEL_CODE.0) } else { 0 };
    bench.equal("SYSENTER's code", code, wanted)?;
    let entry = read_msr(Msr::new(MSR_CSTAR));
    bench.equal("CSTAR", entry, syscall32_entry as *const () as u64)
}

/// A frame with garbage in all high halves and in the registers of 64-bit code.
fn frame() -> UserFrame {
    let mut frame = UserFrame::start(ThreadMode::Bits32, HIGH | 1, HIGH | 2, HIGH | 3);
    frame.restore(&garbage());
    frame
}

fn garbage() -> SavedFrame {
    SavedFrame {
        rax: HIGH | 1,
        rbx: HIGH | 2,
        rcx: HIGH | 3,
        rdx: HIGH | 4,
        rsi: HIGH | 5,
        rdi: HIGH | 6,
        rbp: HIGH | 7,
        rsp: HIGH | 8,
        r8: HIGH,
        r9: HIGH,
        r10: HIGH,
        r11: HIGH,
        r12: HIGH,
        r13: HIGH,
        r14: HIGH,
        r15: HIGH,
        rip: HIGH | 9,
        rflags: 0x202,
        mask: 0,
        bits: 0,
    }
}

/// What is left of the garbage.
fn low() -> SavedFrame {
    SavedFrame {
        rax: 1,
        rbx: 2,
        rcx: 3,
        rdx: 4,
        rsi: 5,
        rdi: 6,
        rbp: 7,
        rsp: 8,
        rip: 9,
        rflags: 0x202,
        ..SavedFrame::default()
    }
}

fn start(bench: &mut Bench<'_>) -> Outcome {
    let frame = UserFrame::start(ThreadMode::Bits32, HIGH | 1, HIGH | 2, HIGH | 3);
    bench.equal("eip", frame.instruction_pointer(), 1)?;
    bench.equal("esp", frame.stack_pointer(), 2)?;
    bench.equal("edi", frame.argument(0), 3)?;
    bench.equal("cs", frame.trap.cs, u64::from(USER_CODE_32.0))
}

fn restore(bench: &mut Bench<'_>) -> Outcome {
    let mut frame = frame();
    bench.hold("something of 64 bits is left", frame.save() == low())?;
    frame.trap.cs = u64::from(USER_CODE.0);
    frame.restore(&garbage());
    bench.equal("cs", frame.trap.cs, u64::from(USER_CODE_32.0))?;
    bench.equal("ss", frame.trap.ss, u64::from(USER_DATA.0))
}

fn divert(bench: &mut Bench<'_>) -> Outcome {
    let mut frame = frame();
    frame.trap.cs = u64::from(USER_CODE.0);
    frame.divert(HIGH | 11, HIGH | 12, HIGH | 13, HIGH | 14);
    let found = [frame.trap.rip, frame.trap.rsp, frame.trap.rdi, frame.trap.rsi];
    bench.hold("eip, esp, edi, esi", found == [11, 12, 13, 14])?;
    bench.equal("cs", frame.trap.cs, u64::from(USER_CODE_32.0))
}

fn never_sysret(bench: &mut Bench<'_>) -> Outcome {
    let mut frame = UserFrame::start(ThreadMode::Bits64, 1, 2, 3);
    frame.trap.vector = SYSCALL_MARK;
    (frame.trap.rcx, frame.trap.r11) = (frame.trap.rip, frame.trap.rflags);
    bench.hold("the slow way is taken", frame.fits_sysret())?;
    let changed = |change: fn(&mut UserFrame)| {
        let mut frame = frame.clone();
        change(&mut frame);
        frame.fits_sysret()
    };
    let mode = changed(|frame| frame.mode = ThreadMode::Bits32);
    let entry = changed(|frame| frame.trap.vector = SYSCALL32_MARK);
    bench.hold("SYSRET is taken", !mode && !entry)
}

/// IRET to 32-bit code beyond its segment would fault in kernel mode.
fn beyond(bench: &mut Bench<'_>) -> Outcome {
    let mut frame = frame();
    bench.hold("a good place is refused", frame.trap.canonical())?;
    frame.trap.rip = 1 << 32;
    bench.hold("a place beyond 32 bits is taken", !frame.trap.canonical())?;
    frame.trap.cs = u64::from(USER_CODE.0);
    bench.hold("64-bit code has no such end", frame.trap.canonical())
}

fn call(bench: &mut Bench<'_>) -> Outcome {
    let mut frame = frame();
    bench.equal("block", frame.compat_block(), 2)?;
    bench.hold("no call is in progress", frame.compat_results().is_none())?;
    frame.begin_compat(&CALL);
    let found = core::array::from_fn(|index| frame.argument(index));
    bench.hold("arguments", found == [20, 21, 22, 23, 24, 25])?;
    bench.hold("words", *frame.words() == CALL.words)?;
    bench.equal("envelope", frame.envelope(), 29)?;
    bench.hold("results", frame.compat_results() == Some(CALL))?;
    frame.set_status(30);
    frame.end_compat();
    bench.hold("results of no call", frame.compat_results().is_none())?;
    bench.hold("registers differ", frame.save() == SavedFrame { rax: 30, ..low() })
}

fn during_a_call(bench: &mut Bench<'_>) -> Outcome {
    let mut frame = frame();
    frame.begin_compat(&CALL);
    bench.hold("others are seen than its own", frame.save() == low())?;
    frame.restore(&SavedFrame { rdx: 41, rsi: 42, rdi: 43, ..garbage() });
    bench.hold("the call was changed", frame.compat_results() == Some(CALL))?;
    frame.end_compat();
    let wanted = SavedFrame { rdx: 41, rsi: 42, rdi: 43, ..low() };
    bench.hold("registers differ", frame.save() == wanted)
}
