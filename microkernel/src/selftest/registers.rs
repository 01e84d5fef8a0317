//! Saved registers: what comes back is what went in, and nothing that is unsafe.

use super::bench::{Bench, Check, Outcome};
use crate::arch::x86_64::cpu::frame::{SYSCALL_MARK, UserFrame};
use crate::arch::x86_64::cpu::tables::{USER_CODE, USER_DATA};
use abi::{SavedFrame, ThreadMode};
use core_kernel::machine::Frame;
use x86_64::registers::rflags::RFlags;

pub(super) const CHECKS: &[Check] = &[
    ("frame-start", start),
    ("frame-arguments-and-words", arguments),
    ("frame-save-and-restore", round_trip),
    ("exit-38-flags-are-repaired", repairs_flags),
    ("exit-38-selectors-are-the-kernels-choice", repairs_selectors),
    ("frame-divert", divert),
    ("exit-38-sysret-after-syscall", sysret_fits),
    ("exit-38-iret-when-rip-changed", |bench| slow(bench, |frame| frame.trap.rip += 2)),
    ("exit-38-iret-when-flags-changed", |bench| slow(bench, |frame| frame.trap.rflags ^= 1)),
    ("exit-38-iret-when-stepping", |bench| {
        slow(bench, |frame| flags(frame, RFlags::TRAP_FLAG.bits()))
    }),
    ("exit-38-iret-with-resume-flag", |bench| {
        slow(bench, |frame| flags(frame, RFlags::RESUME_FLAG.bits()))
    }),
    ("exit-38-iret-outside-user-space", |bench| slow(bench, |frame| place(frame, abi::USER_END))),
    ("exit-38-iret-after-interrupt", |bench| slow(bench, |frame| frame.trap.vector = 32)),
    ("exit-38-syscalls-mark-stands-for-the-selectors", selectors_of_the_mark),
    ("exit-38-non-canonical-refused", non_canonical),
];

/// A frame as SYSCALL leaves it.
fn after_syscall() -> UserFrame {
    let mut frame = UserFrame::start(ThreadMode::Bits64, 0x40_1000, 0x7000_0000_0000, 5);
    frame.trap.vector = SYSCALL_MARK;
    frame.trap.rcx = frame.trap.rip;
    frame.trap.r11 = frame.trap.rflags;
    frame
}

fn flags(frame: &mut UserFrame, flags: u64) {
    frame.trap.rflags |= flags;
    frame.trap.r11 = frame.trap.rflags;
}

fn place(frame: &mut UserFrame, address: u64) {
    frame.trap.rip = address;
    frame.trap.rcx = address;
}

/// Registers that all differ.
fn pattern() -> SavedFrame {
    SavedFrame {
        rax: 1,
        rbx: 2,
        rcx: 3,
        rdx: 4,
        rsi: 5,
        rdi: 6,
        rbp: 7,
        rsp: 8,
        r8: 9,
        r9: 10,
        r10: 11,
        r11: 12,
        r12: 13,
        r13: 14,
        r14: 15,
        r15: 16,
        rip: 17,
        rflags: 0x202,
        mask: 0,
        bits: 0,
    }
}

fn start(bench: &mut Bench<'_>) -> Outcome {
    let frame = UserFrame::start(ThreadMode::Bits64, 0x1000, 0x2000, 3);
    bench.equal("rip", frame.instruction_pointer(), 0x1000)?;
    bench.equal("rsp", frame.stack_pointer(), 0x2000)?;
    bench.equal("rdi", frame.argument(0), 3)?;
    bench.equal("flags", frame.trap.rflags, 0x202)
}

fn arguments(bench: &mut Bench<'_>) -> Outcome {
    let mut frame = UserFrame::start(ThreadMode::Bits64, 0, 0, 0);
    frame.restore(&pattern());
    let found = core::array::from_fn(|index| frame.argument(index));
    bench.hold("arguments", found == [6, 5, 4, 11, 9, 10])?;
    bench.hold("words", frame.words() == &[4, 11, 9, 10, 13, 14, 15])?;
    bench.equal("number", frame.syscall_number(), 1)?;
    bench.equal("envelope", frame.envelope(), 16)
}

fn round_trip(bench: &mut Bench<'_>) -> Outcome {
    let mut frame = UserFrame::start(ThreadMode::Bits64, 0, 0, 0);
    frame.restore(&pattern());
    bench.hold("registers differ", frame.save() == pattern())
}

fn repairs_flags(bench: &mut Bench<'_>) -> Outcome {
    let mut frame = UserFrame::start(ThreadMode::Bits64, 0, 0, 0);
    frame.restore(&SavedFrame { rflags: u64::MAX, ..pattern() });
    let forbidden =
        RFlags::IOPL_LOW | RFlags::IOPL_HIGH | RFlags::NESTED_TASK | RFlags::VIRTUAL_8086_MODE;
    bench.equal("forbidden flags", frame.trap.rflags & forbidden.bits(), 0)?;
    frame.restore(&SavedFrame { rflags: 0, ..pattern() });
    bench.equal("interrupts on", frame.trap.rflags, 0x202)
}

fn repairs_selectors(bench: &mut Bench<'_>) -> Outcome {
    let mut frame = UserFrame::default();
    frame.restore(&pattern());
    bench.equal("cs", frame.trap.cs, u64::from(USER_CODE.0))?;
    bench.equal("ss", frame.trap.ss, u64::from(USER_DATA.0))?;
    bench.hold("privilege", frame.trap.is_users())
}

fn divert(bench: &mut Bench<'_>) -> Outcome {
    let mut frame = after_syscall();
    flags(&mut frame, RFlags::DIRECTION_FLAG.bits());
    frame.divert(0x5000, 0x6000, 7, 8);
    bench.equal("rip", frame.instruction_pointer(), 0x5000)?;
    bench.equal("rsp", frame.stack_pointer(), 0x6000)?;
    bench.equal("argument 0", frame.argument(0), 7)?;
    bench.equal("argument 1", frame.argument(1), 8)?;
    bench.equal("direction", frame.trap.rflags & RFlags::DIRECTION_FLAG.bits(), 0)?;
    bench.hold("SYSRET would go elsewhere", !frame.fits_sysret())
}

fn sysret_fits(bench: &mut Bench<'_>) -> Outcome {
    bench.hold("the slow way is taken", after_syscall().fits_sysret())
}

/// What may change the selectors leaves those of SYSRET, or takes the mark away.
fn selectors_of_the_mark(bench: &mut Bench<'_>) -> Outcome {
    let changes: [fn(&mut UserFrame); 3] = [
        |frame| frame.divert(0x5000, 0x6000, 7, 8),
        |frame| frame.restore(&pattern()),
        |frame| frame.set_instruction_pointer(0x5000),
    ];
    for change in changes {
        let mut frame = after_syscall();
        change(&mut frame);
        let selectors = (frame.trap.cs, frame.trap.ss);
        let of_sysret = (u64::from(USER_CODE.0), u64::from(USER_DATA.0));
        bench
            .hold("other selectors", frame.trap.vector != SYSCALL_MARK || selectors == of_sysret)?;
    }
    Ok(())
}

fn slow(bench: &mut Bench<'_>, change: fn(&mut UserFrame)) -> Outcome {
    let mut frame = after_syscall();
    change(&mut frame);
    bench.hold("SYSRET is taken", !frame.fits_sysret())
}

fn non_canonical(bench: &mut Bench<'_>) -> Outcome {
    for (address, wanted) in [(0x40_0000, 1), (1 << 47, 0), (u64::MAX, 1), (1 << 63, 0)] {
        let mut frame = after_syscall();
        place(&mut frame, address);
        bench.equal("canonical", u64::from(frame.trap.canonical()), wanted)?;
    }
    Ok(())
}
