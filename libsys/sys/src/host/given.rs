//! Handles for the processes of a test.

use crate::raw::hosted::seat::with_seat;
use crate::{BorrowedHandle, Error, Handle, OwnedHandle, Process, Rights};
use core_kernel::object::ProcessId;

/// A handle in the table of another process, to be taken there, once.
#[derive(Debug)]
#[must_use = "the process has it only when it takes it"]
pub struct Given {
    system: u64,
    process: ProcessId,
    handle: Handle,
}

/// Copies a handle into the table of a process.
///
/// ```
/// use sys::{Notification, Process, Quota, Rights, host};
/// let quota = Quota { pages: 64, handles: 8, threads: 1, objects: 8, ..Quota::default() };
/// let (process, bell) = (Process::create("other", &quota, None)?, Notification::create()?);
/// let given = host::give(&process, bell.as_handle(), Rights::SIGNAL, 0)?;
/// host::spawn_in(&process, move || given.take().map(Notification::from)?.signal(1))?;
/// assert_eq!(bell.wait(sys::FOREVER)?, 1);
/// # Ok::<(), sys::Error>(())
/// ```
pub fn give(
    process: &Process,
    handle: BorrowedHandle<'_>,
    rights: Rights,
    badge: u64,
) -> Result<Given, Error> {
    let given = process.give_handle(handle, rights, badge)?;
    let process = process.handle();
    let (system, process) =
        with_seat(|seat| Ok((seat.live().number(), seat.process_of(process)?)))?;
    Ok(Given { system, process, handle: given })
}

impl Given {
    /// The handle, in a thread of the process that it was given to; [`Error::BadHandle`] in
    /// another.
    pub fn take(self) -> Result<OwnedHandle, Error> {
        let here = with_seat(|seat| Ok((seat.live().number(), seat.process())))?;
        if here != (self.system, self.process) {
            return Err(Error::BadHandle);
        }
        // SAFETY: `give` put it into this process's table, and told nothing but this value.
        Ok(unsafe { OwnedHandle::from_raw(self.handle) })
    }
}
