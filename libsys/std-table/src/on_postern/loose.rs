//! Lists that the standard library gets from here and frees by their address alone.

use super::lock::Mutex;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

static LISTS: Mutex<BTreeMap<u64, Box<[u32]>>> = Mutex::new(BTreeMap::new());

/// Keeps a list until it is freed: its address.
pub(super) fn keep(words: Vec<u32>) -> u64 {
    let words = words.into_boxed_slice();
    let address = words.as_ptr().expose_provenance() as u64;
    LISTS.lock().insert(address, words);
    address
}

/// Frees the list at an address.
pub(super) fn free(address: u64) {
    drop(LISTS.lock().remove(&address));
}
