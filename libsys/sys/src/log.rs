//! The defmt logger of a program: frames into the system log.

use crate::log_write;
use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicBool, Ordering};
use critical_section::RestoreState;

/// Bytes of a frame that are collected before a system call; the kernel takes up to 1,024.
const BUFFER: usize = 1024;

#[defmt::global_logger]
struct Logger;

/// A value that belongs to the thread between `acquire` and `release` of the logger.
struct Acquired<T>(UnsafeCell<T>);

// SAFETY: only reached through `get`, whose duty keeps threads apart.
unsafe impl<T: Send> Sync for Acquired<T> {}

impl<T> Acquired<T> {
    /// # Safety
    /// Only between `acquire` and `release`, with no other reference to it alive.
    #[expect(clippy::mut_from_ref, reason = "the caller's duty is that there is only one")]
    unsafe fn get(&self) -> &mut T {
        // SAFETY: the caller's duty.
        unsafe { &mut *self.0.get() }
    }
}

/// What was encoded and not yet written.
struct Collected {
    bytes: [u8; BUFFER],
    used: usize,
}

static ENCODER: Acquired<defmt::Encoder> = Acquired(UnsafeCell::new(defmt::Encoder::new()));
static COLLECTED: Acquired<Collected> =
    Acquired(UnsafeCell::new(Collected { bytes: [0; BUFFER], used: 0 }));
static SECTION: Acquired<RestoreState> = Acquired(UnsafeCell::new(RestoreState::invalid()));

/// Whether a frame is being written.
static BUSY: AtomicBool = AtomicBool::new(false);

/// Whether a frame is being written: a panic in the middle of one must not log.
#[must_use]
pub fn busy() -> bool {
    BUSY.load(Ordering::Relaxed)
}

// SAFETY: 1. `acquire` takes the critical section, which keeps other threads and upcall
// handlers out until `release`. 2. a second acquire on the same thread panics.
unsafe impl defmt::Logger for Logger {
    fn acquire() {
        // SAFETY: released in `release`, last in first out.
        let section = unsafe { critical_section::acquire() };
        assert!(!BUSY.swap(true, Ordering::Relaxed), "a log statement inside a log statement");
        // SAFETY: the section is held and no thread was between acquire and release; each
        // reference ends with its statement, and `collect` uses another value.
        unsafe {
            *SECTION.get() = section;
            ENCODER.get().start_frame(collect);
        }
    }

    unsafe fn flush() {}

    unsafe fn release() {
        // SAFETY: between acquire and release, see the trait's contract; the references end
        // before the section does.
        let section = unsafe {
            ENCODER.get().end_frame(collect);
            COLLECTED.get().write_out();
            *SECTION.get()
        };
        BUSY.store(false, Ordering::Relaxed);
        // SAFETY: the state that `acquire` got.
        unsafe { critical_section::release(section) };
    }

    unsafe fn write(bytes: &[u8]) {
        // SAFETY: between acquire and release, see the trait's contract.
        unsafe { ENCODER.get().write(bytes, collect) };
    }
}

/// Takes encoded bytes.
fn collect(bytes: &[u8]) {
    // SAFETY: the encoder calls it, between acquire and release, while nothing else refers
    // to what was collected.
    let collected = unsafe { COLLECTED.get() };
    for byte in bytes {
        if collected.used == BUFFER {
            collected.write_out();
        }
        collected.bytes[collected.used] = *byte;
        collected.used += 1;
    }
}

impl Collected {
    fn write_out(&mut self) {
        // There is nowhere to report a log that cannot be written.
        let _ = log_write(&self.bytes[..self.used]);
        self.used = 0;
    }
}
