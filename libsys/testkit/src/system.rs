//! A test's own system, and what it leaves behind.

use crate::life::Life;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

/// The time-out for killed threads to reach a system call and end.
const PATIENCE_MS: u32 = 1_000;

/// The processes of a test. Ended with it.
#[derive(Debug, Default)]
pub struct System {
    lives: RefCell<Vec<Rc<Life>>>,
}

/// Runs a test in a system of its own, as a process of it. At the end all other processes are
/// killed, and everything must be as before.
///
/// # Panics
/// When the test does, or leaves something behind: the message says what.
pub fn run<T>(test: impl FnOnce(&System) -> T) -> T {
    sys::host::in_system(|| {
        let before = balance();
        let system = System::default();
        let result = test(&system);
        drop(system);
        check_balance(before);
        result
    })
}

/// What the system has. The test's own pages count as free: tables of its address space
/// stay when what they showed is gone, and memory objects are counted as objects.
fn balance() -> [u64; 5] {
    let mut balance = sys::host::balance();
    balance[4] += sys::Process::own_info().map_or(0, |own| own.used.pages.into());
    balance
}

/// What [`sys::host::balance`] counts.
const COUNTED: [&str; 5] = ["handles", "objects", "processes", "threads", "free frames"];

/// Whether all is as before; threads that end may take a moment.
fn check_balance(before: [u64; 5]) {
    let mut after = balance();
    for _ in 0..PATIENCE_MS {
        if after == before {
            return;
        }
        std::thread::sleep(Duration::from_millis(1));
        after = balance();
    }
    let changes = COUNTED.iter().zip(before.iter().zip(&after));
    let changes = changes.filter(|(_, (before, after))| before != after);
    let changes: Vec<String> = changes
        .map(|(name, (before, after))| {
            format!("{name} {:+}", i128::from(*after) - i128::from(*before))
        })
        .collect();
    panic!("the test left something behind: {}", changes.join(", "));
}

impl System {
    /// Waits until every other thread of the system waits in a system call.
    pub fn settle(&self) {
        sys::sleep_for(1);
    }

    pub(crate) fn keep(&self, life: Rc<Life>) {
        self.lives.borrow_mut().push(life);
    }
}

impl Drop for System {
    fn drop(&mut self) {
        for life in self.lives.take() {
            life.end();
        }
    }
}
