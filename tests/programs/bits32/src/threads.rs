//! Threads and memory of a 32-bit program.

use crate::calls::ensure;
use crate::checks::Outcome;
use alloc::format;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
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
