//! Copies by atomic words of 32 bits: what the host does, and Miri can watch.

use super::WORD;
use core::sync::atomic::{AtomicU32, Ordering};

/// Copies bytes out. Each word is read once.
///
/// # Safety
/// The words that hold the bytes must be mapped, and accessed in no other way.
pub(super) unsafe fn read(from: *const u8, into: &mut [u8]) {
    // SAFETY: the caller's duty.
    unsafe {
        for_words(from, into.len(), |word, bytes, part| {
            let word = word.load(Ordering::Relaxed).to_ne_bytes();
            into[part].copy_from_slice(&word[bytes]);
        });
    }
}

/// Copies bytes in.
///
/// # Safety
/// As for [`read`], and they may be written.
pub(super) unsafe fn write(to: *mut u8, from: &[u8]) {
    let written = |word: u32, bytes: core::ops::Range<usize>, part: &[u8]| {
        let mut new = word.to_ne_bytes();
        new[bytes].copy_from_slice(part);
        u32::from_ne_bytes(new)
    };
    // SAFETY: the caller's duty.
    unsafe {
        for_words(to, from.len(), |word, bytes, part| {
            let part = &from[part];
            if part.len() == WORD {
                return word.store(written(0, bytes, part), Ordering::Relaxed);
            }
            // The rest of the word may be changed at the same time, and is not lost.
            let mut old = word.load(Ordering::Relaxed);
            while let Err(now) = word.compare_exchange(
                old,
                written(old, bytes.clone(), part),
                Ordering::Relaxed,
                Ordering::Relaxed,
            ) {
                old = now;
            }
        });
    }
}

/// All words that hold these bytes, with the bytes of each that count, and which of the whole
/// they are.
///
/// # Safety
/// As for [`read`].
unsafe fn for_words(
    start: *const u8,
    len: usize,
    mut each: impl FnMut(&AtomicU32, core::ops::Range<usize>, core::ops::Range<usize>),
) {
    let mut done = 0;
    while done < len {
        let at = start.wrapping_add(done);
        let first = at.addr() % WORD;
        let count = (WORD - first).min(len - done);
        // SAFETY: the word is aligned, holds one of the bytes, and so is mapped.
        let word = unsafe { &*at.wrapping_sub(first).cast::<AtomicU32>() };
        each(word, first..first + count, done..done + count);
        done += count;
    }
}
