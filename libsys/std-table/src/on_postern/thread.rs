//! What a thread keeps: its values by key, and its notification. The thread's own word leads there.

use super::lock::Mutex;
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicUsize, Ordering};
use sys::Notification;

/// Rounds in which destructors of values may set other values.
const ROUNDS: usize = 8;

/// What a thread keeps.
#[derive(Default)]
struct Kept {
    /// By key; 0 where none was set.
    values: Vec<usize>,
    bell: Option<Arc<Notification>>,
}

/// A function that ends a value.
pub(super) type Destructor = unsafe extern "C" fn(*mut u8);

/// The destructors of the keys, by key.
static KEYS: Mutex<Vec<Option<Destructor>>> = Mutex::new(Vec::new());
/// Keys given out; 0 is none.
static LAST_KEY: AtomicUsize = AtomicUsize::new(0);

/// The calling thread's.
fn kept() -> *mut Kept {
    let word = usize::try_from(sys::own_word()).unwrap_or(0);
    if word != 0 {
        return core::ptr::with_exposed_provenance_mut(word);
    }
    let kept = Box::into_raw(Box::new(Kept::default()));
    sys::set_own_word(kept.expose_provenance() as u64);
    kept
}

/// Uses what the calling thread keeps. `work` does not come here again.
fn with<T>(work: impl FnOnce(&mut Kept) -> T) -> T {
    // SAFETY: 1. `kept` made it, and only `end`, the last thing that a thread does, frees it. 2. no
    // other thread reaches it. 3. `work` is a function of this file that calls neither this one nor
    // code of the program, so there is one reference at a time.
    work(unsafe { &mut *kept() })
}

/// The thread's notification; none when the quota has no more.
pub(super) fn bell() -> Option<Arc<Notification>> {
    if let Some(bell) = with(|kept| kept.bell.clone()) {
        return Some(bell);
    }
    let bell = Arc::new(Notification::create().ok()?);
    with(|kept| kept.bell = Some(bell.clone()));
    Some(bell)
}

/// A new key. Its values are ended by `destructor` when their thread ends.
pub(super) fn create_key(destructor: Option<Destructor>) -> usize {
    let mut keys = KEYS.lock();
    // ORDER: the lock orders what belongs to the keys.
    let key = LAST_KEY.fetch_add(1, Ordering::Relaxed) + 1;
    keys.resize(key, None);
    keys.push(destructor);
    key
}

/// From now on no value of the key is ended.
pub(super) fn forget_key(key: usize) {
    if let Some(destructor) = KEYS.lock().get_mut(key) {
        *destructor = None;
    }
}

/// The calling thread's value of a key; 0: none.
pub(super) fn value(key: usize) -> usize {
    with(|kept| kept.values.get(key).copied().unwrap_or(0))
}

/// Sets it.
pub(super) fn set_value(key: usize, value: usize) {
    with(|kept| {
        if kept.values.len() <= key {
            // No key was given out above the last.
            if key > LAST_KEY.load(Ordering::Relaxed) {
                return;
            }
            kept.values.resize(key + 1, 0);
        }
        if let Some(place) = kept.values.get_mut(key) {
            *place = value;
        }
    });
}

/// Ends what the calling thread keeps, before it ends itself.
///
/// # Safety
/// The values were set with the destructors of their keys in mind, as the standard library does.
pub(super) unsafe fn end() {
    for _ in 0..ROUNDS {
        let values = with(|kept| core::mem::take(&mut kept.values));
        if values.iter().all(|value| *value == 0) {
            break;
        }
        for (key, value) in values.into_iter().enumerate().filter(|(_, value)| *value != 0) {
            let destructor = KEYS.lock().get(key).copied().flatten();
            if let Some(destructor) = destructor {
                // SAFETY: the key's destructor takes the key's values.
                unsafe { destructor(core::ptr::with_exposed_provenance_mut(value)) };
            }
        }
    }
    let kept = kept();
    sys::set_own_word(0);
    // SAFETY: `Box::into_raw` made it, and the word that led to it is cleared.
    drop(unsafe { Box::from_raw(kept) });
}
