//! Tasks, bits, times, cancelled calls, calls to others; all in virtual time, which moves only
//! when every thread waits, so that no result depends on how fast the machine is.

use crate::{Executor, Pending, Remote, Task, TimedOut};
use alloc::rc::Rc;
use core::cell::{Cell, RefCell};
use service::{CallError, Caller, Event, Reply};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, channel};
use sys::{Endpoint, FOREVER, Notification, Priority, Rights, Timer, host};

const MS: u64 = 1_000_000;
/// Through a queue; few where each instruction is interpreted.
const ITEMS: u64 = if cfg!(miri) { 20 } else { 1000 };

#[service::interface(version = 1)]
pub trait Slow {
    #[deferred]
    fn after(&mut self, ms: u64) -> Result<u64, u32>;
    fn now(&mut self) -> Result<u64, u32>;
}

/// Counts what is dropped before its end.
struct Unfinished(Arc<AtomicU64>);

impl Drop for Unfinished {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

struct Server {
    executor: Executor,
    unfinished: Arc<AtomicU64>,
}

impl Slow for Server {
    fn after(&mut self, _: &Caller, ms: u64, reply: Reply<Result<u64, u32>>) {
        let executor = self.executor.clone();
        let guard = Unfinished(self.unfinished.clone());
        self.executor.answer(reply, async move {
            executor.sleep_for(ms * MS).await;
            core::mem::forget(guard);
            Ok(ms)
        });
    }
    fn now(&mut self, _: &Caller) -> Result<u64, u32> {
        Ok(self.unfinished.load(Ordering::SeqCst))
    }
}

/// Runs a thread of the test's system. What it returns can be received.
fn thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Receiver<T> {
    let (told, result) = channel();
    let work = move || told.send(work()).unwrap_or_default();
    let _thread = sys::spawn_thread(16, Priority(10), work).unwrap();
    result
}

fn joined<T>(result: &Receiver<T>) -> T {
    host::away(|| result.recv()).unwrap()
}

fn start() -> impl Fn() -> SlowClient {
    let endpoint = Endpoint::create().unwrap();
    let line = endpoint.copy(Rights::ALL).unwrap();
    thread(move || {
        let executor = Executor::new().unwrap();
        let mut server = Server { executor: executor.clone(), unfinished: Arc::default() };
        executor.serve::<dyn Slow>(endpoint, &mut server)
    });
    move || SlowClient::from_endpoint(line.copy(Rights::SEND).unwrap())
}

#[test]
fn calls_overtake_each_other() {
    host::in_system(|| {
        let client = start();
        let slow = client();
        let long = thread(move || slow.after(60).unwrap());
        assert_eq!(client().after(1).unwrap(), 1);
        assert_eq!(client().now().unwrap(), 0, "served while the long one waits");
        assert!(long.try_recv().is_err(), "time stands still while this thread runs");
        assert_eq!(joined(&long), 60);
    });
}

#[test]
fn work_for_a_caller_that_gave_up_is_dropped() {
    host::in_system(|| {
        let client = start();
        let (impatient, observer) = (client().with_timeout(MS), client());
        let mut given_up = 0;
        // A call that was given up before the server took it is no work.
        while observer.now().unwrap() == 0 {
            assert!(matches!(impatient.after(3_600_000), Err(CallError::TimedOut)));
            given_up += 1;
        }
        assert_eq!(observer.after(1).unwrap(), 1, "others are served as before");
        assert!(observer.now().unwrap() <= given_up, "only those without a waiter");
    });
}

#[test]
fn tasks_take_turns_and_dropping_one_ends_it() {
    host::in_system(|| {
        let executor = Executor::new().unwrap();
        let seen = Rc::new(RefCell::new(Vec::new()));
        let run = |name: &'static str, pause: u64| {
            let (executor, seen) = (executor.clone(), seen.clone());
            executor.clone().spawn(async move {
                for _ in 0..3 {
                    executor.sleep_for(pause).await;
                    seen.borrow_mut().push(name);
                }
            })
        };
        let (long, short) = (run("long", 20 * MS), run("short", MS));
        let ended = run("ended", MS);
        drop(ended);
        short.detach();
        let sleeper = executor.clone();
        executor.run(async move { sleeper.sleep_for(70 * MS).await }).unwrap();
        assert_eq!(seen.borrow()[..4], ["short", "short", "short", "long"]);
        assert!(long.result().is_some());
        assert!(!seen.borrow().contains(&"ended"));
    });
}

#[test]
fn a_bit_wakes_its_task_and_is_remembered() {
    host::in_system(|| {
        let executor = Executor::new().unwrap();
        let bit = executor.bit().unwrap();
        executor.bell().unwrap().signal(bit.mask() | 1).unwrap();
        let count = Rc::new(Cell::new(0));
        let counted = count.clone();
        let mask = bit.mask();
        let bell = executor.bell().unwrap();
        let counter = executor.spawn(async move {
            for _ in 0..3 {
                bit.wait().await;
                counted.set(counted.get() + 1);
                bell.signal(mask).unwrap();
            }
        });
        let sleeper = executor.clone();
        executor.run(async move { sleeper.sleep_for(5 * MS).await }).unwrap();
        assert_eq!((count.get(), counter.result()), (3, Some(())));
    });
}

#[test]
fn a_future_that_takes_too_long_is_dropped() {
    host::in_system(|| {
        let executor = Executor::new().unwrap();
        let inner = executor.clone();
        let outcome = executor
            .run(async move {
                let late = inner.within(MS, inner.sleep_for(3600 * 1000 * MS)).await;
                let early = inner.within(3600 * 1000 * MS, async { 7 }).await;
                (late, early)
            })
            .unwrap();
        assert_eq!(outcome, (Err(TimedOut), Ok(7)));
        assert_eq!(executor.timers().next_deadline(), FOREVER, "nothing is left behind");
    });
}

#[test]
fn calls_to_others_do_not_block() {
    host::in_system(|| {
        let client = start();
        let executor = Executor::new().unwrap();
        let remote = Remote::new(&executor, client(), Priority(10)).unwrap();
        let other = Remote::new(&executor, client(), Priority(10)).unwrap();
        let long = remote.start(|client| client.after(30).unwrap());
        let short = other.start(|client| client.after(1).unwrap());
        let order = Rc::new(RefCell::new(Vec::new()));
        let log = |pending: Pending<u64>, order: Rc<RefCell<Vec<u64>>>| async move {
            let answer = pending.await;
            order.borrow_mut().push(answer);
        };
        executor.spawn(log(long, order.clone())).detach();
        executor.spawn(log(short, order.clone())).detach();
        let mut third = remote.start(|client| client.now().unwrap());
        let sleeper = executor.clone();
        executor.run(async move { sleeper.sleep_for(100 * MS).await }).unwrap();
        assert_eq!(order.borrow()[..], [1, 30]);
        assert_eq!(third.poll_once(), Some(0));
    });
}

#[test]
fn a_timer_object_can_signal_a_bit() {
    host::in_system(|| {
        let bell = Notification::create().unwrap();
        let executor = Executor::on(bell).unwrap();
        let bit = executor.bit_number(0).unwrap();
        assert!(executor.bit_number(0).is_err());
        let Ok(timer) = Timer::create(&executor.bell().unwrap(), bit.mask()) else { return };
        timer.arm(sys::clock() + MS).unwrap();
        executor.run(async move { bit.wait().await }).unwrap();
    });
}

/// Answers when its bit rings, with the number of calls it was told of.
struct Alarm {
    executor: Executor,
    waiting: Option<(Task, Reply<Result<u64, u32>>)>,
    handled: u64,
}

impl Slow for Alarm {
    fn after(&mut self, _: &Caller, ms: u64, reply: Reply<Result<u64, u32>>) {
        let alarm = self.executor.ring_at(sys::clock() + ms * MS, 0b100);
        self.waiting = Some((alarm, reply));
    }
    fn now(&mut self, _: &Caller) -> Result<u64, u32> {
        Ok(self.handled)
    }
}

fn service(alarm: &mut Alarm) -> &mut (dyn Slow + 'static) {
    alarm
}

impl Alarm {
    fn handle(&mut self, event: Event) {
        match event {
            Event::Handled => self.handled += 1,
            Event::Notified(0b100) => {
                let (_, reply) = self.waiting.take().unwrap();
                reply.send(Ok(self.handled));
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_server_is_told_of_calls_and_of_bits_at_their_time() {
    host::in_system(|| {
        let endpoint = Endpoint::create().unwrap();
        let line = endpoint.copy(Rights::SEND).unwrap();
        thread(move || {
            let executor = Executor::new().unwrap();
            let mut alarm = Alarm { executor: executor.clone(), waiting: None, handled: 0 };
            executor.serve_with(endpoint, &mut alarm, service, Alarm::handle)
        });
        let client = SlowClient::from_endpoint(line);
        assert_eq!(client.now().unwrap(), 0, "told of a call after it");
        assert_eq!(client.after(1).unwrap(), 2);
        assert_eq!(client.now().unwrap(), 2);
    });
}

#[test]
fn a_ring_that_was_taken_back_does_not_come() {
    host::in_system(|| {
        let executor = Executor::new().unwrap();
        let (first, second) = (executor.bit_number(0).unwrap(), executor.bit_number(1).unwrap());
        let soon = sys::clock() + MS;
        let taken_back = executor.ring_at(soon, first.mask());
        executor.ring_at(soon + MS, second.mask()).detach();
        drop(taken_back);
        let inner = executor.clone();
        let outcome = executor.run(async move {
            second.wait().await;
            inner.within(MS, first.wait()).await
        });
        assert_eq!(outcome, Ok(Err(TimedOut)));
    });
}

#[test]
fn queues_are_served_beside_the_rest() {
    host::in_system(|| {
        let executor = Executor::new().unwrap();
        let (bit, bell) = executor.queue_bell().unwrap();
        let plan = queue::Plan::new(4, 16).unwrap().rings(bell);
        let (creator, offer) = plan.create().unwrap();
        let mut consumer = creator.consumer::<u64>();
        let pusher = thread(move || {
            let mut producer = offer.producer::<u64>().unwrap();
            (0..ITEMS).for_each(|item| producer.push(&item, FOREVER).unwrap());
        });
        let sum = executor.run(async move {
            let mut sum = 0;
            while let Ok(item) = crate::pop(&mut consumer, &bit).await {
                sum += item;
            }
            sum
        });
        assert_eq!(sum, Ok((ITEMS - 1) * ITEMS / 2), "the end of the queue ends the loop");
        joined(&pusher);
    });
}
