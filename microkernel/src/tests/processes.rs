//! Processes: quota, death, what it gives back.

use super::kit::{BYTES, balance, boot};
use crate::exit::Next;
use crate::hosted::{Driver, Place, Smp};
use crate::kernel::Sizes;
use crate::machine::CpuId;
use crate::object::{Fault, Life, State};
use abi::{Error, FaultKind, Rights, Syscall};

#[test]
fn a_killed_process_gives_everything_back_and_tells() {
    let mut driver = boot();
    let death = driver.make(Syscall::NotificationCreate, &[]);
    let endpoint = driver.make(Syscall::EndpointCreate, &[]);
    let before = balance(&driver);
    for round in 0..200 {
        let (child, _) = driver.child(death);
        driver.give_page(child);
        let given = driver.give(child, endpoint, Rights::ALL, round);
        let (thread, id) = driver.thread(child, 40);
        driver.raw(Syscall::ThreadResume as u64, &[thread], 0);
        assert_eq!(driver.next, Next::User(id));
        driver.make(Syscall::MemoryCreate, &[3]);
        let timer = driver.make(Syscall::NotificationCreate, &[]);
        driver.make(Syscall::TimerCreate, &[timer, 1]);
        driver.raw(Syscall::Recv as u64, &[given], 0);
        driver.call(Syscall::ProcessKill, &[child, 137]).unwrap();
        assert_eq!(driver.call(Syscall::Wait, &[death, 0]).unwrap().values.0, 1);
        driver.call(Syscall::ProcessInfo, &[child, BYTES]).unwrap();
        let status = driver.peek(BYTES + 8, 8);
        assert_eq!(status, 137_u64.to_le_bytes());
        for handle in [child, thread] {
            driver.call(Syscall::HandleClose, &[handle]).unwrap();
        }
    }
    assert_eq!(balance(&driver), before);
}

#[test]
fn several_that_die_at_once_are_all_taken_apart() {
    let mut driver = boot();
    let death = driver.make(Syscall::NotificationCreate, &[]);
    let before = balance(&driver);
    let family: Vec<u64> = (0..3).map(|_| driver.child(death).0).collect();
    // An urgent thread kills them all before the less urgent dead are due.
    driver.call(Syscall::ThreadPriority, &[0, 60]).unwrap();
    for child in &family {
        driver.call(Syscall::ProcessKill, &[*child, 1]).unwrap();
    }
    assert_eq!(driver.call(Syscall::Wait, &[death, 0]), Err(Error::WouldBlock));
    driver.call(Syscall::ThreadPriority, &[0, 30]).unwrap();
    assert!(driver.kernel.objects.dying.is_empty());
    for child in family {
        driver.call(Syscall::HandleClose, &[child]).unwrap();
    }
    driver.call(Syscall::Wait, &[death, 0]).unwrap();
    assert_eq!(balance(&driver), before);
}

#[test]
fn a_dead_threads_notifications_serve_others() {
    let mut driver = boot();
    let bound = driver.make(Syscall::NotificationCreate, &[]);
    let diverting = driver.make(Syscall::NotificationCreate, &[]);
    driver.start_urgent(0);
    driver.call(Syscall::Bind, &[bound]).unwrap();
    driver.call(Syscall::UpcallRegister, &[diverting, 0x40_0100, 0, 0]).unwrap();
    driver.raw(Syscall::ThreadKill as u64, &[0], 0);
    driver.call(Syscall::Bind, &[bound]).unwrap();
    driver.call(Syscall::UpcallRegister, &[diverting, 0x40_0100, 0, 0]).unwrap();
    driver.call(Syscall::Signal, &[bound, 1]).unwrap();
}

#[test]
fn a_process_ends_with_its_last_thread() {
    let mut driver = boot();
    let death = driver.make(Syscall::NotificationCreate, &[]);
    let (child, id) = driver.child(death);
    let (thread, _) = driver.thread(child, 40);
    driver.raw(Syscall::ThreadResume as u64, &[thread], 0);
    driver.raw(Syscall::ThreadKill as u64, &[0], 0);
    assert_eq!(driver.kernel.objects.processes[id].life, Life::Dead);
    assert_eq!(driver.call(Syscall::Wait, &[death, 0]).unwrap().values.0, 1);
    assert_eq!(driver.call(Syscall::ThreadResume, &[thread]), Err(Error::PeerDied));
    let late = driver.call(Syscall::HandleGive, &[child, death, 1, 0]);
    assert_eq!(late, Err(Error::PeerDied));
}

#[test]
fn exit_status_is_the_programs_own() {
    let mut driver = boot();
    let (child, id) = driver.child(0);
    let (thread, _) = driver.thread(child, 40);
    driver.raw(Syscall::ThreadResume as u64, &[thread], 0);
    driver.raw(Syscall::ProcessKill as u64, &[0, 42], 0);
    assert_eq!(driver.kernel.objects.processes[id].status, 42);
    driver.call(Syscall::ProcessKill, &[child, 1]).unwrap();
    assert_eq!(driver.kernel.objects.processes[id].status, 42, "a second death changes nothing");
}

#[test]
fn the_end_of_the_first_process_ends_the_machine() {
    let mut driver = boot();
    assert_eq!(driver.kernel.first_program_status(), None);
    driver.raw(Syscall::ProcessKill as u64, &[0, 77], 0);
    assert_eq!(driver.next, Next::Shutdown(abi::exit_code::INIT_DIED));
    assert_eq!(driver.kernel.first_program_status(), Some(77));
}

#[test]
fn a_childs_quota_is_taken_from_its_parent_and_holds() {
    let mut driver = boot();
    let (child, _) = driver.child(0);
    let (thread, _) = driver.thread(child, 40);
    driver.raw(Syscall::ThreadResume as u64, &[thread], 0);
    let mut objects = 0;
    while driver.call(Syscall::NotificationCreate, &[]).is_ok() {
        objects += 1;
    }
    assert_eq!(objects, 16);
    assert_eq!(driver.call(Syscall::MemoryCreate, &[64]), Err(Error::QuotaExceeded));
    let mut threads = 1;
    while driver.call(Syscall::ThreadCreate, &[0, 0, 0, 0, 1]).is_ok() {
        threads += 1;
    }
    // All handle slots are in use by now: 16 notifications and threads share 16.
    assert!(threads <= 4);
}

#[test]
fn memory_for_a_child_is_the_childs() {
    let mut driver = boot();
    let (child, id) = driver.child(0);
    let memory = driver.make(Syscall::MemoryCreate, &[10, child]);
    let account = &driver.kernel.objects.quotas[driver.kernel.objects.processes[id].accounts.quota];
    assert_eq!(account.used.of(crate::object::Resource::Pages), 11, "and its root table");
    let much = driver.call(Syscall::MemoryCreate, &[60, child]);
    assert_eq!(much, Err(Error::QuotaExceeded));
    driver.call(Syscall::ProcessKill, &[child, 0]).unwrap();
    assert_eq!(driver.call(Syscall::MemoryCreate, &[1, child]), Err(Error::PeerDied));
    // The memory outlives who pays for it, and is given back with its last name.
    let before = driver.kernel.system_info().frames_free;
    driver.call(Syscall::HandleClose, &[memory]).unwrap();
    assert_eq!(driver.kernel.system_info().frames_free, before + 10);
    super::invariants::check(&driver.kernel);
}

#[test]
fn nobody_gives_more_urgency_than_he_has() {
    let mut driver = boot();
    let (child, _) = driver.child(0);
    let above = driver.call(Syscall::ThreadCreate, &[child, 0, 0, 0, 41]);
    assert_eq!(above, Err(Error::BadArgument));
    let none = driver.call(Syscall::ThreadCreate, &[child, 0, 0, 0, 64]);
    assert_eq!(none, Err(Error::BadArgument));
}

#[test]
fn a_suspended_process_stands_still() {
    let mut driver = boot();
    let (child, _) = driver.child(0);
    driver.give_page(child);
    let (thread, id) = driver.thread(child, 40);
    driver.call(Syscall::ProcessSuspend, &[child]).unwrap();
    driver.call(Syscall::ThreadResume, &[thread]).unwrap();
    assert_eq!(driver.state(id), State::Ready);
    driver.raw(Syscall::ProcessResume as u64, &[child], 0);
    assert_eq!(driver.next, Next::User(id));
    driver.raw(Syscall::ProcessSuspend as u64, &[0], 0);
    assert_ne!(driver.next, Next::User(id), "it stops itself too");
    driver.raw(Syscall::ThreadPriority as u64, &[thread, 1], 0);
    driver.call(Syscall::ProcessResume, &[child]).unwrap();
}

#[test]
fn bad_names_and_quotas_are_refused_and_cost_nothing() {
    let mut driver = boot();
    let before = balance(&driver);
    driver.poke(BYTES, b"name\xff\0");
    let quota = BYTES + 64;
    driver.poke(quota, &[1, 0, 0, 0]);
    let attempts = [
        ([BYTES, 0, quota, 0, 0], Error::BadArgument),
        ([BYTES, 17, quota, 0, 0], Error::BadArgument),
        ([BYTES, 5, quota, 0, 0], Error::BadArgument),
        ([0x6666_0000, 4, quota, 0, 0], Error::BadAddress),
        ([BYTES, 4, 0x6666_0000, 0, 0], Error::BadAddress),
        ([BYTES, 4, quota, 0xdead, 0], Error::BadHandle),
    ];
    for (arguments, error) in attempts {
        assert_eq!(driver.call(Syscall::ProcessCreate, &arguments), Err(error), "{arguments:?}");
    }
    driver.poke(quota, &[0xff; 16]);
    let greedy = driver.call(Syscall::ProcessCreate, &[BYTES, 4, quota, 0, 0]);
    assert_eq!(greedy, Err(Error::QuotaExceeded));
    driver.poke(quota, &[0; 16]);
    let poor = driver.call(Syscall::ProcessCreate, &[BYTES, 4, quota, 0, 0]);
    assert_eq!(poor, Err(Error::QuotaExceeded), "not even a root table");
    assert_eq!(balance(&driver), before);
}

#[test]
fn a_more_urgent_process_that_dies_with_another_one_is_not_lost() {
    let mut driver = boot();
    let endpoint = driver.make(Syscall::EndpointCreate, &[]);
    let death = driver.make(Syscall::NotificationCreate, &[]);
    // The handler is less urgent than the thread whose fault it holds when it is killed.
    let (handler, _) = driver.child_of(0, 30);
    let receive = driver.give(handler, endpoint, Rights::RECEIVE, 0);
    let (faulty, faulty_id) = driver.child_of(death, 40);
    driver.call(Syscall::ProcessFaults, &[faulty, endpoint, 1]).unwrap();
    let (thread, receiver) = driver.thread(handler, 30);
    driver.call(Syscall::ThreadResume, &[thread]).unwrap();
    driver.raw(Syscall::Yield as u64, &[], 0);
    assert_eq!(driver.running(), receiver);
    driver.raw(Syscall::Recv as u64, &[receive], 0);
    let (thread, faulting) = driver.thread(faulty, 40);
    driver.raw(Syscall::ThreadResume as u64, &[thread], 0);
    assert_eq!(driver.running(), faulting);
    driver.fault(&Fault { kind: FaultKind::Page, code: 0, address: 0 });
    driver.raw(Syscall::ProcessKill as u64, &[handler, 0], 0);
    crate::tests::invariants::check(&driver.kernel);
    assert_eq!(driver.kernel.objects.processes[faulty_id].life, Life::Dead);
    assert_eq!(driver.call(Syscall::Wait, &[death, 0]).unwrap().values.0, 1, "its death is told");
}

#[test]
fn a_halted_cpu_takes_apart_what_the_busy_ones_are_too_urgent_for() {
    let sizes = Sizes::for_memory(1024 * abi::PAGE_SIZE, 1024);
    let mut driver = Driver::boot_with(&sizes, 2);
    let (child, id) = driver.child_of(0, 20);
    driver.raw(Syscall::ProcessKill as u64, &[child, 0], 0);
    let mut smp = Smp::from(driver);
    smp.settle();
    assert_eq!(smp.places[1], Place::Idle);
    assert_eq!(smp.kernel.objects.processes[id].life, Life::Dead);
}

#[test]
fn what_still_runs_on_another_cpu_is_not_taken_apart() {
    let sizes = Sizes::for_memory(1024 * abi::PAGE_SIZE, 1024);
    let mut driver = Driver::boot_with(&sizes, 2);
    let (child, id) = driver.child_of(0, 40);
    let (thread, started) = driver.thread(child, 30);
    driver.call(Syscall::ThreadAffinity, &[thread, 1 << 1]).unwrap();
    driver.raw(Syscall::ThreadResume as u64, &[thread], 0);
    let mut smp = Smp::from(driver);
    smp.settle();
    assert_eq!(smp.places[1], Place::User(started));
    smp.syscall(CpuId(0), Syscall::ProcessKill as u64, &[child, 0], 0);
    for _ in 0..100 {
        if smp.places[0] == Place::Window {
            smp.turn(CpuId(0));
        }
    }
    // The IPI is still on its way: the program runs on, in a space that must be there.
    assert!(matches!(smp.places[0], Place::User(_)), "taking it apart is not due");
    assert_eq!(smp.kernel.current(CpuId(1)), Some(started));
    assert!(smp.kernel.objects.processes[id].space.table.is_some());
    smp.settle();
    assert_eq!(smp.kernel.objects.processes[id].life, Life::Dead);
}

#[test]
fn a_process_that_was_never_started_ends_with_its_last_handle() {
    let mut driver = boot();
    let before = balance(&driver);
    let (child, _) = driver.child(0);
    driver.give_page(child);
    let (thread, _) = driver.thread(child, 20);
    driver.call(Syscall::HandleClose, &[child]).unwrap();
    assert_eq!(driver.call(Syscall::ThreadResume, &[thread]), Err(Error::PeerDied));
    driver.call(Syscall::HandleClose, &[thread]).unwrap();
    assert_eq!(balance(&driver), before);
}
