//! The real kernel, inside the process: programs run on the host as they are.
//!
//! System calls of host threads go to the kernel's own core on its hosted machine, so
//! endpoints, rights, quotas, deaths and deadlines are the real ones. Every thread belongs to
//! a process: by itself to one that all threads of a test binary share; inside [`in_system`]
//! to one of a system of its own; started by [`spawn_in`] to a process that a test made.
//!
//! **What differs.** Mapped memory is the host's: its pages are counted by the kernel, and a
//! loan that is revoked stays readable. There are no upcalls and no devices; a test that stands for
//! one sends its interrupts ([`send_message`]). A killed thread
//! unwinds at its next system call. A handle is a number in the table of the process whose
//! thread uses it: what another process is to have is given to it ([`give`]), never moved into
//! its thread.

mod device;
mod given;
mod panic;
mod startup;
mod thread;

pub use crate::raw::hosted::seat::{advance, away, balance, in_system, killed};
pub use device::send_message;
pub use given::{Given, give};
pub use startup::set_startup;
pub(crate) use startup::{mark_taken, startup_bytes, unmark_taken};
pub use thread::spawn_in;
pub(crate) use thread::spawn_own;

use crate::raw::hosted::seat::with_seat;
use crate::{Error, Object, OwnedHandle, Resource};

/// The number of open handles of the thread's process: for tests that nothing leaks.
#[must_use]
pub fn open_handles() -> usize {
    with_seat(|seat| Ok(seat.handles() as usize)).unwrap_or(0)
}

/// Whether the handle of this object is still open.
#[must_use]
pub fn is_open(object: &impl Object) -> bool {
    let handle = object.as_handle().handle();
    with_seat(|seat| Ok(seat.is_open(handle))).unwrap_or(false)
}

/// The right that init's program has on a machine: a new handle of it, for a test.
pub fn resource() -> Result<Resource, Error> {
    let handle = with_seat(|seat| seat.resource())?;
    // SAFETY: the kernel made it for this call.
    Ok(unsafe { OwnedHandle::from_raw(handle) }.into())
}
