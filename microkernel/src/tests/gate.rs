//! The exit core. Tests that carry a number belong to a property of the same number in the
//! list of what a faithful exit-to-user core must do.

use super::kit::{CPU, boot};
use crate::cpu::Context;
use crate::exit::{Entry, ExitAction, Kind, Next, Phase};
use crate::hosted::{Driver, Hosted, Place, Smp};
use crate::kernel::{Kernel, Sizes};
use crate::machine::{CpuId, Interrupt};
use crate::object::Life;
use crate::work::{ITEMS, Work};
use abi::Syscall;
use core::sync::atomic::Ordering;

#[test]
fn exit_01_as_many_exits_as_entries() {
    let mut driver = boot();
    for round in 0..50 {
        match round % 5 {
            0 => driver.interrupt(Interrupt::Ipi),
            1 => drop(driver.raw(Syscall::Sleep as u64, &[round], 0)),
            2 => driver.advance(100),
            _ => drop(driver.call(Syscall::Clock, &[])),
        }
        // Inside of an entry both are equal: the first exit had no entry.
        let info = driver.kernel.system_info();
        assert_eq!(info.exits, info.entries + 1, "round {round}");
        if driver.next == Next::Idle {
            driver.advance(100);
        }
    }
}

#[test]
fn exit_02_leaves_only_with_no_flag_set() {
    let mut driver = boot();
    for _ in 0..4 {
        driver.kernel.machine.arriving.push_back(Interrupt::Line(7));
    }
    driver.raw(Syscall::Yield as u64, &[], 0);
    assert_eq!(driver.kernel.read_work(CPU), 0);
}

#[test]
fn exit_03_a_flag_set_while_interrupts_are_on_is_seen() {
    let mut driver = boot();
    let notification = driver.make(Syscall::NotificationCreate, &[]);
    driver.make(Syscall::IrqCreate, &[1, 7, notification, 1]);
    let waiter = driver.start_urgent(0);
    driver.raw(Syscall::Wait as u64, &[notification, u64::MAX], 0);
    // The interrupt arrives in the window between two turns of a long operation.
    driver.kernel.machine.arriving.push_back(Interrupt::Line(7));
    driver.raw(Syscall::MemoryCreate as u64, &[200], 0);
    assert_eq!(driver.next, Next::User(waiter));
}

/// The turn that kills a thread also brings the interrupt that a more urgent one waits for.
#[test]
fn exit_08_what_a_turn_read_of_one_thread_is_not_done_to_the_next() {
    let mut driver = Driver::boot_with(&Sizes::for_memory(1024 * abi::PAGE_SIZE, 1024), 2);
    let cpu = CpuId(1);
    let bell = driver.make(Syscall::NotificationCreate, &[]);
    driver.make(Syscall::IrqCreate, &[1, 7, bell, 1]);
    let (urgent, waiter) = driver.thread(0, 40);
    let (child, process) = driver.child_of(0, 30);
    let (victim, killed) = driver.thread(child, 30);
    for thread in [urgent, victim] {
        driver.call(Syscall::ThreadAffinity, &[thread, 1 << 1]).unwrap();
        driver.raw(Syscall::ThreadResume as u64, &[thread], 0);
    }
    let mut smp = Smp::from(driver);
    smp.settle();
    smp.syscall(cpu, Syscall::Wait as u64, &[bell, u64::MAX], 0);
    smp.settle();
    assert_eq!(smp.place(cpu), Place::User(killed));
    smp.syscall(CpuId(0), Syscall::ProcessKill as u64, &[child, 0], 0);
    // The IPI is still on its way.
    smp.interrupt(cpu, Interrupt::Line(7));
    smp.settle();
    assert_eq!(smp.place(cpu), Place::User(waiter));
    assert_ne!(smp.kernel.objects.processes[process].life, Life::Alive);
    assert_ne!(smp.kernel.current(cpu), Some(killed));
}

/// The next section after an interrupt window.
fn resume(driver: &mut Driver) -> Option<Next> {
    driver.kernel.handle(CPU, Entry::Resume).map(ExitAction::thread)
}

/// Enters with a call whose work takes many turns.
fn begin_long_operation(driver: &mut Driver) {
    let frame = driver.frame();
    (frame.number_status, frame.value0) = (Syscall::MemoryCreate as u64, 200);
    assert!(driver.kernel.handle(CPU, Entry::Syscall).is_none(), "work is left");
}

/// A thread can be woken and sleep again while another one's long operation keeps the loop
/// from leaving: its deadline must not wait for the end of that.
#[test]
fn exit_04_the_timer_is_set_between_the_turns_of_a_long_operation() {
    let mut driver = boot();
    begin_long_operation(&mut driver);
    driver.kernel.sched().put_deadline(1, 5_000_000);
    assert_eq!(resume(&mut driver), None, "more pieces to come");
    assert_eq!(driver.kernel.machine.timer_ns, Some(5_000_000));
}

/// The rows that run in one step of the loop, by number.
fn rows_of_one_step(driver: &mut Driver) -> (Vec<usize>, Option<Next>) {
    let before = driver.kernel.cpu(CPU).work_counts;
    let next = resume(driver);
    let after = driver.kernel.cpu(CPU).work_counts;
    ((0..ITEMS).filter(|row| after[*row] > before[*row]).collect(), next)
}

/// A flag in the mask without a row would keep the loop from leaving; a row outside of the mask
/// would never run.
#[test]
fn exit_05_each_bit_of_the_work_word_runs_its_row_or_nothing() {
    for bit in 0..u32::BITS {
        let mut driver = boot();
        let me = driver.running();
        driver.kernel.enter(CPU);
        driver.kernel.cpu(CPU).work.fetch_or(1 << bit, Ordering::AcqRel);
        let (rows, next) = rows_of_one_step(&mut driver);
        match Kernel::<Hosted>::WORK.get(bit as usize) {
            Some(item) => assert!(rows.contains(&(bit as usize)), "{}: {rows:?}", item.work.name()),
            None => assert_eq!((rows, next), (Vec::new(), Some(Next::User(me))), "bit {bit}"),
        }
    }
}

#[test]
fn exit_05_each_flag_alone_runs_its_handler_once() {
    for (index, item) in Kernel::<Hosted>::WORK.iter().enumerate() {
        let mut driver = boot();
        if matches!(item.work.name(), "interrupts" | "reap" | "kill") {
            continue;
        }
        let before = driver.kernel.cpu(CPU).work_counts[index];
        driver.kernel.cpu(CPU).work.fetch_or(item.work.flag(), Ordering::AcqRel);
        driver.interrupt(Interrupt::Ipi);
        let after = driver.kernel.cpu(CPU).work_counts[index];
        assert_eq!(after - before, 1, "{}", item.work.name());
    }
}

/// A deadline makes a more urgent thread ready before the same pass chooses the next thread;
/// the work of the preempted thread, which comes later in the order, waits until it runs again.
#[test]
fn exit_06_a_deadline_is_handled_before_the_next_thread_is_chosen() {
    let mut driver = boot();
    let me = driver.running();
    let notification = driver.make(Syscall::NotificationCreate, &[]);
    let timer = driver.make(Syscall::TimerCreate, &[notification, 1]);
    let waiter = driver.start_urgent(0);
    driver.call(Syscall::TimerArm, &[timer, 50]).unwrap();
    driver.raw(Syscall::Wait as u64, &[notification, u64::MAX], 0);
    assert_eq!(driver.next, Next::User(me));
    driver.kernel.enter(CPU);
    driver.kernel.machine.now_ns += 50;
    for work in [Work::Deadlines, Work::Reschedule] {
        driver.kernel.cpu(CPU).work.fetch_or(work.flag(), Ordering::AcqRel);
    }
    driver.kernel.sched().set_thread_work(me, Work::CompatResults);
    let (rows, next) = rows_of_one_step(&mut driver);
    assert_eq!(rows, [Work::Deadlines as usize, Work::Reschedule as usize]);
    assert_eq!(next, Some(Next::User(waiter)));
}

#[test]
fn exit_06_a_killed_thread_does_none_of_its_other_work() {
    let mut driver = boot();
    let me = driver.running();
    driver.kernel.enter(CPU);
    for work in [Work::Upcall, Work::CompatResults, Work::Fault, Work::CallExit, Work::Kill] {
        driver.kernel.sched().set_thread_work(me, work);
    }
    let (rows, next) = rows_of_one_step(&mut driver);
    assert_eq!(rows, [Work::Kill as usize, Work::Reschedule as usize]);
    assert_eq!(next, Some(Next::Idle));
}

#[test]
fn exit_07_work_that_asks_for_itself_again_runs_again() {
    let mut driver = crate::hosted::Driver::boot(8192);
    let notification = driver.make(Syscall::NotificationCreate, &[]);
    let timers: Vec<u64> =
        (0..150).map(|_| driver.make(Syscall::TimerCreate, &[notification, 1])).collect();
    for timer in timers {
        driver.call(Syscall::TimerArm, &[timer, 100]).unwrap();
    }
    let deadlines = 1;
    let before = driver.kernel.cpu(CPU).work_counts[deadlines];
    let interrupts = driver.kernel.stats.timer_interrupts;
    driver.advance(100);
    let after = driver.kernel.cpu(CPU).work_counts[deadlines];
    assert_eq!(after - before, 9, "16 with the interrupt, 16 in each turn, then the rest");
    assert_eq!(driver.kernel.stats.timer_interrupts - interrupts, 1, "of the same interrupt");
    assert_eq!(driver.kernel.sched.deadlines.next_ns(), None);
}

#[test]
fn exit_09_work_made_by_other_work_is_drained() {
    let mut driver = boot();
    let notification = driver.make(Syscall::NotificationCreate, &[]);
    let timer = driver.make(Syscall::TimerCreate, &[notification, 1]);
    let waiter = driver.start_urgent(0);
    driver.call(Syscall::TimerArm, &[timer, 50]).unwrap();
    driver.raw(Syscall::Wait as u64, &[notification, u64::MAX], 0);
    // Interrupt -> deadline -> signal -> reschedule, all before user code runs.
    driver.advance(50);
    assert_eq!(driver.next, Next::User(waiter));
}

#[test]
fn exit_13_turns_are_counted() {
    let mut driver = boot();
    driver.raw(Syscall::Yield as u64, &[], 0);
    let info = driver.kernel.system_info();
    assert!(info.exits >= 2 && info.most_turns >= 1);
}

#[test]
#[should_panic(expected = "context is Kernel, expected User")]
fn exit_22_a_double_enter_is_caught() {
    let mut driver = boot();
    driver.kernel.enter(CPU);
    driver.kernel.enter(CPU);
}

#[test]
#[should_panic(expected = "expected Idle")]
fn exit_22_waking_a_cpu_that_was_not_idle_is_caught() {
    let mut driver = boot();
    driver.kernel.wake(CPU);
}

#[test]
fn exit_22_context_follows_the_decision() {
    let mut driver = boot();
    assert_eq!(driver.kernel.cpu(CPU).context, Context::User);
    driver.raw(Syscall::Sleep as u64, &[10], 0);
    assert_eq!(driver.kernel.cpu(CPU).context, Context::Idle);
}

#[test]
fn exit_31_an_interrupt_in_the_kernel_changes_no_context() {
    let mut driver = boot();
    let me = driver.running();
    begin_long_operation(&mut driver);
    driver.kernel.machine.arriving.push_back(Interrupt::Ipi);
    assert_eq!(resume(&mut driver), None);
    let before = driver.kernel.cpu(CPU).clock.kernel;
    driver.kernel.machine.let_one_in();
    assert_eq!(driver.kernel.cpu(CPU).context, Context::Kernel);
    assert_eq!(driver.kernel.cpu(CPU).clock.kernel, before, "no time was booked");
    assert_eq!(driver.kernel.current(CPU), Some(me));
    assert!(driver.kernel.read_work(CPU) & Work::Interrupts.flag() != 0, "it waits for a turn");
}

#[test]
fn exit_32_an_interrupt_for_a_less_urgent_thread_switches_nothing() {
    let mut driver = boot();
    let me = driver.running();
    let notification = driver.make(Syscall::NotificationCreate, &[]);
    driver.make(Syscall::IrqCreate, &[1, 6, notification, 1]);
    driver.interrupt(Interrupt::Line(6));
    assert_eq!(driver.next, Next::User(me));
    assert_eq!(driver.kernel.cpu(CPU).work.load(Ordering::Acquire) & Work::Reschedule.flag(), 0);
}

#[test]
fn exit_40_the_context_is_kernel_until_the_decision() {
    let mut driver = boot();
    let me = driver.running();
    begin_long_operation(&mut driver);
    for flag in [Work::Reschedule, Work::WakeUps, Work::Deadlines] {
        driver.kernel.cpu(CPU).work.fetch_or(flag.flag(), Ordering::AcqRel);
        assert_eq!(resume(&mut driver), None);
        assert_eq!(driver.kernel.cpu(CPU).context, Context::Kernel);
    }
    let next = core::iter::repeat_with(|| resume(&mut driver)).take(1000).find_map(|next| next);
    assert_eq!(next, Some(Next::User(me)));
    assert_eq!(driver.kernel.cpu(CPU).context, Context::User);
}

#[test]
fn exit_06_the_documented_table_is_the_table() {
    // Cargo starts a test in the folder of its package.
    let text = std::fs::read_to_string("README.md").unwrap();
    let rows = Kernel::<Hosted>::WORK.iter().enumerate().map(|(index, item)| {
        let kind = if item.kind == Kind::OneShot { "one-shot" } else { "level" };
        let phase = if item.phase == Phase::Loop { "loop" } else { "last" };
        let more = if item.makes_work() { "yes" } else { "no" };
        format!("| {index} | {} | {kind} | {phase} | {more} | {} |", item.work.name(), item.set_by)
    });
    let table = rows.collect::<Vec<_>>().join("\n");
    assert!(text.contains(&table), "microkernel/README.md should have:\n{table}");
}
