//! The kit on a small server, and what it must notice.

use crate::{System, run};
use service::{CallError, Caller, Never, Reply};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};
use sys::{Endpoint, FOREVER, Memory, Notification, OwnedHandle};
use sys::{Protection, Received, Rights, Timer};

const HOUR_NS: u64 = 3_600_000_000_000;

/// A server with something of everything.
#[service::interface(version = 1)]
trait Desk {
    fn badge(&mut self) -> Result<u64, Never>;
    fn count(&mut self) -> Result<u64, Never>;
    #[idempotent]
    fn double(&mut self, number: u64) -> Result<u64, Never>;
    #[deferred]
    fn never(&mut self) -> Result<u64, Never>;
    fn fail(&mut self) -> Result<(), Never>;
    fn end(&mut self, status: u64) -> Result<(), Never>;
}

#[derive(Default)]
struct Clerk {
    count: u64,
    waiting: Vec<Reply<Result<u64, Never>>>,
}

impl Desk for Clerk {
    fn badge(&mut self, caller: &Caller) -> Result<u64, Never> {
        Ok(caller.badge())
    }
    fn count(&mut self, _: &Caller) -> Result<u64, Never> {
        self.count += 1;
        Ok(self.count)
    }
    fn double(&mut self, _: &Caller, number: u64) -> Result<u64, Never> {
        Ok(2 * number)
    }
    fn never(&mut self, _: &Caller, reply: Reply<Result<u64, Never>>) {
        self.waiting.push(reply);
    }
    fn fail(&mut self, _: &Caller) -> Result<(), Never> {
        panic!("a wrong turn")
    }
    fn end(&mut self, _: &Caller, status: u64) -> Result<(), Never> {
        sys::exit(status)
    }
}

fn main(env: rt::Env) -> Result<(), rt::Failure> {
    service::serve::<dyn Desk>(env.handle("endpoint")?, &mut Clerk::default())?;
    Ok(())
}

#[test]
fn clients_are_processes_with_badges_of_their_own() {
    run(|system| {
        let desk = system.serve("desk", main);
        let badge = |endpoint| DeskClient::from_endpoint(endpoint).badge();
        let clients = [desk.client("alice", badge), desk.client("bob", badge)];
        assert_eq!(clients.map(|client| client.join()), [Ok(1), Ok(2)]);
        assert_eq!(DeskClient::from_endpoint(desk.endpoint(77)).badge(), Ok(77));
    });
}

#[test]
fn a_killed_server_fails_its_callers_and_its_next_life_begins_anew() {
    run(|system| {
        let desk = system.serve("desk", main);
        let client = DeskClient::from_endpoint(desk.endpoint(1));
        assert_eq!((client.count(), client.count()), (Ok(1), Ok(2)));
        let waiting = desk.client("alice", |e| DeskClient::from_endpoint(e).never());
        system.settle();
        desk.kill();
        assert_eq!(waiting.join(), Err(CallError::Unknown));
        assert!(!desk.is_alive());
        let queued = desk.client("bob", |e| DeskClient::from_endpoint(e).count());
        system.settle();
        assert!(queued.is_alive(), "it waits for the next life");
        desk.restart();
        assert_eq!((queued.join(), client.count()), (Ok(1), Ok(2)));
    });
}

#[test]
fn an_idempotent_call_goes_on_in_the_next_life() {
    run(|system| {
        let desk = system.serve("desk", main);
        desk.hang();
        let client = desk.client("alice", |e| DeskClient::from_endpoint(e).double(21));
        system.settle();
        desk.restart();
        assert_eq!(client.join(), Ok(42));
    });
}

#[test]
fn a_hanging_server_costs_its_clients_their_deadline_and_no_real_time() {
    run(|system| {
        let (desk, begun) = (system.serve("desk", main), Instant::now());
        desk.hang();
        let client = desk.client("alice", |e| {
            (DeskClient::from_endpoint(e).with_timeout(HOUR_NS).count(), sys::clock())
        });
        let (result, now_ns) = client.join();
        assert_eq!(result, Err(CallError::TimedOut));
        assert!(now_ns >= HOUR_NS && begun.elapsed() < Duration::from_secs(60));
        desk.go_on();
        // What it had received before is done; the answer goes nowhere.
        assert_eq!(DeskClient::from_endpoint(desk.endpoint(2)).count(), Ok(2));
    });
}

#[test]
fn a_killed_client_is_forgotten() {
    run(|system| {
        let desk = system.serve("desk", main);
        let client = desk.client("alice", |e| DeskClient::from_endpoint(e).never());
        system.settle();
        assert_eq!(client.kill(), None);
        assert_eq!(DeskClient::from_endpoint(desk.endpoint(2)).count(), Ok(1));
    });
}

/// Takes one call and waits until its caller stops waiting: status 7 when the kernel says so.
fn watch(env: rt::Env) -> Result<(), rt::Failure> {
    let (endpoint, bell): (Endpoint, _) = (env.handle("endpoint")?, Notification::create()?);
    sys::watch_calls(&bell, 1)?;
    let Received::Message(call) = endpoint.receive(FOREVER, &mut [])? else { return Ok(()) };
    let right = call.reply.ok_or("sent, not called")?;
    let before = right.waits();
    bell.wait(FOREVER)?;
    sys::exit(if before && !right.waits() { 7 } else { 8 })
}

#[test]
fn a_server_hears_that_a_client_was_killed() {
    run(|system| {
        let server = system.serve("watch", watch);
        let client = server.client("alice", |endpoint| endpoint.call(1, &[0; 7]).map(drop));
        system.settle();
        assert!(server.is_alive(), "the client waits still");
        client.kill();
        assert_eq!(server.wait().status, 7);
    });
}

#[test]
fn panics_and_exits_have_the_status_of_an_image() {
    run(|system| {
        let desk = system.serve("desk", main);
        let client = DeskClient::from_endpoint(desk.endpoint(1));
        assert_eq!(client.fail(), Err(CallError::Unknown));
        let ended = desk.wait();
        assert_eq!((ended.status, ended.panic.as_deref()), (101, Some("a wrong turn")));
        desk.restart();
        assert_eq!(client.end(9), Err(CallError::Unknown));
        assert_eq!(desk.wait().status, 9);
        let failing = system.serve("failing", |env| env.take("nothing").map(drop));
        assert_eq!(failing.wait().status, rt::EXIT_FAILURE);
    });
}

#[test]
fn a_server_can_make_lines_for_its_sessions() {
    run(|system| {
        let server = system.serve("sessions", |env| {
            let endpoint: Endpoint = env.handle("endpoint")?;
            drop(endpoint.badged(Rights::SEND | Rights::TRANSFER, 5)?);
            Ok(())
        });
        assert_eq!(server.wait().status, 0);
    });
}

/// Counts the bits that come until bit 63 does.
fn listen(env: &rt::Env) -> (u32, u64) {
    let bell: Notification = env.handle("bell").unwrap();
    let (mut times, mut all) = (0, 0);
    while all >> 63 == 0 {
        all |= bell.wait(FOREVER).unwrap();
        times += 1;
    }
    (times, all & !(1 << 63))
}

fn signalled(fates: fn(&crate::Relay)) -> (u32, u64) {
    run(|system| {
        let bell = Notification::create().unwrap();
        let listener = system.program("listener").handle("bell", &bell, Rights::WAIT);
        let (listener, relay) = (listener.script(|env| listen(&env)), system.relay(&bell));
        fates(&relay);
        for bit in [0, 1, 63] {
            relay.sender().signal(1 << bit).unwrap();
            system.settle();
            sys::sleep_for(10);
        }
        listener.join()
    })
}

#[test]
fn notifications_pass_are_lost_and_come_twice() {
    assert_eq!(signalled(|_| ()), (3, 0b11));
    assert_eq!(signalled(|relay| relay.lose()), (2, 0b10));
    assert_eq!(signalled(|relay| relay.repeat()), (4, 0b11));
    assert_eq!(signalled(|relay| relay.delay(5)), (3, 0b11));
}

#[test]
fn timers_fire_in_order_while_the_test_sleeps() {
    run(|_| {
        let bell = Notification::create().unwrap();
        let timers = [1, 2].map(|bit| Timer::create(&bell, bit).unwrap());
        timers[0].arm(sys::clock() + HOUR_NS).unwrap();
        timers[1].arm(sys::clock() + 2 * HOUR_NS).unwrap();
        sys::sleep_for(HOUR_NS + 1);
        assert_eq!(bell.poll(), Ok(1));
        sys::sleep_for(HOUR_NS);
        assert_eq!(bell.poll(), Ok(2));
    });
}

/// What the kit says about a test.
fn complaint(test: fn(&System)) -> String {
    let panic = catch_unwind(AssertUnwindSafe(|| run(test))).unwrap_err();
    panic.downcast_ref::<String>().cloned().unwrap()
}

#[test]
fn what_is_left_behind_is_told() {
    let told = complaint(|_| core::mem::forget(Notification::create().unwrap()));
    assert_eq!(told, "the test left something behind: handles +1, objects +1");
}

#[test]
fn a_client_that_panics_fails_the_test() {
    let told = complaint(|system| {
        let client = system.program("alice").script(|_| assert_eq!(1, 2, "sums"));
        client.join();
    });
    assert!(told.starts_with("`alice` panicked: ") && told.contains("sums"), "{told}");
}

#[test]
fn handles_and_arguments_arrive() {
    run(|system| {
        let bell = Notification::create().unwrap();
        let program = system.program("alice").arg("one two").cmdline("log=info");
        let program = program.handle("bell", &bell, Rights::SIGNAL);
        let seen = program.script(|env| {
            let (_, rights) =
                OwnedHandle::from(env.handle::<Notification>("bell").unwrap()).info().unwrap();
            (env.name(), env.args().collect::<Vec<_>>(), env.option("log"), rights)
        });
        assert_eq!(seen.join(), ("alice", vec!["one two"], Some("info"), Rights::SIGNAL));
    });
}

#[test]
fn each_system_has_memory_of_its_own() {
    for _ in 0..20 {
        run(|_| {
            let memory = Memory::create(1).unwrap();
            let mapping = memory.map_own(Protection::ReadWrite).unwrap();
            let mut byte = [0];
            mapping.read_at(0, &mut byte).unwrap();
            assert_eq!(byte, [0], "fresh memory");
            mapping.write_at(0, &[1]).unwrap();
        });
    }
}

/// Objects of the calling process.
fn objects() -> u32 {
    sys::Process::own_info().unwrap().used.objects
}

#[test]
fn processes_that_map_one_memory_unmap_their_own() {
    run(|system| {
        let memory = Memory::create(2).unwrap();
        let _mine = memory.map_own(Protection::Read).unwrap();
        let program = system.program("alice").handle("memory", &memory, Rights::ALL);
        let program = program.script(|env| {
            let memory: Memory = env.handle("memory").unwrap();
            let before = objects();
            drop(memory.map_own(Protection::Read).unwrap());
            (before, objects())
        });
        let (before, after) = program.join();
        assert_eq!(after, before, "the mapping is gone");
    });
}
