//! The words that the two sides share, and the order in which they are read and written. Only
//! atomics: `tests/models` tries it out with all interleavings and memory orders.

use super::atomic::{AtomicU32, Ordering};

/// Tells the other side of an index: what was done before is seen by the side that reads it.
/// True, once, when the other side sleeps and must be woken.
pub(crate) fn publish(index: &AtomicU32, value: u32, peer_sleeps: &AtomicU32) -> bool {
    // ORDER: SeqCst here and in `listen`: "there is something" and "I sleep" must not pass each
    // other, or both sides miss the other's word.
    index.store(value, Ordering::SeqCst);
    if peer_sleeps.load(Ordering::SeqCst) == 0 {
        return false;
    }
    peer_sleeps.store(0, Ordering::SeqCst);
    true
}

/// The other side's index: what it did before it told this is seen.
pub(crate) fn claimed(index: &AtomicU32) -> u32 {
    index.load(Ordering::SeqCst)
}

/// Tries; then says that this side sleeps and tries once more, for what came before the other
/// side could see that. With nothing again, the other side's next `publish` wakes this one.
pub(crate) fn listen<S, T, E>(
    side: &mut S,
    sleeps: impl Fn(&S) -> Result<&AtomicU32, E>,
    mut attempt: impl FnMut(&mut S) -> Result<Option<T>, E>,
) -> Result<Option<T>, E> {
    if let Some(done) = attempt(side)? {
        return Ok(Some(done));
    }
    sleeps(side)?.store(1, Ordering::SeqCst);
    let done = attempt(side)?;
    if done.is_some() {
        sleeps(side)?.store(0, Ordering::SeqCst);
    }
    Ok(done)
}
