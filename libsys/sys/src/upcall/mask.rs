//! Which upcalls stay pending: the mask of a thread, and its use by locks.

use crate::Error;
use crate::raw::plain;
use abi::Syscall;
use core::sync::atomic::{AtomicBool, Ordering};

/// Whether any thread may be diverted, so that locks have to mask.
static ACTIVE: AtomicBool = AtomicBool::new(false);

/// From now on threads may be diverted.
pub(super) fn activate() {
    ACTIVE.store(true, Ordering::Release);
}

/// Sets which bits stay pending for the calling thread: the old mask.
pub fn mask(mask: u64) -> Result<u64, Error> {
    plain(Syscall::UpcallMask, [mask, 0, 0, 0, 0, 0]).map(|(old, _)| old)
}

/// Upcalls of this thread are masked while it lives; does nothing in programs without
/// handlers.
#[cfg(target_os = "none")]
pub(crate) struct Masked(Option<u64>);

#[cfg(target_os = "none")]
impl Masked {
    pub(crate) fn enter() -> Self {
        Self(ACTIVE.load(Ordering::Acquire).then(|| mask(u64::MAX).ok()).flatten())
    }

    /// The mask that ends this, for a caller that stores it; `u64::MAX` for none.
    pub(crate) fn into_raw(self) -> u64 {
        let old = self.0.unwrap_or(u64::MAX);
        core::mem::forget(self);
        old
    }

    /// What [`Masked::into_raw`] gave.
    pub(crate) fn from_raw(old: u64) -> Self {
        Self((old != u64::MAX).then_some(old))
    }
}

#[cfg(target_os = "none")]
impl Drop for Masked {
    fn drop(&mut self) {
        if let Some(old) = self.0 {
            // It can fail only when the thread was never registered: then nothing is masked.
            let _ = mask(old);
        }
    }
}
