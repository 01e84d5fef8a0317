//! Which thread of which process of which kernel a host thread is.

use crate::Error;
use core::cell::RefCell;
use core_kernel::hosted::{Gone, Live, Seat};
use core_kernel::object::ProcessId;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, LazyLock};

thread_local! {
    static SEAT: RefCell<Option<Seat>> = const { RefCell::new(None) };
}

/// The system of all threads that are in no other, and their process.
static DEFAULT: LazyLock<(Arc<Live>, Option<ProcessId>)> = LazyLock::new(|| {
    let live = Live::boot(true);
    let process = live.new_process("host").ok();
    (live, process)
});

/// What a killed thread unwinds with.
struct Killed;

/// Does something with the calling thread's seat; it takes one in the shared process when it
/// has none.
pub(crate) fn with_seat<T>(act: impl FnOnce(&Seat) -> Result<T, Error>) -> Result<T, Error> {
    let done = SEAT.try_with(|place| {
        let mut place = place.try_borrow_mut().map_err(|_| Error::BadState)?;
        if place.is_none() {
            let (live, process) = &*DEFAULT;
            *place = Some(live.sit(process.ok_or(Error::OutOfMemory)?)?);
        }
        act(place.as_ref().ok_or(Error::BadState)?)
    });
    // The thread's last moments: its seat is gone already.
    done.unwrap_or(Err(Error::BadState))
}

/// Whether the thread is in the shared process.
pub(crate) fn is_default() -> bool {
    with_seat(|seat| Ok(Some(seat.process()) == DEFAULT.1 && Arc::ptr_eq(seat.live(), &DEFAULT.0)))
        .unwrap_or(false)
}

/// The thread was killed: it goes no further. What it drops on the way makes calls that fail.
pub(crate) fn unwind<T>(while_unwinding: T) -> T {
    if std::thread::panicking() {
        return while_unwinding;
    }
    resume_unwind(Box::new(Killed))
}

/// The result of a call, if the thread may go on.
pub(crate) fn go_on<T>(called: Result<Result<T, Error>, Gone>) -> Result<T, Error> {
    called.unwrap_or_else(|Gone| unwind(Err(Error::BadState)))
}

/// Puts the calling thread into a seat while something runs.
pub(crate) fn seated<T>(seat: Seat, work: impl FnOnce() -> T) -> T {
    let before = SEAT.replace(Some(seat));
    let done = catch_unwind(AssertUnwindSafe(work));
    // Dropped outside of the borrow: it makes calls.
    drop(SEAT.replace(before));
    done.unwrap_or_else(|payload| resume_unwind(payload))
}

/// Runs a test in a system of its own, as the thread of a process of its own, in virtual
/// time: it stands still while a thread runs, and jumps to the next deadline when all wait.
/// Everything of that system has to be dropped inside.
///
/// ```
/// let before = std::time::Instant::now();
/// sys::host::in_system(|| sys::sleep_for(3_600_000_000_000));
/// assert!(before.elapsed().as_secs() < 60, "an hour of the system's time");
/// ```
///
/// # Panics
/// When there is no room for it, which a new system has.
pub fn in_system<T>(test: impl FnOnce() -> T) -> T {
    let live = Live::boot(false);
    let seat = live.new_process("test").and_then(|process| live.sit(process));
    match seat {
        Ok(seat) => seated(seat, test),
        Err(error) => panic!("no seat in a new system: {error}"),
    }
}

/// Whether what a joined thread unwound with means that it was killed.
#[must_use]
pub fn killed(payload: &(dyn core::any::Any + Send)) -> bool {
    payload.is::<Killed>()
}

/// Runs something that waits for another thread without a system call, such as joining it:
/// virtual time does not wait for the caller.
pub fn away<T>(work: impl FnOnce() -> T) -> T {
    let live = with_seat(|seat| Ok(seat.live().clone()));
    match live {
        Ok(live) => live.away(work),
        Err(_) => work(),
    }
}

/// Moves virtual time on.
pub fn advance(ns: u64) {
    // Without a seat there is no time to move.
    let _ = with_seat(|seat| {
        seat.live().advance(ns);
        Ok(())
    });
}

/// Handles, objects, processes, threads and free frames of the system: the same before and
/// after something that leaves nothing behind.
#[must_use]
pub fn balance() -> [u64; 5] {
    with_seat(|seat| Ok(seat.live().balance())).unwrap_or_default()
}
