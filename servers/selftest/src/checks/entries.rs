//! Odd ways into the kernel: every `int`, every flag, single steps, MOV SS.
//!
//! After Linux's int_signal, single_step_syscall, syscall_nt, mov_ss_trap, sigtrap_loop,
//! fsgsbase, sysret_ss_attrs.

use crate::bench::{Bench, Check, Outcome, after};
use crate::peer::{FIRST_CPU, URGENT, on_one_cpu, run};
use crate::watched::{END, Watched};
use abi::{DebugRegisters, Syscall};
use alloc::format;
use sys::hazard::entries::{self, AfterMovSs, INT_LENGTH, Way, announce};
use sys::hazard::{self, call_with_flags};
use sys::trace::set_affinity;
use sys::{FOREVER, Failure, FaultKind, Notification, Rights};

pub(super) const CHECKS: &[Check] = &[
    ("exit-30-int-of-every-vector-is-the-right-fault", every_vector),
    ("exit-27-flags-survive-a-system-call", flags_by_call),
    ("exit-27-flags-survive-an-exception", flags_by_exception),
    ("exit-27-30-flags-survive-an-interrupt", flags_by_interrupt),
    ("exit-16-38-single-step-over-syscall-traps-in-user-mode", step_over_call),
    ("exit-36-mov-ss-with-a-watchpoint-before-a-way-in", mov_ss),
    ("exit-36-breakpoints-without-end", breakpoint_loop),
    ("exit-37-bases-of-fs-and-gs-are-kept", bases_are_kept),
    ("exit-37-thread-pointers-are-kept", thread_pointers_are_kept),
    ("exit-37-bases-go-with-a-thread-to-another-cpu", bases_go_along),
    ("exit-38-stack-segment-is-whole-after-a-call", stack_segment),
];

const TRAP: u64 = 1 << 8;
const DIRECTION: u64 = 1 << 10;
const OVERFLOW: u64 = 1 << 11;
const NESTED: u64 = 1 << 14;
const ALIGNMENT: u64 = 1 << 18;
const IDENTIFY: u64 = 1 << 21;
/// Carry, parity, adjust, zero, sign.
const ARITHMETIC: u64 = 0b1101_0101;

const FLAGS: [u64; 8] = [
    DIRECTION,
    OVERFLOW,
    NESTED,
    ALIGNMENT,
    IDENTIFY,
    ARITHMETIC,
    DIRECTION | NESTED | ALIGNMENT | IDENTIFY,
    DIRECTION | OVERFLOW | NESTED | ALIGNMENT | IDENTIFY | ARITHMETIC,
];

/// Debug code of a single step.
const STEP: u64 = 1 << 14;
/// The vector that 32-bit code calls by.
const OLD_GATE: u64 = 0x80;

/// In a child: every `int`, in order.
pub(crate) fn all_interrupts() {
    for vector in 0..=u8::MAX {
        entries::interrupt(vector);
    }
    announce(END);
}

/// The fault that `int` of this vector is: one of privilege, unless user code may.
fn fault_of_vector(vector: u64) -> FaultKind {
    match vector {
        3 => FaultKind::Debug,
        4 => FaultKind::Arithmetic,
        _ => FaultKind::Protection,
    }
}

/// The code that goes with it. QEMU 7.2 tells the offset of the gate in the place of its
/// number times 8.
fn code_of_vector(vector: u64, code: u64) -> bool {
    /// In the error code: the number is that of an interrupt gate.
    const IN_TABLE: u64 = 2;
    match fault_of_vector(vector) {
        FaultKind::Protection => [vector * 8, vector * 16].contains(&(code - IN_TABLE)),
        _ => code == 0,
    }
}

fn every_vector(bench: &Bench) -> Outcome {
    let watched = Watched::start(bench, &["all-interrupts"])?;
    let pid = u64::from(watched.child.process.info()?.pid);
    let first = entries::interrupt_address(0);
    let seen = watched.troubles(|trouble| {
        let trap = matches!(trouble.seen.kind, Some(FaultKind::Debug | FaultKind::Arithmetic));
        let behind = trouble.seen.rip + if trap { 0 } else { INT_LENGTH };
        trouble.resume_at(behind);
        Ok(())
    })?;
    let mut vectors = (0..256).filter(|vector| seen.len() == 256 || *vector != OLD_GATE);
    for fault in &seen {
        let vector = vectors.next().unwrap_or(u64::MAX);
        bench.same("kind", fault.kind, Some(fault_of_vector(vector)))?;
        bench.hold("code", code_of_vector(vector, fault.code))?;
        bench.same("vector", (fault.rip - first) / 4, vector)?;
        bench.same("process", fault.pid, pid)?;
    }
    bench.same("the last vector", vectors.next(), None)?;
    watched.end()?;
    no_violations(bench)
}

/// What the kernel's own checks have found so far.
fn no_violations(bench: &Bench) -> Outcome {
    bench.same("violations", sys::system_info()?.violations, 0)
}

fn flags_by_call(bench: &Bench) -> Outcome {
    for flags in FLAGS {
        let (status, after) = call_with_flags(Syscall::Yield as u64, flags);
        bench.same("status", status, 0)?;
        bench.same("flags", after & flags, flags)?;
    }
    no_violations(bench)
}

/// In a child: a breakpoint with these flags; ends with what they are afterwards.
pub(crate) fn flags_at_breakpoint(flags: u64) -> ! {
    rt::exit(entries::flags_through(Way::Breakpoint, flags))
}

fn flags_by_exception(bench: &Bench) -> Outcome {
    for flags in FLAGS {
        let watched = Watched::start(bench, &["flags-at-breakpoint", &format!("{flags}")])?;
        let trouble = watched.trouble()?;
        let told = watched.debuggee()?.registers()?.rflags;
        trouble.resume();
        bench.same("flags that the handler sees", told & flags, flags)?;
        bench.same("flags afterwards", watched.child.status()? & flags, flags)?;
    }
    no_violations(bench)
}

fn flags_by_interrupt(bench: &Bench) -> Outcome {
    on_one_cpu(|| interrupted(bench))
}

fn interrupted(bench: &Bench) -> Outcome {
    let before = sys::trace::cpu_info(0)?.interrupts;
    for flags in FLAGS {
        let (bell, end) = (sys::Notification::create()?, after(8_000_000));
        let timer = sys::Timer::create(&bell, 1)?;
        timer.arm(after(200_000))?;
        while sys::clock() < end {
            // Set again only when it has fired: a fast machine would else never let it.
            if bell.poll().is_ok() {
                timer.arm(after(200_000))?;
            }
            let found = entries::flags_through(Way::Loop(200_000), flags);
            bench.same("flags", found & flags, flags)?;
        }
    }
    let interrupts = sys::trace::cpu_info(0)?.interrupts - before;
    bench.hold("there were interrupts", interrupts >= FLAGS.len() as u64)?;
    no_violations(bench)
}

/// In a child: a system call under single step.
pub(crate) fn step_over_a_call() {
    let (status, after) = call_with_flags(Syscall::Clock as u64, TRAP);
    if status != 0 || after & TRAP == 0 {
        rt::exit(1);
    }
    announce(END);
}

fn step_over_call(bench: &Bench) -> Outcome {
    let watched = Watched::start(bench, &["step-over-a-call"])?;
    let seen = watched.troubles(|trouble| {
        trouble.resume();
        Ok(())
    })?;
    // Behind the call and what follows it, until the flags are put back.
    bench.hold("steps", (2..=5).contains(&seen.len()))?;
    for fault in &seen {
        bench.same("kind and code", (fault.kind, fault.code), (Some(FaultKind::Debug), STEP))?;
    }
    bench.hold("each at another place", seen.windows(2).all(|pair| pair[0].rip < pair[1].rip))?;
    bench.same("status", watched.child.status()?, 0)
}

const AFTER: [(AfterMovSs, Option<FaultKind>); 6] = [
    (AfterMovSs::Syscall(Syscall::Clock as u64), None),
    (AfterMovSs::Breakpoint, Some(FaultKind::Debug)),
    (AfterMovSs::OldGate, None),
    (AfterMovSs::Overflow, Some(FaultKind::Arithmetic)),
    (AfterMovSs::PageFault, Some(FaultKind::Page)),
    (AfterMovSs::Undefined, Some(FaultKind::IllegalInstruction)),
];

/// In a child: tells where the selector is, then loads it and does one of `AFTER`.
pub(crate) fn load_stack_segment(which: u64) {
    let selector = entries::stack_selector();
    announce((&raw const selector).addr() as u64);
    if let Some((next, _)) = usize::try_from(which).ok().and_then(|place| AFTER.get(place)) {
        entries::mov_ss_then(&selector, *next);
    }
    announce(END);
}

/// The first debug register, for reading and writing two bytes.
fn watch(address: u64) -> DebugRegisters {
    DebugRegisters { address: [address, 0, 0, 0], control: 1 | 0b0111 << 16 }
}

fn mov_ss(bench: &Bench) -> Outcome {
    for (which, (_, companion)) in AFTER.into_iter().enumerate() {
        let watched = Watched::start(bench, &["load-stack-segment", &format!("{which}")])?;
        let told = watched.trouble()?;
        let address = watched.announced()?;
        watched.debuggee()?.set_debug_registers(&watch(address))?;
        told.resume();
        let seen = watched.troubles(|trouble| {
            let again = matches!(
                trouble.seen.kind,
                Some(FaultKind::Page | FaultKind::Protection | FaultKind::IllegalInstruction)
            );
            let behind = trouble.seen.rip + if again { 2 } else { 0 };
            trouble.resume_at(behind);
            Ok(())
        })?;
        let hit = |kind, bits| {
            move |fault: &crate::watched::Seen| {
                fault.kind == Some(kind) && fault.code & bits == bits
            }
        };
        bench.hold("the watchpoint was told", seen.iter().any(hit(FaultKind::Debug, 1)))?;
        let told = companion.is_none_or(|kind| seen.iter().any(hit(kind, 0)));
        bench.hold("what came next was told", told)?;
        bench.same("status", watched.child.status()?, 0)?;
    }
    no_violations(bench)
}

const MANY: u64 = 500;

/// In a child: breakpoints, one after the other.
pub(crate) fn many_breakpoints() {
    for number in 0..MANY {
        announce(number);
    }
    announce(END);
}

fn breakpoint_loop(bench: &Bench) -> Outcome {
    let watched = Watched::start(bench, &["many-breakpoints"])?;
    let seen = watched.troubles(|trouble| {
        trouble.resume();
        Ok(())
    })?;
    bench.same("breakpoints", seen.len() as u64, MANY)
}

/// In a child: its own bases, looked at all the time; ends with 1 when they changed.
pub(crate) fn keep_bases(number: u64) -> Result<(), Failure> {
    let wanted = (number * 0x1_0000, number * 0x111_0000);
    entries::set_bases(wanted.0, wanted.1);
    let end = after(30_000_000);
    while sys::clock() < end {
        for _ in 0..1000 {
            if entries::bases() != wanted {
                rt::exit(1);
            }
        }
        sys::yield_now();
    }
    Ok(())
}

/// Says so where programs have no bases of their own to keep.
fn without_bases(bench: &Bench) -> bool {
    let without = !entries::has_bases();
    if without {
        bench.tell("this CPU has no FSGSBASE: nothing to keep");
    }
    without
}

fn bases_are_kept(bench: &Bench) -> Outcome {
    if without_bases(bench) {
        return bench.hold("bases stay with the kernel", true);
    }
    let children = [
        bench.child(&["keep-bases", "1"], &[])?,
        bench.child(&["keep-bases", "2"], &[])?,
        bench.child(&["keep-bases", "0x7ff"], &[])?,
    ];
    for child in &children {
        bench.same("status", child.status()?, 0)?;
    }
    Ok(())
}

/// In a child: a thread pointer of its own, looked at all the time; ends with 1 when it changed.
pub(crate) fn keep_thread_pointer(number: u64) -> Result<(), Failure> {
    let pointer = entries::set_thread_word(number);
    let set = hazard::plain(Syscall::ThreadPointer as u64, [0, pointer, 0, 0, 0, 0]);
    let end = after(20_000_000);
    while set.status == 0 && sys::clock() < end {
        for _ in 0..1000 {
            if entries::thread_word() != number {
                rt::exit(1);
            }
        }
        sys::yield_now();
    }
    rt::exit(set.status)
}

/// Also on CPUs where programs cannot read or write it themselves.
fn thread_pointers_are_kept(bench: &Bench) -> Outcome {
    let children = [
        bench.child(&["keep-thread-pointer", "7"], &[])?,
        bench.child(&["keep-thread-pointer", "8"], &[])?,
    ];
    for child in &children {
        bench.same("status", child.status()?, 0)?;
    }
    Ok(())
}

/// A thread sleeps on one CPU, which then halts, and wakes up on another one.
fn bases_go_along(bench: &Bench) -> Outcome {
    if without_bases(bench) {
        return bench.hold("bases stay with the kernel", true);
    }
    const WANTED: (u64, u64) = (0x123_0000, 0x456_0000);
    let last = 1 << (sys::system_info()?.cpus - 1);
    let (asleep, bell, done) =
        (Notification::create()?, Notification::create()?, Notification::create()?);
    let (own_asleep, own_bell, own_done) =
        (asleep.copy(Rights::ALL)?, bell.copy(Rights::ALL)?, done.copy(Rights::ALL)?);
    let sleeper = run(URGENT, move || {
        let _ = set_affinity(last);
        entries::set_bases(WANTED.0, WANTED.1);
        let _ = own_asleep.signal(1);
        let _ = own_bell.wait(FOREVER);
        let kept = entries::bases() == WANTED;
        let _ = own_done.signal(if kept { 1 } else { 2 });
    })?;
    on_one_cpu(|| {
        asleep.wait(FOREVER)?;
        sys::sleep_for(2_000_000);
        sleeper.set_affinity(FIRST_CPU)?;
        bell.signal(1)?;
        bench.same("kept", done.wait(FOREVER)?, 1)
    })
}

fn stack_segment(bench: &Bench) -> Outcome {
    let before = entries::stack_selector();
    for _ in 0..100 {
        let _ = hazard::plain(Syscall::Clock as u64, [0; 6]);
        let selector = entries::stack_selector();
        bench.same("selector", selector, before)?;
        // Loading it again takes what the table says of it.
        entries::mov_ss_then(&selector, AfterMovSs::Syscall(Syscall::Clock as u64));
    }
    Ok(())
}
