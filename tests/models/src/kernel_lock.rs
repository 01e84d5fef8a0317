//! The kernel lock: one CPU at a time, which sees what the last one did.

use super::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use super::kernel_turn as turn;
use loom::sync::Arc;
use loom::thread;

struct Lock {
    taken: AtomicBool,
    waiting: AtomicU64,
    inside: AtomicU32,
}

impl Lock {
    fn hold(&self) {
        if !turn::try_acquire(&self.taken) {
            turn::wait(&self.taken, &self.waiting, thread::yield_now);
        }
    }

    /// What two CPUs must not do at once.
    fn count(&self) {
        let count = self.inside.load(Ordering::Relaxed);
        self.inside.store(count + 1, Ordering::Relaxed);
    }
}

#[test]
fn one_cpu_at_a_time_sees_what_the_last_one_did() {
    super::explore(|| {
        let lock = Lock {
            taken: AtomicBool::new(false),
            waiting: AtomicU64::new(0),
            inside: AtomicU32::new(0),
        };
        let lock = Arc::new(lock);
        let other = lock.clone();
        let cpu = thread::spawn(move || {
            other.hold();
            other.count();
            turn::release(&other.taken);
        });
        lock.hold();
        lock.count();
        // As between two pieces of a long operation.
        turn::release(&lock.taken);
        turn::let_waiting_first(&lock.taken, &lock.waiting, thread::yield_now);
        lock.hold();
        lock.count();
        turn::release(&lock.taken);
        cpu.join().unwrap();
        lock.hold();
        assert_eq!(lock.inside.load(Ordering::Relaxed), 3);
        assert_eq!(lock.waiting.load(Ordering::Relaxed), 0);
    });
}
