//! Host threads as threads of processes.

use super::panic;
use crate::raw::hosted::seat::{killed, seated, with_seat};
use crate::{Error, Process};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::thread::JoinHandle;

/// Runs work on a new host thread, as a new thread of a process that the caller holds. A panic
/// ends the process, as in an image.
pub fn spawn_in<T: Send + 'static>(
    process: &Process,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<JoinHandle<T>, Error> {
    let handle = process.handle();
    let seat = with_seat(|seat| seat.live().sit(seat.process_of(handle)?))?;
    Ok(std::thread::spawn(move || {
        panic::begin(true);
        seated(seat, work)
    }))
}

/// Runs work on a new host thread, as a new thread of the caller's process.
pub(crate) fn spawn_own(work: Box<dyn FnOnce() + Send>) -> Result<(), Error> {
    let seat = with_seat(|seat| seat.live().sit(seat.process()))?;
    let program = panic::in_program();
    std::thread::spawn(move || {
        panic::begin(program);
        let ended = catch_unwind(AssertUnwindSafe(|| seated(seat, work)));
        match ended {
            Err(payload) if !killed(&*payload) => resume_unwind(payload),
            _ => {}
        }
    });
    Ok(())
}
