//! The startup block of a host thread.

use crate::OwnedHandle;
use core::cell::Cell;

thread_local! {
    static STARTUP: Cell<&'static [u8]> = const { Cell::new(&[]) };
    /// Which of its handles were taken.
    static TAKEN: Cell<u64> = const { Cell::new(0) };
}

/// Sets the startup block that this thread's program sees: lines, and the handles under their
/// names.
///
/// # Panics
/// When a line names a handle itself: a number is not one.
pub fn set_startup(lines: &str, handles: impl IntoIterator<Item = (String, OwnedHandle)>) {
    assert!(!lines.lines().any(|line| line.starts_with("handle ")), "handles are given beside");
    let mut text = lines.to_owned();
    for (name, handle) in handles {
        text.push_str(&format!("handle {name} {}\n", handle.into_raw().0));
    }
    STARTUP.set(Box::leak(text.into_bytes().into()));
    TAKEN.set(0);
}

pub(crate) fn mark_taken(bits: u64) -> u64 {
    TAKEN.replace(TAKEN.get() | bits)
}

pub(crate) fn unmark_taken(bits: u64) {
    TAKEN.set(TAKEN.get() & !bits);
}

pub(crate) fn startup_bytes() -> &'static [u8] {
    STARTUP.get()
}
