//! Once per system call: who looks at it, in which order, how often.

use super::kit::{BYTES, CPU, boot};
use crate::exit::Next;
use crate::hosted::{DATA, Driver};
use crate::machine::Interrupt;
use crate::object::ThreadId;
use crate::work::Work;
use abi::{Error, Rights, SavedFrame, Syscall, TraceFlags, TraceReply, TraceStage};

/// A child whose calls the first program watches.
struct Watched {
    driver: Driver,
    child: u64,
    endpoint: u64,
    thread: ThreadId,
}

const BADGE: u64 = 7;

fn flags(of: &[TraceFlags]) -> u64 {
    of.iter().fold(TraceFlags::empty(), |all, flag| all | *flag).bits()
}

/// The child's only thread runs, more urgent than its tracer.
fn watched(of: &[TraceFlags]) -> Watched {
    let mut driver = boot();
    let (child, _) = driver.child(0);
    driver.give_page(child);
    let endpoint = driver.make(Syscall::EndpointCreate, &[]);
    let tracer = if flags(of) & 7 == 0 { 0 } else { endpoint };
    driver.call(Syscall::ProcessTrace, &[child, tracer, BADGE, flags(of)]).unwrap();
    let thread = driver.start_urgent(child);
    Watched { driver, child, endpoint, thread }
}

impl Watched {
    /// The tracer takes the next stop: its words and the reply token.
    fn stop(&mut self, stage: TraceStage) -> ([u64; 7], u64) {
        let me = self.driver.raw(Syscall::Recv as u64, &[self.endpoint], 0);
        assert_eq!(self.driver.next, Next::User(me), "no stop came");
        let outcome = self.driver.result(me).unwrap();
        let badge = BADGE | u64::from(self.thread.number()) << 32;
        assert_eq!(outcome.values, (badge, u64::from(stage.label())));
        (outcome.words, outcome.token)
    }

    fn answer(&mut self, token: u64, reply: TraceReply, words: &[u64]) {
        let mut arguments = vec![token, reply as u64];
        arguments.extend(words);
        self.driver.raw(Syscall::Reply as u64, &arguments, 0);
    }
}

/// The tracer lets a call through, whose receiver runs in its place at once: what is left of the
/// turn was the caller's.
#[test]
fn exit_14_a_turn_ends_when_another_thread_becomes_current() {
    let mut driver = boot();
    let (child, _) = driver.child(0);
    let endpoint = driver.make(Syscall::EndpointCreate, &[]);
    let talk = driver.make(Syscall::EndpointCreate, &[]);
    let talk = driver.give(child, talk, Rights::ALL, 0);
    // It waits since before anybody watched.
    let receiver = driver.start_urgent(child);
    driver.raw(Syscall::Recv as u64, &[talk], 0);
    let stops = flags(&[TraceFlags::ENTER, TraceFlags::EXIT]);
    driver.call(Syscall::ProcessTrace, &[child, endpoint, BADGE, stops]).unwrap();
    let thread = driver.start_urgent(child);
    driver.raw(Syscall::Call as u64, &[talk, 5], 0);
    let mut watched = Watched { driver, child, endpoint, thread };
    let (_, token) = watched.stop(TraceStage::Enter);
    watched.answer(token, TraceReply::Resume, &[]);
    let driver = &watched.driver;
    assert_eq!(driver.next, Next::User(receiver), "it is stopped after a call it never made");
    assert_eq!(driver.outcome(receiver).unwrap().values.1, 5);
    let waiting = driver.kernel.objects.threads[thread].work.0;
    assert_ne!(waiting & Work::CallExit.flag(), 0, "the caller's own stop is to come");
    crate::tests::invariants::check(&driver.kernel);
}

/// A tracer that answers and waits in one call, as servers do: the call is made all the same.
#[test]
fn exit_18_a_tracer_that_waits_again_lets_the_call_through() {
    let mut watched = watched(&[TraceFlags::ENTER]);
    let thread = watched.thread;
    watched.driver.raw(Syscall::EndpointCreate as u64, &[], 0);
    let (_, token) = watched.stop(TraceStage::Enter);
    let endpoint = watched.endpoint;
    let answer = TraceReply::Resume as u64 | endpoint << 32;
    watched.driver.raw(Syscall::ReplyRecv as u64, &[token, answer], 0);
    assert_eq!(watched.driver.next, Next::User(thread));
    let made = watched.driver.outcome(thread).unwrap();
    assert_ne!(made.values.0, 0, "a handle came of the call");
}

fn counted(driver: &Driver, work: Work) -> u64 {
    driver.kernel.cpu(CPU).work_counts[work as usize]
}

#[test]
fn exit_14_exit_hooks_run_once_per_call_through_interrupts_and_reschedules() {
    let mut watched = watched(&[TraceFlags::POINT]);
    let driver = &mut watched.driver;
    let line = driver.kernel.stats.irqs[6];
    // Each hook writes one record: that of the entry, and that of the exit.
    let records = |driver: &Driver| driver.kernel.trace.from(u64::MAX);
    let before = records(driver);
    for round in 1..=100 {
        for _ in 0..3 {
            driver.kernel.machine.arriving.push_back(Interrupt::Line(6));
        }
        // Many turns.
        let memory = driver.make(Syscall::MemoryCreate, &[50]);
        driver.call(Syscall::HandleClose, &[memory]).unwrap();
        assert_eq!(records(driver) - before, 4 * round);
        driver.interrupt(Interrupt::Timer);
        driver.interrupt(Interrupt::Ipi);
    }
    assert_eq!(records(driver) - before, 400, "never on the exits of interrupts");
    assert_eq!(driver.kernel.stats.irqs[6] - line, 300, "all came between two turns");
}

#[test]
fn exit_14_a_call_that_waits_has_its_exit_when_it_has_its_result() {
    let mut watched = watched(&[TraceFlags::POINT]);
    let driver = &mut watched.driver;
    driver.raw(Syscall::Sleep as u64, &[500], 0);
    let records = |driver: &Driver| driver.kernel.trace.get(1).copied();
    assert_eq!(records(driver), None, "it sleeps");
    driver.advance(1_000);
    assert_eq!(driver.next, Next::User(watched.thread));
    assert_eq!(records(driver).unwrap().stage, TraceStage::Exit as u64);
}

#[test]
fn exit_15_hooks_have_a_fixed_order() {
    let mut watched =
        watched(&[TraceFlags::AUDIT, TraceFlags::POINT, TraceFlags::ENTER, TraceFlags::EXIT]);
    let before = watched.driver.kernel.stats.log_bytes;
    watched.driver.raw(Syscall::Clock as u64, &[], 0);
    // On the way in the tracer is first: nothing was written yet.
    let (_, token) = watched.stop(TraceStage::Enter);
    assert_eq!(watched.driver.kernel.stats.log_bytes, before);
    assert_eq!(watched.driver.kernel.trace.get(0), None);
    watched.answer(token, TraceReply::Resume, &[]);
    // On the way out it is last: everything was written before the stop.
    let (_, token) = watched.stop(TraceStage::Exit);
    assert!(watched.driver.kernel.stats.log_bytes > before);
    let stages = [0, 1].map(|number| watched.driver.kernel.trace.get(number).unwrap().stage);
    assert_eq!(stages, [TraceStage::Enter as u64, TraceStage::Exit as u64]);
    watched.answer(token, TraceReply::Resume, &[]);
    assert_eq!(watched.driver.next, Next::User(watched.thread));
}

#[test]
fn exit_16_a_step_is_reported_when_set_and_not_emulated() {
    for (step, emulated) in [(false, false), (false, true), (true, false), (true, true)] {
        let mut of = vec![TraceFlags::ENTER, TraceFlags::EXIT];
        if step {
            of.push(TraceFlags::STEP);
        }
        let mut watched = watched(&of);
        watched.driver.raw(Syscall::Clock as u64, &[], 0);
        let (_, token) = watched.stop(TraceStage::Enter);
        let reply = if emulated { TraceReply::Skip } else { TraceReply::Resume };
        watched.answer(token, reply, &[0, 11, 22]);
        let stage = if step && !emulated { TraceStage::Step } else { TraceStage::Exit };
        watched.stop(stage);
    }
}

#[test]
fn exit_17_a_dispatched_call_runs_no_hooks() {
    let mut watched = watched(&[TraceFlags::POINT, TraceFlags::ENTER, TraceFlags::EXIT]);
    // The child waits in a stop, so that its tracer can arrange the dispatch.
    watched.driver.raw(Syscall::Yield as u64, &[], 0);
    let (_, token) = watched.stop(TraceStage::Enter);
    let (child, endpoint) = (watched.child, watched.endpoint);
    watched.driver.call(Syscall::ProcessDispatch, &[child, endpoint, BADGE]).unwrap();
    watched.answer(token, TraceReply::Resume, &[]);
    let (_, token) = watched.stop(TraceStage::Exit);
    watched.answer(token, TraceReply::Resume, &[]);
    let (exits, records) = (counted(&watched.driver, Work::CallExit), 2);
    // A number that the kernel does not know is the personality's.
    watched.driver.raw(12_345, &[1, 2, 3, 4, 5, 6], 0);
    let (words, token) = watched.stop(TraceStage::Dispatch);
    assert_eq!(words, [12_345, 1, 2, 3, 4, 5, 6]);
    watched.answer(token, TraceReply::Resume, &[0, 42, 43, 44]);
    assert_eq!(watched.driver.next, Next::User(watched.thread));
    let outcome = watched.driver.result(watched.thread).unwrap();
    assert_eq!((outcome.values, outcome.words[0]), ((42, 43), 44));
    assert_eq!(counted(&watched.driver, Work::CallExit), exits);
    assert_eq!(watched.driver.kernel.trace.get(records), None);
}

#[test]
fn exit_18_the_filter_sees_what_the_tracer_made_of_the_call() {
    let mut watched = watched(&[TraceFlags::ENTER, TraceFlags::EXIT]);
    watched.driver.raw(Syscall::Yield as u64, &[], 0);
    let (_, token) = watched.stop(TraceStage::Enter);
    let forbidden = Syscall::Clock;
    let low = !(1 << forbidden as u64);
    let child = watched.child;
    watched.driver.call(Syscall::ProcessFilter, &[child, low, u64::MAX]).unwrap();
    watched.answer(token, TraceReply::Rewrite, &[forbidden as u64]);
    // A refused call still has its exit.
    let (words, _) = watched.stop(TraceStage::Exit);
    assert_eq!(words[..2], [forbidden as u64, Error::NoRight as u64]);
}

#[test]
fn exit_18_a_tracer_changes_number_and_arguments() {
    let mut watched = watched(&[TraceFlags::ENTER]);
    watched.driver.raw(Syscall::Yield as u64, &[], 0);
    let (words, token) = watched.stop(TraceStage::Enter);
    assert_eq!(words[0], Syscall::Yield as u64);
    watched.answer(token, TraceReply::Rewrite, &[Syscall::CpuInfo as u64, 99, DATA]);
    assert_eq!(watched.driver.result(watched.thread), Err(Error::BadArgument), "no CPU 99");
}

/// Another thread of the traced program could swap the call under the tracer's eyes.
#[test]
fn exit_18_the_call_that_is_made_is_the_one_that_was_shown() {
    let mut watched = watched(&[TraceFlags::ENTER, TraceFlags::EXIT]);
    watched.driver.raw(Syscall::Yield as u64, &[], 0);
    let (words, token) = watched.stop(TraceStage::Enter);
    assert_eq!(words[0], Syscall::Yield as u64);
    let child = watched.child;
    let thread = watched.driver.make(Syscall::ProcessThread, &[child, 0]);
    watched.driver.call(Syscall::ThreadRegisters, &[thread, BYTES, 0]).unwrap();
    let swap = |driver: &mut Driver| {
        let mut bytes = driver.peek(BYTES, size_of::<SavedFrame>());
        let number = core::mem::offset_of!(SavedFrame, rax);
        bytes[number..number + 8].copy_from_slice(&(Syscall::Clock as u64).to_le_bytes());
        driver.poke(BYTES, &bytes);
        driver.call(Syscall::ThreadRegisters, &[thread, BYTES, 1])
    };
    let shown = swap(&mut watched.driver);
    // It is answered, but does not run yet.
    watched.driver.call(Syscall::ProcessSuspend, &[child]).unwrap();
    watched.answer(token, TraceReply::Resume, &[]);
    let answered = swap(&mut watched.driver);
    watched.driver.call(Syscall::ProcessResume, &[child]).unwrap();
    let (words, _) = watched.stop(TraceStage::Exit);
    assert_eq!(words[..2], [Syscall::Yield as u64, 0], "another call was made");
    assert_eq!((shown, answered), (Err(Error::BadState), Err(Error::BadState)));
}

#[test]
fn exit_18_a_skipped_call_is_not_made() {
    let mut watched = watched(&[TraceFlags::ENTER]);
    watched.driver.raw(Syscall::EndpointCreate as u64, &[], 0);
    let (_, token) = watched.stop(TraceStage::Enter);
    let objects = watched.driver.kernel.system_info().objects;
    watched.answer(token, TraceReply::Skip, &[0, 77, 78]);
    assert_eq!(watched.driver.result(watched.thread).unwrap().values, (77, 78));
    assert_eq!(watched.driver.kernel.system_info().objects, objects);
}

#[test]
fn a_tracer_that_dies_is_not_asked_any_more() {
    let mut watched = watched(&[TraceFlags::ENTER, TraceFlags::EXIT]);
    watched.driver.raw(Syscall::Clock as u64, &[], 0);
    let endpoint = watched.endpoint;
    watched.driver.raw(Syscall::HandleClose as u64, &[endpoint], 0);
    assert_eq!(watched.driver.next, Next::User(watched.thread));
    assert!(watched.driver.result(watched.thread).is_ok());
    watched.driver.call(Syscall::Clock, &[]).unwrap();
}

#[test]
fn a_personality_that_dies_fails_the_call() {
    let mut watched = watched(&[TraceFlags::ENTER]);
    watched.driver.raw(Syscall::Yield as u64, &[], 0);
    let (_, token) = watched.stop(TraceStage::Enter);
    let (child, endpoint) = (watched.child, watched.endpoint);
    watched.driver.call(Syscall::ProcessDispatch, &[child, endpoint, BADGE]).unwrap();
    watched.answer(token, TraceReply::Resume, &[]);
    watched.driver.raw(Syscall::Clock as u64, &[], 0);
    watched.driver.raw(Syscall::HandleClose as u64, &[endpoint], 0);
    assert_eq!(watched.driver.result(watched.thread), Err(Error::PeerDied));
}

#[test]
fn a_program_can_only_narrow_its_own_filter() {
    let mut driver = boot();
    let clock = 1 << Syscall::Clock as u64;
    driver.call(Syscall::ProcessFilter, &[0, !clock, u64::MAX]).unwrap();
    assert_eq!(driver.call(Syscall::Clock, &[]), Err(Error::NoRight));
    driver.call(Syscall::ProcessFilter, &[0, u64::MAX, u64::MAX]).unwrap();
    assert_eq!(driver.call(Syscall::Clock, &[]), Err(Error::NoRight));
}

#[test]
fn watching_needs_the_right_and_a_place_for_stops() {
    let mut driver = boot();
    let (child, _) = driver.child(0);
    let endpoint = driver.make(Syscall::EndpointCreate, &[]);
    let powerless =
        driver.make(Syscall::HandleCopy, &[child, u64::from(Rights::TRANSFER.bits()), 0]);
    let enter = TraceFlags::ENTER.bits();
    let refused = |driver: &mut Driver, arguments: [u64; 4]| {
        driver.call(Syscall::ProcessTrace, &arguments).unwrap_err()
    };
    assert_eq!(refused(&mut driver, [powerless, endpoint, 0, enter]), Error::NoRight);
    assert_eq!(refused(&mut driver, [child, 0, 0, enter]), Error::BadArgument);
    assert_eq!(refused(&mut driver, [child, endpoint, 0, 1 << 9]), Error::BadArgument);
    assert_eq!(refused(&mut driver, [child, endpoint, 1 << 32, enter]), Error::BadArgument);
    assert_eq!(refused(&mut driver, [0, endpoint, 0, enter]), Error::BadArgument);
}

#[test]
fn exit_21_numbers_beyond_the_table_are_no_calls() {
    let mut driver = boot();
    let end = Syscall::END;
    for number in [u64::MAX, 1 << 31, 1 << 63, end, end - 1, 0, end + Syscall::Clock as u64] {
        let me = driver.raw(number, &[1, 2, 3], 0);
        assert_eq!(driver.result(me), Err(Error::NoSuchCall), "{number:#x}");
    }
    let unused = (0..end).filter(|number| Syscall::from_number(*number).is_none());
    for number in unused {
        let me = driver.raw(number, &[1, 2, 3], 0);
        assert_eq!(driver.result(me), Err(Error::NoSuchCall), "{number:#x}");
    }
}

#[test]
fn exit_21_every_call_has_a_place_in_the_table() {
    let mut driver = boot();
    // A filter that allows nothing refuses what exists; what does not exist is no call.
    driver.call(Syscall::ProcessFilter, &[0, 0, 0]).unwrap();
    for call in Syscall::ALL {
        assert!((*call as u64) < Syscall::END);
        assert_eq!(driver.call(*call, &[]), Err(Error::NoRight), "{call:?}");
    }
}
