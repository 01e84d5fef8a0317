//! The word by which a CPU is asked, and answers. Only atomics: `tests/models` tries it out with
//! all interleavings and memory orders.

use super::atomic::{
    AtomicU64,
    Ordering::{Acquire, Release},
};

/// Asks. The table was changed before.
///
/// ORDER: Release pairs with the Acquire of `serve`: the target acts after the change.
pub(super) fn post(request: &AtomicU64, what: u64) {
    request.store(what, Release);
}

/// Whether nothing is asked for, or no more.
///
/// ORDER: Acquire pairs with the Release of `serve`: what the target did is over.
pub(super) fn is_answered(request: &AtomicU64) -> bool {
    request.load(Acquire) == 0
}

/// Does what is asked for, if something is, then answers.
pub(super) fn serve(request: &AtomicU64, act: impl FnOnce(u64)) {
    let what = request.load(Acquire);
    if what != 0 {
        act(what);
        request.store(0, Release);
    }
}
