//! Threads and memory of a 32-bit program.

use crate::calls::ensure;
use crate::outcome::Outcome;
use alloc::format;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use sys::upcall::{self, SavedFrame};
use sys::{Error, FOREVER, Memory, Notification, Priority, Protection};

/// More than there are slots: each gives its own back.
const ROUNDS: u32 = 100;

fn rounds() -> Result<u32, Error> {
    let count = Arc::new(AtomicU32::new(0));
    let bell = Arc::new(Notification::create()?);
    for _ in 0..ROUNDS {
        let (count, other) = (count.clone(), bell.clone());
        let thread = sys::spawn_thread(2, Priority(10), move || {
            count.fetch_add(1, Relaxed);
            let _ = other.signal(1);
        })?;
        bell.wait(FOREVER)?;
        drop(thread);
    }
    Ok(count.load(Relaxed))
}

pub(crate) fn come_and_go() -> Outcome {
    let count = rounds().map_err(|error| format!("{error}"))?;
    ensure(count == ROUNDS, || format!("{count} ran"))
}

/// The last word is what the first thread's is: nothing else of the program looks meanwhile.
pub(crate) fn pointer() -> Outcome {
    for word in [7, 0x8000_0000, 0] {
        let found = sys::hazard::thread_word(word);
        ensure(found == word, || format!("{found:#x} in place of {word:#x}"))?;
    }
    Ok(())
}

/// Whether a handler has come to the section's door, and whether it is or was inside.
static AT_THE_DOOR: AtomicBool = AtomicBool::new(false);
static INSIDE: AtomicBool = AtomicBool::new(false);

fn enter_section(_: u64, _: &SavedFrame) {
    AT_THE_DOOR.store(true, Relaxed);
    critical_section::with(|_| INSIDE.store(true, Relaxed));
}

/// The handler of another thread, on a stack of its own, while this thread is in the section.
pub(crate) fn one_in_a_section() -> Outcome {
    let (came, inside) = handler_at_the_door().map_err(|error| format!("{error}"))?;
    ensure(came && !inside, || format!("the handler came: {came}; it got in: {inside}"))
}

fn handler_at_the_door() -> Result<(bool, bool), Error> {
    let (bell, told) = (Arc::new(Notification::create()?), Arc::new(Notification::create()?));
    let (own, tell) = (bell.clone(), told.clone());
    let _thread = sys::spawn_thread(4, Priority(10), move || {
        let stack = upcall::Stack::create(4);
        let registered =
            stack.and_then(|stack| upcall::register_on(&own, enter_section, 0, stack, 1));
        let _ = tell.signal(u64::from(registered.is_ok()));
        // Until the handler has run.
        let _ = Notification::create().map(|never| never.wait(FOREVER));
        let _ = tell.signal(1);
    })?;
    told.wait(FOREVER)?;
    let seen = critical_section::with(|_| {
        bell.signal(1)?;
        while !AT_THE_DOOR.load(Relaxed) {
            sys::sleep_for(100_000);
        }
        Ok::<_, Error>((true, INSIDE.load(Relaxed)))
    })?;
    told.wait(FOREVER)?;
    Ok(seen)
}

/// Nothing that reads may use an instruction that writes.
pub(crate) fn read_only() -> Outcome {
    copy_out().map_err(|error| format!("{error}"))
}

fn copy_out() -> Result<(), Error> {
    let memory = Memory::create(1)?;
    memory.map_own(Protection::ReadWrite)?.write_at(3, &[7; 40])?;
    let mut found = [0; 40];
    memory.map_own(Protection::Read)?.read_at(3, &mut found)?;
    if found == [7; 40] { Ok(()) } else { Err(Error::BadState) }
}
