//! Once per system call: who looks at it, in which order, how often.
//!
//! After Linux's ptrace_syscall and syscall_numbering.

use crate::bench::{Bench, Check, Outcome, SOON_NS, after};
use crate::peer::{URGENT, run};
use crate::watched::Watched;
use abi::Syscall;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, Ordering};
use sys::trace::{Personality, Stop, TraceFlags, TraceRecord, TraceStage, Tracer, filter, records};
use sys::{Error, Failure, Process, Rights};

pub(super) const CHECKS: &[Check] = &[
    ("exit-14-one-exit-stop-for-each-call-through-a-storm", once_in_a_storm),
    ("exit-15-audit-then-trace-point-then-tracer", order_out),
    ("exit-16-a-step-is-set-and-not-emulated", steps),
    ("exit-17-a-dispatched-call-belongs-to-one-process", dispatched),
    ("exit-18-the-tracer-comes-before-filter-and-trace-point", order_in),
    ("exit-18-the-filter-sees-the-rewritten-number", filter_after_tracer),
    ("exit-18-a-skipped-call-has-its-exit", skipped),
    ("exit-21-a-tracer-writes-numbers-that-are-none", wild_numbers),
];

fn copy(watched: &Watched) -> Result<Process, Error> {
    watched.child.process.copy(Rights::ALL)
}

/// A child that waits for its command, and who watches it.
fn traced(bench: &Bench, flags: TraceFlags) -> Result<(Watched, Tracer), Failure> {
    let watched = Watched::ready(bench, "perform")?;
    let tracer = Tracer::watch(copy(&watched)?, flags)?;
    Ok((watched, tracer))
}

fn next(tracer: &Tracer) -> Result<Stop, Failure> {
    Ok(tracer.next(after(SOON_NS))?)
}

const BOTH: TraceFlags = TraceFlags::ENTER.union(TraceFlags::EXIT);

/// Timer interrupts and switches while it lives.
struct Storm(Arc<AtomicBool>);

impl Storm {
    fn start() -> Result<Self, Failure> {
        let stop = Arc::new(AtomicBool::new(false));
        let told = stop.clone();
        let _thread = run(URGENT, move || {
            while !told.load(Ordering::Relaxed) {
                sys::sleep_for(1_000_000);
            }
        })?;
        Ok(Self(stop))
    }
}

impl Drop for Storm {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
        sys::sleep_for(3_000_000);
    }
}

const CALLS: u64 = 400;

/// In a child: waits for the command, then makes many calls that switch or do not.
pub(crate) fn many_calls() {
    for _ in 0..CALLS / 2 {
        sys::yield_now();
        let _ = sys::clock();
    }
}

fn once_in_a_storm(bench: &Bench) -> Outcome {
    let watched = Watched::ready(bench, "many-calls")?;
    let tracer = Tracer::watch(copy(&watched)?, TraceFlags::EXIT)?;
    let _storm = Storm::start()?;
    watched.command(Syscall::Clock, [0; 6])?;
    let mut counts = [0_u64; 2];
    while counts[0] + counts[1] < CALLS {
        let stop = next(&tracer)?;
        bench.same("stage", stop.stage, TraceStage::Exit)?;
        match stop.words[0] {
            call if call == Syscall::Yield as u64 => counts[0] += 1,
            call if call == Syscall::Clock as u64 => counts[1] += 1,
            _ => {}
        }
        stop.resume()?;
    }
    bench.same("calls", counts, [CALLS / 2; 2])
}

/// The number behind the kernel's last record of this child, and how many it has.
fn recorded(bench: &Bench, watched: &Watched) -> Result<usize, Failure> {
    let pid = watched.child.process.info()?.pid;
    let (mut first, mut count) = (0, 0);
    loop {
        let mut some = [TraceRecord::default(); 16];
        let (found, behind) = records(&bench.resource, first, &mut some)?;
        count += some[..found].iter().filter(|record| record.pid == pid).count();
        if found < some.len() {
            return Ok(count);
        }
        first = behind;
    }
}

fn logged() -> Result<u64, Error> {
    Ok(sys::system_info()?.log_bytes)
}

fn order_out(bench: &Bench) -> Outcome {
    let flags = TraceFlags::EXIT.union(TraceFlags::POINT).union(TraceFlags::AUDIT);
    let (watched, tracer) = traced(bench, flags)?;
    let log = logged()?;
    watched.command(Syscall::Clock, [0; 6])?;
    let stop = next(&tracer)?;
    // Its entry and its exit are in both places before the tracer is asked.
    bench.same("records", recorded(bench, &watched)?, 2)?;
    bench.hold("log", logged()? > log)?;
    Ok(stop.resume()?)
}

fn order_in(bench: &Bench) -> Outcome {
    let flags = TraceFlags::ENTER.union(TraceFlags::POINT).union(TraceFlags::AUDIT);
    let (watched, tracer) = traced(bench, flags)?;
    let log = logged()?;
    watched.command(Syscall::Clock, [0; 6])?;
    let stop = next(&tracer)?;
    bench.same("records", recorded(bench, &watched)?, 0)?;
    bench.same("log", logged()?, log)?;
    stop.resume()?;
    let stop = next(&tracer)?;
    bench.same("records of the first call", recorded(bench, &watched)?, 2)?;
    bench.hold("log", logged()? > log)?;
    Ok(stop.resume()?)
}

fn steps(bench: &Bench) -> Outcome {
    let stepped = TraceFlags::STEP.union(TraceFlags::ENTER);
    for (flags, emulated, wanted) in [
        (BOTH, false, Some(TraceStage::Exit)),
        (BOTH, true, Some(TraceStage::Exit)),
        (stepped, false, Some(TraceStage::Step)),
        (stepped, true, None),
    ] {
        let (watched, tracer) = traced(bench, flags)?;
        watched.command(Syscall::Clock, [0; 6])?;
        let stop = next(&tracer)?;
        if emulated {
            stop.skip(0, 1, 2)?
        } else {
            stop.resume()?
        }
        let stop = next(&tracer)?;
        let found = (stop.stage != TraceStage::Enter).then_some(stop.stage);
        bench.same("stage", found, wanted)?;
        stop.resume()?;
    }
    Ok(())
}

fn dispatched(bench: &Bench) -> Outcome {
    let (watched, tracer) = traced(bench, BOTH.union(TraceFlags::POINT))?;
    let server = Personality::of(copy(&watched)?)?;
    watched.command(Syscall::ProcessCreate, [1, 2, 3, 4, 5, 6])?;
    let stop = server.next(after(SOON_NS))?;
    bench.same("stage", stop.stage, TraceStage::Dispatch)?;
    let wanted = [Syscall::ProcessCreate as u64, 1, 2, 3, 4, 5, 6];
    bench.same("number and arguments", stop.words, wanted)?;
    stop.result([0, 77, 0, 0, 0, 0, 0])?;
    // What the child does with it is to end: again a call that goes to the server.
    let stop = server.next(after(SOON_NS))?;
    let words = (stop.words[0], stop.words[2]);
    bench.same("the next call", words, (Syscall::ProcessKill as u64, 77))?;
    bench.same("records", recorded(bench, &watched)?, 0)?;
    let unasked = tracer.next(after(3_000_000)).map(|stop| stop.stage);
    bench.refused("the tracer", unasked, Error::TimedOut)
}

fn filter_after_tracer(bench: &Bench) -> Outcome {
    let (watched, tracer) = traced(bench, BOTH)?;
    filter(&watched.child.process, !(1 << Syscall::Yield as u32))?;
    watched.command(Syscall::Clock, [0; 6])?;
    next(&tracer)?.rewrite([Syscall::Yield as u64, 0, 0, 0, 0, 0, 0])?;
    let stop = next(&tracer)?;
    let found = (stop.stage, stop.words[0], stop.words[1]);
    let wanted = (TraceStage::Exit, Syscall::Yield as u64, Error::NoRight as u64);
    bench.same("stage, call, status", found, wanted)?;
    Ok(stop.resume()?)
}

fn skipped(bench: &Bench) -> Outcome {
    let (watched, tracer) = traced(bench, BOTH)?;
    watched.command(Syscall::Clock, [0; 6])?;
    next(&tracer)?.skip(0, 4242, 0)?;
    let stop = next(&tracer)?;
    bench.same("stage and value", (stop.stage, stop.words[2]), (TraceStage::Exit, 4242))?;
    stop.resume()?;
    drop(tracer);
    bench.same("what the child got", watched.child.status()?, 4242)
}

fn wild_numbers(bench: &Bench) -> Outcome {
    for number in [0, 19, 127, 128, 1 << 31, 1 << 32, 1 << 63, u64::MAX] {
        let (watched, tracer) = traced(bench, BOTH)?;
        watched.command(Syscall::Clock, [0; 6])?;
        next(&tracer)?.rewrite([number, 0, 0, 0, 0, 0, 0])?;
        let stop = next(&tracer)?;
        bench.same("status", stop.words[1], Error::NoSuchCall as u64)?;
        stop.resume()?;
    }
    Ok(())
}
