//! How late a timer can be, on a machine whose nanosecond is an instruction.
//!
//! An urgent thread sleeps until deadlines and notes how late it wakes, while this one
//! destroys what takes long.

use crate::children::{Child, SOON_NS};
use crate::machine::{Machine, after};
use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use rt::Failure;
use sys::hazard::entries::sleep_for_ever;
use sys::{Notification, Priority, Quota, Rights, Thread};

/// More urgent than all else.
const URGENT: Priority = Priority(62);
/// Between two deadlines: not in step with anything.
const PERIOD_NS: u64 = 23_456;
/// No timer is later than this many instructions: one turn of the exit loop and the way to the
/// thread, about 10,000 with debug checks. The rest is room for change.
const BOUND: u64 = 50_000;

const PAGES: u64 = 40_000;
const THREADS: u64 = 1_000;

/// The urgent thread and what it found.
struct Watcher {
    worst: Arc<AtomicU64>,
    count: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
}

impl Watcher {
    fn start() -> Result<Self, Failure> {
        let watcher = Self { worst: Arc::default(), count: Arc::default(), stop: Arc::default() };
        let (worst, count) = (watcher.worst.clone(), watcher.count.clone());
        let stop = watcher.stop.clone();
        let _thread = sys::spawn_thread(8, URGENT, move || {
            while !stop.load(Ordering::Relaxed) {
                let deadline = after(PERIOD_NS);
                sys::sleep_until(deadline);
                let late = sys::clock().saturating_sub(deadline);
                worst.fetch_max(late, Ordering::Relaxed);
                count.fetch_add(1, Ordering::Relaxed);
            }
        })?;
        Ok(watcher)
    }

    fn look(&self, machine: &Machine, what: &str) -> Result<(), Failure> {
        let worst = self.worst.swap(0, Ordering::Relaxed);
        let count = self.count.swap(0, Ordering::Relaxed);
        machine.say(format_args!("latency: {worst} instructions at most, {what} ({count} timers)"));
        if worst > BOUND || count < 10 {
            return Err(Failure::new(format_args!("{what}: more than {BOUND}, or too few timers")));
        }
        Ok(())
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        sys::sleep_for(4 * PERIOD_NS);
    }
}

/// Measures all.
pub(crate) fn run(machine: &Machine) -> Result<(), Failure> {
    sys::trace::set_affinity(1)?;
    let watcher = Watcher::start()?;
    sys::sleep_for(2_000_000);
    watcher.look(machine, "while nothing else happens")?;
    let child = large_child(machine)?;
    watcher.look(machine, "while 40,000 pages are taken")?;
    child.stop()?;
    watcher.look(machine, "while a space of 40,000 pages is destroyed")?;
    let child = crowded_child(machine)?;
    watcher.look(machine, "while 1,000 threads are made")?;
    child.stop()?;
    watcher.look(machine, "while 1,000 threads die")?;
    let longest = sys::system_info()?.longest_turn_ns;
    machine.say(format_args!("latency: the longest turn was {longest} instructions"));
    Ok(())
}

fn ready_child(machine: &Machine, role: &[&str], quota: Quota) -> Result<Child, Failure> {
    let ready = Notification::create()?;
    let grants = [("ready", ready.as_handle(), Rights::SIGNAL, 0)];
    let child = machine.child(role, quota, &grants, None)?;
    ready.wait(after(SOON_NS))?;
    Ok(child)
}

fn large_child(machine: &Machine) -> Result<Child, Failure> {
    let quota = Quota {
        pages: 41_000,
        handles: 64,
        threads: 2,
        objects: 128,
        max_priority: 30,
        reserved: 0,
    };
    ready_child(machine, &["own-pages", &alloc::format!("{PAGES}")], quota)
}

/// Its threads sleep for ever, without a stack.
fn crowded_child(machine: &Machine) -> Result<Child, Failure> {
    let quota = Quota {
        pages: 1_000,
        handles: 64,
        threads: 1_100,
        objects: 64,
        max_priority: 30,
        reserved: 0,
    };
    let child = ready_child(machine, &["own-threads"], quota)?;
    for _ in 0..THREADS {
        let thread = Thread::create(&child.process, sleep_for_ever(), 0, 0, Priority(30))?;
        thread.resume()?;
    }
    // All of them run once.
    sys::sleep_for(50_000_000);
    Ok(child)
}
