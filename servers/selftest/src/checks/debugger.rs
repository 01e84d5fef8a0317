//! What a debugger sets: any register, any value, and the kernel lives on.
//!
//! After Linux's sysret_rip, sigreturn, check_initial_reg_state, ptrace_syscall, iopl.

use crate::bench::{Bench, Check, Outcome, SOON_NS, after};
use crate::watched::Watched;
use abi::{DebugRegisters, Syscall, USER_END};
use alloc::format;
use sys::trace::{Debuggee, SavedFrame, TraceFlags, TraceStage, Tracer};
use sys::{Failure, FaultKind, Priority, Rights, Thread};

pub(super) const CHECKS: &[Check] = &[
    ("exit-38-wild-places-set-by-a-debugger-are-faults", wild_places),
    ("exit-38-wild-places-set-within-a-call-are-faults", wild_places_within_a_call),
    ("exit-38-wild-stacks-set-by-a-debugger-are-harmless", wild_stacks),
    ("exit-38-every-flag-set-by-a-debugger-is-repaired", every_flag),
    ("exit-38-a-new-thread-has-no-registers-of-others", initial_registers),
    ("exit-11-39-watchpoint-fires-from-the-first-instruction-on", first_instruction),
    ("exit-39-watchpoints-are-of-their-thread-alone", their_thread_alone),
    ("exit-38-breakpoint-of-a-debugger-is-passed", breakpoint_is_passed),
    ("exit-38-registers-of-a-running-thread-are-nobodys", running_thread),
];

/// Addresses from here to the kernel's half are none.
const CANONICAL_END: u64 = 1 << 47;

/// Where no thread can go on, and what that is.
const PLACES: [(u64, FaultKind); 9] = [
    (0, FaultKind::Page),
    (USER_END - 1, FaultKind::Page),
    (USER_END, FaultKind::Page),
    (CANONICAL_END, FaultKind::Protection),
    (1 << 63, FaultKind::Protection),
    (0xdead_beef_dead_beef, FaultKind::Protection),
    (0xffff_8000_0000_0000, FaultKind::Page),
    (0xffff_ffff_8000_0000, FaultKind::Page),
    (u64::MAX, FaultKind::Page),
];

/// Goes on there: the fault must be this one, of this child.
fn faults_there(bench: &Bench, watched: &Watched, place: u64, kind: FaultKind) -> Outcome {
    let trouble = watched.trouble()?;
    let seen = trouble.seen;
    trouble.kill();
    bench.same("kind", seen.kind, Some(kind))?;
    bench.same("place", seen.rip, place)?;
    bench.same("address", seen.address, place)?;
    bench.same("process", seen.pid, u64::from(watched.child.process.info()?.pid))?;
    watched.end()?;
    Ok(())
}

/// A child that spins, stopped.
fn stopped(bench: &Bench) -> Result<(Watched, Debuggee), Failure> {
    let (watched, debuggee, _) = spinning(bench)?;
    watched.suspend()?;
    Ok((watched, debuggee))
}

/// A child that spins, and where.
fn spinning(bench: &Bench) -> Result<(Watched, Debuggee, u64), Failure> {
    let watched = Watched::start(bench, &["spin-there"])?;
    let trouble = watched.trouble()?;
    let place = trouble.seen.rip;
    trouble.resume();
    let debuggee = watched.debuggee()?;
    Ok((watched, debuggee, place))
}

fn wild_places(bench: &Bench) -> Outcome {
    for (place, kind) in PLACES {
        let (watched, debuggee) = stopped(bench)?;
        let frame = debuggee.registers()?;
        debuggee.set_registers(&SavedFrame { rip: place, rcx: place, ..frame })?;
        watched.child.process.resume()?;
        faults_there(bench, &watched, place, kind)?;
    }
    Ok(())
}

/// Stopped at the end of a system call, which would be left by SYSRET.
fn wild_places_within_a_call(bench: &Bench) -> Outcome {
    for (place, kind) in PLACES {
        let watched = Watched::ready(bench, "perform")?;
        let process = watched.child.process.copy(Rights::ALL)?;
        let tracer = Tracer::watch(process, TraceFlags::EXIT)?;
        watched.command(Syscall::Clock, [0; 6])?;
        let stop = tracer.next(after(SOON_NS))?;
        bench.same("stage", stop.stage, TraceStage::Exit)?;
        let debuggee = watched.debuggee()?;
        let frame = debuggee.registers()?;
        debuggee.set_registers(&SavedFrame { rip: place, rcx: place, ..frame })?;
        stop.resume()?;
        faults_there(bench, &watched, place, kind)?;
    }
    Ok(())
}

fn wild_stacks(bench: &Bench) -> Outcome {
    for rsp in [0, 1, USER_END, 1 << 63, 0xffff_8000_0000_0000, u64::MAX] {
        let (watched, debuggee) = stopped(bench)?;
        let frame = debuggee.registers()?;
        debuggee.set_registers(&SavedFrame { rsp, ..frame })?;
        watched.child.process.resume()?;
        // It spins without its stack, and is interrupted there.
        sys::sleep_for(3_000_000);
        watched.suspend()?;
        bench.same("stack", debuggee.registers()?.rsp, rsp)?;
    }
    Ok(())
}

fn every_flag(bench: &Bench) -> Outcome {
    const TRAP: u64 = 8;
    /// What user mode may choose; interrupts stay on, bit 1 is always set.
    const CHOICE: u64 = 0b0010_0100_0000_1100_1101_0101;
    const ALWAYS: u64 = 1 << 9 | 1 << 1;
    for bit in (0..64).filter(|bit| *bit != TRAP) {
        let (watched, debuggee) = stopped(bench)?;
        let frame = debuggee.registers()?;
        debuggee.set_registers(&SavedFrame { rflags: 1 << bit, ..frame })?;
        bench.same("flags", debuggee.registers()?.rflags, 1 << bit & CHOICE | ALWAYS)?;
        watched.child.process.resume()?;
        bench.hold("it goes on", watched.quiet(500_000))?;
    }
    let (watched, debuggee) = stopped(bench)?;
    let frame = debuggee.registers()?;
    debuggee.set_registers(&SavedFrame { rflags: u64::MAX, ..frame })?;
    watched.child.process.resume()?;
    let trouble = watched.trouble()?;
    let seen = trouble.seen;
    trouble.kill();
    bench.same("with all of them", (seen.kind, seen.code), (Some(FaultKind::Debug), 1 << 14))
}

fn initial_registers(bench: &Bench) -> Outcome {
    let (watched, _) = stopped(bench)?;
    let process = &watched.child.process;
    let _thread = Thread::create(process, 0x1234, 0x5678, 0x9abc, Priority(1))?;
    let first = Debuggee::of(process, 0)?.registers()?;
    let second = Debuggee::of(process, 1)?.registers()?;
    let new = [first, second].into_iter().find(|frame| frame.rip == 0x1234);
    let wanted = SavedFrame {
        rip: 0x1234,
        rsp: 0x5678,
        rdi: 0x9abc,
        rflags: 0x202,
        ..SavedFrame::default()
    };
    bench.same("registers", new, Some(wanted))
}

/// In use, for execution.
const EXECUTE: u64 = 1;

fn at(address: u64, control: u64) -> DebugRegisters {
    DebugRegisters { address: [address, 0, 0, 0], control }
}

fn first_instruction(bench: &Bench) -> Outcome {
    let (watched, debuggee, place) = spinning(bench)?;
    watched.suspend()?;
    let frame = debuggee.registers()?;
    debuggee.set_registers(&SavedFrame { rip: place, ..frame })?;
    debuggee.set_debug_registers(&at(place, EXECUTE))?;
    watched.child.process.resume()?;
    let trouble = watched.trouble()?;
    let seen = trouble.seen;
    trouble.kill();
    bench.same("kind and code", (seen.kind, seen.code), (Some(FaultKind::Debug), 1))?;
    bench.same("place", seen.rip, place)
}

/// All children are the same program: an address that one spins at is another's too.
fn their_thread_alone(bench: &Bench) -> Outcome {
    let (watched, debuggee, place) = spinning(bench)?;
    let (other, _, others_place) = spinning(bench)?;
    bench.same("place", others_place, place)?;
    watched.suspend()?;
    debuggee.set_debug_registers(&at(place, EXECUTE))?;
    bench.same("told", debuggee.debug_registers()?, at(place, EXECUTE))?;
    bench.hold("the other goes on", other.quiet(20_000_000))?;
    watched.child.process.resume()?;
    let trouble = watched.trouble()?;
    let pid = trouble.seen.pid;
    trouble.kill();
    bench.same("whose", pid, u64::from(watched.child.process.info()?.pid))?;
    bench.hold("the other goes on", other.quiet(20_000_000))
}

fn breakpoint_is_passed(bench: &Bench) -> Outcome {
    let (watched, debuggee, place) = spinning(bench)?;
    watched.suspend()?;
    debuggee.set_debug_registers(&at(place, EXECUTE))?;
    watched.child.process.resume()?;
    let trouble = watched.trouble()?;
    trouble.resume();
    // It spins past the breakpoint, and comes there again.
    let trouble = watched.trouble()?;
    let again = trouble.seen.rip;
    debuggee.set_debug_registers(&DebugRegisters::default())?;
    trouble.resume();
    sys::sleep_for(5_000_000);
    watched.suspend()?;
    bench.same("place", again, place)?;
    let text = format!("{:?}", debuggee.debug_registers()?);
    bench.same("registers", text, format!("{:?}", DebugRegisters::default()))
}

fn running_thread(bench: &Bench) -> Outcome {
    let watched = Watched::start(bench, &["spin"])?;
    let debuggee = watched.debuggee()?;
    bench.refused("registers", debuggee.registers(), sys::Error::BadState)?;
    let set = debuggee.set_debug_registers(&DebugRegisters::default());
    bench.refused("debug registers", set, sys::Error::BadState)
}
