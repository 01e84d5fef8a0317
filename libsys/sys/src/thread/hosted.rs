//! Threads of the host.

use crate::{Error, Handle, OwnedHandle, Priority};

/// A host thread; its handle names nothing.
#[expect(clippy::unnecessary_wraps, reason = "the signature of the native one")]
pub(crate) fn spawn(
    _stack_pages: u64,
    _priority: Priority,
    work: Box<dyn FnOnce() + Send>,
) -> Result<OwnedHandle, Error> {
    std::thread::spawn(work);
    Ok(OwnedHandle::from_raw(Handle::NONE))
}
