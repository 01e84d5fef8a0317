//! Threads of the host.

use crate::host::spawn_own;
use crate::{Error, OwnedHandle, Priority};

/// A host thread; its handle names nothing.
pub(crate) fn spawn(
    _stack_pages: u64,
    _priority: Priority,
    work: Box<dyn FnOnce() + Send>,
) -> Result<OwnedHandle, Error> {
    spawn_own(work)?;
    Ok(OwnedHandle::NONE)
}
