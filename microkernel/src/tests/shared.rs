//! Work that other CPUs make while a CPU does it: each exit is bounded, and nothing is lost.

use super::invariants::check;
use super::kit::BYTES;
use crate::cpu::SHARED_ITERATIONS;
use crate::hosted::{Driver, Place, Smp};
use crate::kernel::Sizes;
use crate::machine::{CpuId, Interrupt};
use crate::object::ThreadId;
use crate::work::Work;
use abi::{PAGE_SIZE, Syscall};

const CPUS: u16 = 4;
/// The CPU that reaps.
const REAPER: CpuId = CpuId(0);

/// A thread on each CPU. Those of the others are more urgent than the children that they make
/// and kill, the reaper's is not.
fn scene() -> Smp {
    let sizes = Sizes::for_memory(8192 * PAGE_SIZE, 8192);
    let mut driver = Driver::boot_with(&sizes, usize::from(CPUS));
    // Their name, and a quota that many of them can have at a time.
    driver.poke(BYTES, b"child");
    let quota: Vec<u8> = [2_u32, 1, 1, 1, 40, 0].iter().flat_map(|it| it.to_le_bytes()).collect();
    driver.poke(BYTES + 64, &quota);
    for cpu in 1..CPUS {
        let (thread, _) = driver.thread(0, 50);
        driver.call(Syscall::ThreadAffinity, &[thread, 1 << cpu]).unwrap();
        driver.raw(Syscall::ThreadResume as u64, &[thread], 0);
    }
    let mut smp = Smp::from(driver);
    smp.settle();
    assert!(smp.cpus().all(|cpu| smp.running(cpu).is_some()), "a thread runs on each CPU");
    smp
}

fn result(smp: &Smp, thread: ThreadId) -> u64 {
    smp.kernel.frame(thread).value0
}

/// The thread of this CPU makes a process and kills it, three calls and as many exits.
fn make_and_kill(smp: &mut Smp, cpu: CpuId) {
    let me = smp.running(cpu).expect("a maker runs");
    let before = smp.kernel.objects.processes.len();
    smp.syscall(cpu, Syscall::ProcessCreate as u64, &[BYTES, 5, BYTES + 64, 0, 0], 0);
    finish(smp, cpu);
    assert!(smp.kernel.objects.processes.len() > before, "a child was made");
    let child = result(smp, me);
    smp.syscall(cpu, Syscall::ProcessKill as u64, &[child, 0], 0);
    finish(smp, cpu);
    smp.syscall(cpu, Syscall::HandleClose as u64, &[child], 0);
    finish(smp, cpu);
}

fn finish(smp: &mut Smp, cpu: CpuId) {
    while smp.place(cpu) == Place::Window {
        smp.turn(cpu);
    }
}

/// Turns of the reaper from an interrupt until it leaves the kernel, while each of the others
/// kills a process in each of them.
fn turns_to_leave(smp: &mut Smp, interrupt: Interrupt) -> u32 {
    let others_kill = |smp: &mut Smp| (1..CPUS).for_each(|cpu| make_and_kill(smp, CpuId(cpu)));
    others_kill(smp);
    smp.interrupt(REAPER, interrupt);
    let mut turns = 1;
    while smp.place(REAPER) == Place::Window {
        others_kill(smp);
        smp.turn(REAPER);
        turns += 1;
        assert!(turns < 10 * SHARED_ITERATIONS, "the reaper never leaves the kernel");
    }
    check(&smp.kernel);
    turns
}

#[test]
fn exit_13_makers_and_killers_keep_no_cpu_in_its_exit() {
    let mut smp = scene();
    let mut interrupt = Interrupt::Ipi;
    for _ in 0..3 {
        let turns = turns_to_leave(&mut smp, interrupt);
        assert!(turns <= SHARED_ITERATIONS + 2, "{turns} turns");
        assert!(matches!(smp.place(REAPER), Place::User(_)), "its thread runs");
        assert!(smp.kernel.sched.is_postponed(REAPER, Work::Reap));
        // Its calls do not reap before the pause is over.
        smp.syscall(REAPER, Syscall::Clock as u64, &[], 0);
        assert!(matches!(smp.place(REAPER), Place::User(_)), "its thread runs on");
        smp.kernel.machine.now_ns += 1_000_000;
        interrupt = Interrupt::Timer;
    }
}

#[test]
fn exit_13_what_was_put_off_is_done_when_nobody_makes_more() {
    let mut smp = scene();
    turns_to_leave(&mut smp, Interrupt::Ipi);
    let killed = smp.kernel.objects.processes.len();
    assert!(killed > 100, "{killed} are to be reaped");
    for _ in 0..killed {
        smp.timer_fires(REAPER);
        smp.settle();
        check(&smp.kernel);
    }
    assert!(smp.kernel.objects.dying.is_empty());
    assert_eq!(smp.kernel.cpu(REAPER).postponed, 0);
    smp.kernel.objects.threads.ids().for_each(|id| assert!(!smp.kernel.objects.threads[id].dead));
}

#[test]
fn exit_13_a_cpu_without_a_thread_goes_on_at_once() {
    let mut smp = scene();
    // Its thread waits from now on; the bell never rings.
    finish(&mut smp, REAPER);
    smp.syscall(REAPER, Syscall::NotificationCreate as u64, &[], 0);
    let me = smp.running(REAPER).expect("it runs");
    let bell = result(&smp, me);
    smp.syscall(REAPER, Syscall::Wait as u64, &[bell, u64::MAX], 0);
    smp.settle();
    assert_eq!(smp.place(REAPER), Place::Idle);
    assert!(turns_to_leave(&mut smp, Interrupt::Ipi) <= SHARED_ITERATIONS + 2);
    assert_eq!(smp.place(REAPER), Place::Idle);
    let timer = smp.kernel.machine.cpus[0].timer_ns;
    assert!(timer.is_some_and(|timer| timer <= smp.kernel.machine.now_ns), "{timer:?}");
    smp.interrupt(REAPER, Interrupt::Timer);
    smp.turn(REAPER);
    assert_eq!(smp.place(REAPER), Place::Window, "it reaps");
}

/// Deadlines that pass as fast as they are handled, in an exit of one turn each.
#[test]
fn exit_13_deadlines_that_are_put_off_pass_after_the_pause() {
    let sizes = Sizes::for_memory(8192 * PAGE_SIZE, 8192);
    let mut driver = Driver::boot_with(&sizes, 1);
    let bell = driver.make(Syscall::NotificationCreate, &[]);
    let timers: Vec<u64> =
        (0..200).map(|_| driver.make(Syscall::TimerCreate, &[bell, 1])).collect();
    for timer in timers {
        driver.call(Syscall::TimerArm, &[timer, 1_000]).unwrap();
    }
    driver.kernel.sched.shared_iterations = 1;
    let mut smp = Smp::from(driver);
    smp.timer_fires(REAPER);
    smp.settle();
    check(&smp.kernel);
    assert!(smp.kernel.sched.is_postponed(REAPER, Work::Deadlines));
    let timer = smp.kernel.machine.cpus[0].timer_ns.expect("it goes on");
    assert!(timer > smp.kernel.machine.now_ns, "its thread runs in between");
    while smp.kernel.sched.deadlines.next_ns().is_some() {
        smp.timer_fires(REAPER);
        smp.settle();
        check(&smp.kernel);
    }
}
