//! What each share gets: crowds and single threads, children, and clients of servers.

use super::kit::boot;
use super::scheduling::{SLICE, busy};
use crate::hosted::Driver;
use crate::object::ThreadId;
use abi::{Rights, Syscall};

/// The milliseconds, of these, in which each of these groups of threads runs.
fn shares(driver: &mut Driver, milliseconds: u64, of: &[&[ThreadId]]) -> Vec<u64> {
    let mut times = vec![0; of.len()];
    for _ in 0..milliseconds {
        let running = driver.running();
        driver.advance(SLICE / 10);
        for (time, threads) in times.iter_mut().zip(of) {
            *time += u64::from(threads.contains(&running));
        }
    }
    times
}

#[test]
fn a_process_with_many_threads_gets_no_more_than_one_with_one() {
    let mut driver = boot();
    let ((many, _), (one, _)) = (driver.child_of(0, 20), driver.child_of(0, 20));
    let crowd = [(); 4].map(|()| busy(&mut driver, many, 20));
    let single = busy(&mut driver, one, 20);
    driver.raw(Syscall::ThreadSuspend as u64, &[0], 0);
    let times = shares(&mut driver, 1000, &[&crowd, &[single]]);
    assert!(times.iter().all(|time| (490..=510).contains(time)), "{times:?}");
    let each = shares(&mut driver, 1000, &crowd.each_ref().map(core::slice::from_ref));
    assert!(each.iter().all(|time| (110..=140).contains(time)), "in turn: {each:?}");
}

#[test]
fn a_thread_that_sleeps_and_comes_back_has_its_turn_with_its_share() {
    let mut driver = boot();
    let ((many, _), (one, _)) = (driver.child_of(0, 20), driver.child_of(0, 20));
    let crowd = [(); 4].map(|()| busy(&mut driver, many, 20));
    let single = busy(&mut driver, one, 20);
    driver.raw(Syscall::ThreadSuspend as u64, &[0], 0);
    let mut times = [0, 0];
    for step in 0_u64..4000 {
        let running = driver.running();
        times[usize::from(running == single)] += 1;
        driver.advance(SLICE / 40);
        // The crowd takes turns in waiting, so that another one of it always just woke up.
        if running != single && driver.running() == running && step.is_multiple_of(3) {
            let now = driver.kernel.machine.now_ns;
            driver.raw(Syscall::Sleep as u64, &[now + 1 + step % 7], 0);
        }
    }
    let all: u64 = times.iter().sum();
    assert!(times[1] * 100 >= all * 48, "the single one got {} of {all}", times[1]);
    assert!(crowd.iter().all(|id| driver.kernel.objects.threads[*id].user > 0));
}

#[test]
fn children_share_with_their_creator_unless_it_is_more_urgent() {
    let mut driver = boot();
    let (_, program) = driver.child_of(0, 20);
    assert_eq!(
        driver.kernel.objects.processes[program].sched.share, None,
        "started by somebody more urgent"
    );
    let (_, same) = driver.child_of(0, 63);
    let first = driver.kernel.objects.threads[driver.running()].process;
    assert_eq!(
        driver.kernel.objects.processes[same].sched.share,
        Some(first),
        "as urgent as its creator"
    );
}

#[test]
fn a_servers_time_comes_off_the_turns_of_its_client() {
    let mut driver = boot();
    let line = driver.make(Syscall::EndpointCreate, &[]);
    let ((caller, _), (worker, _)) = (driver.child_of(0, 20), driver.child_of(0, 20));
    let sends = driver.give(caller, line, Rights::SEND, 0);
    let client = busy(&mut driver, caller, 20);
    let other = busy(&mut driver, worker, 20);
    let server = driver.raw(Syscall::Recv as u64, &[line], 0);
    let mut times = [0_u64; 3];
    for _ in 0..2000 {
        let running = driver.running();
        let place = [client, server, other].iter().position(|id| *id == running).unwrap();
        driver.advance(SLICE / 10);
        times[place] += 1;
        if driver.running() != running {
            continue;
        }
        // The client does little but call; the server works two slices for it each time.
        if running == client {
            driver.raw(Syscall::Call as u64, &[sends, 1], 0);
        } else if running == server && times[place].is_multiple_of(20) {
            let token = driver.kernel.objects.threads[client].ipc.token.value();
            driver.raw(Syscall::ReplyRecv as u64, &[token, line << 32], 0);
        }
    }
    let caused = times[0] + times[1];
    assert!(times[1] > times[0] * 10, "the server works for it: {times:?}");
    assert!(times[2] * 100 >= (caused + times[2]) * 47, "the other one got {times:?}");
}

#[test]
fn a_servers_time_is_owed_by_the_client_that_it_answers() {
    let mut driver = boot();
    let line = driver.make(Syscall::EndpointCreate, &[]);
    let (caller, _) = driver.child_of(0, 20);
    let sends = driver.give(caller, line, Rights::SEND, 0);
    let client = busy(&mut driver, caller, 20);
    let server = driver.raw(Syscall::Recv as u64, &[line], 0);
    driver.raw(Syscall::Call as u64, &[sends, 1], 0);
    driver.advance(SLICE / 4);
    let token = driver.result(server).unwrap().token;
    driver.raw(Syscall::ReplyRecv as u64, &[token, line << 32], 0);
    assert_eq!(driver.running(), client);
    assert_eq!(driver.kernel.objects.threads[client].sched.debt, SLICE / 4);
}

#[test]
fn a_crowd_that_calls_all_the_time_comes_round_once() {
    let mut driver = boot();
    let line = driver.make(Syscall::EndpointCreate, &[]);
    let ((callers, _), (worker, _)) = (driver.child_of(0, 20), driver.child_of(0, 20));
    let sends = driver.give(callers, line, Rights::SEND, 0);
    let crowd = [(); 4].map(|()| busy(&mut driver, callers, 20));
    let other = busy(&mut driver, worker, 20);
    let server = driver.raw(Syscall::Recv as u64, &[line], 0);
    let mut caller = None;
    let mut calls = 0;
    for _ in 0..1000 {
        let running = driver.running();
        if running == other {
            return assert!((1..=8).contains(&calls), "{calls} calls before the other one runs");
        }
        driver.advance(SLICE / 1000);
        if running == server {
            let client: ThreadId = caller.unwrap();
            let token = driver.kernel.objects.threads[client].ipc.token.value();
            driver.raw(Syscall::ReplyRecv as u64, &[token, line << 32], 0);
        } else {
            assert!(crowd.contains(&running));
            (caller, calls) = (Some(running), calls + 1);
            driver.raw(Syscall::Call as u64, &[sends, 1], 0);
        }
    }
    panic!("the other one never runs");
}
