//! Memory that others may change at any time.

use crate::Error;
use core::marker::PhantomData;
use core::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Ordering};

/// A window on shared memory. Every access is checked against its bounds and is either a
/// copy or an atomic, so that whatever the other side does, nothing here becomes unsound;
/// what was copied may be torn, and is to be validated after the copy.
#[derive(Clone, Copy, Debug)]
pub struct Shared<'a> {
    start: *mut u8,
    len: usize,
    writable: bool,
    life: PhantomData<&'a AtomicU8>,
}

// SAFETY: all access is atomic.
unsafe impl Send for Shared<'_> {}
// SAFETY: all access is atomic.
unsafe impl Sync for Shared<'_> {}

impl<'a> Shared<'a> {
    /// # Safety
    /// `start` must be mapped for `len` bytes during `'a`, writable if so said, and reached
    /// in this process only through `Shared` meanwhile.
    pub(crate) unsafe fn new(start: *mut u8, len: usize, writable: bool) -> Self {
        Self { start, len, writable, life: PhantomData }
    }

    /// Its size in bytes.
    #[must_use]
    pub fn len(self) -> usize {
        self.len
    }

    /// Whether it has no bytes.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len == 0
    }

    /// Copies bytes out. Each byte is read once.
    pub fn read(self, offset: usize, into: &mut [u8]) -> Result<(), Error> {
        self.check(offset, into.len())?;
        let (head, words) = split(self.start as usize + offset, into.len());
        let (first, rest) = into.split_at_mut(head);
        let (middle, last) = rest.split_at_mut(words * WORD);
        for (index, byte) in first.iter_mut().enumerate() {
            *byte = self.byte(offset + index).load(Ordering::Relaxed);
        }
        for (index, chunk) in middle.chunks_exact_mut(WORD).enumerate() {
            let word: &AtomicUsize = self.atomic(offset + head + index * WORD);
            chunk.copy_from_slice(&word.load(Ordering::Relaxed).to_ne_bytes());
        }
        let tail = offset + head + words * WORD;
        for (index, byte) in last.iter_mut().enumerate() {
            *byte = self.byte(tail + index).load(Ordering::Relaxed);
        }
        Ok(())
    }

    /// Copies bytes in.
    pub fn write(self, offset: usize, bytes: &[u8]) -> Result<(), Error> {
        self.check_writable(offset, bytes.len())?;
        let (head, words) = split(self.start as usize + offset, bytes.len());
        let (first, rest) = bytes.split_at(head);
        let (middle, last) = rest.split_at(words * WORD);
        for (index, byte) in first.iter().enumerate() {
            self.byte(offset + index).store(*byte, Ordering::Relaxed);
        }
        for (index, chunk) in middle.chunks_exact(WORD).enumerate() {
            let mut word = [0; WORD];
            word.copy_from_slice(chunk);
            let place: &AtomicUsize = self.atomic(offset + head + index * WORD);
            place.store(usize::from_ne_bytes(word), Ordering::Relaxed);
        }
        let tail = offset + head + words * WORD;
        for (index, byte) in last.iter().enumerate() {
            self.byte(tail + index).store(*byte, Ordering::Relaxed);
        }
        Ok(())
    }

    /// The 32-bit word at a multiple of 4.
    pub fn u32_at(self, offset: usize) -> Result<&'a AtomicU32, Error> {
        self.check_writable(offset, 4)?;
        if (self.start as usize + offset).is_multiple_of(4) {
            Ok(self.atomic(offset))
        } else {
            Err(Error::BadAddress)
        }
    }

    /// The 64-bit word at a multiple of 8.
    pub fn u64_at(self, offset: usize) -> Result<&'a AtomicU64, Error> {
        self.check_writable(offset, 8)?;
        if (self.start as usize + offset).is_multiple_of(8) {
            Ok(self.atomic(offset))
        } else {
            Err(Error::BadAddress)
        }
    }

    fn byte(self, offset: usize) -> &'a AtomicU8 {
        self.atomic(offset)
    }

    /// The caller has checked bounds and alignment.
    fn atomic<T: Word>(self, offset: usize) -> &'a T {
        debug_assert!(offset + size_of::<T>() <= self.len);
        // SAFETY: 1. every caller is in this file and has checked that the word lies inside
        // and is aligned. 2. mapped during `'a` by the duty of `new`. 3. the reference is to
        // an atomic, which may change under it. Callers that hand it out or store checked
        // that the mapping is writable.
        unsafe { &*self.start.add(offset).cast::<T>() }
    }

    fn check(self, offset: usize, len: usize) -> Result<(), Error> {
        let end = offset.checked_add(len).ok_or(Error::BadAddress)?;
        if end <= self.len { Ok(()) } else { Err(Error::BadAddress) }
    }

    fn check_writable(self, offset: usize, len: usize) -> Result<(), Error> {
        self.check(offset, len)?;
        if self.writable { Ok(()) } else { Err(Error::NoRight) }
    }
}

/// The atomics that occur.
trait Word {}
impl Word for AtomicU8 {}
impl Word for AtomicU32 {}
impl Word for AtomicU64 {}
impl Word for AtomicUsize {}

/// Bytes that one instruction copies. No more: a CPU of 32 bits loads 64 atomically only by
/// an instruction that also writes, and what is read may be read-only.
const WORD: usize = size_of::<usize>();

/// Bytes before the first aligned word, and how many whole words follow.
fn split(address: usize, len: usize) -> (usize, usize) {
    let head = (address.next_multiple_of(WORD) - address).min(len);
    (head, (len - head) / WORD)
}

#[cfg(test)]
mod tests {
    use super::Shared;
    use crate::Error;
    use std::sync::atomic::Ordering;

    #[test]
    fn copies_at_every_alignment() {
        let mut memory = [0u64; 8];
        // SAFETY: the array lives, and is only used through the window until the end.
        let shared = unsafe { Shared::new(memory.as_mut_ptr().cast(), 64, true) };
        let bytes: Vec<u8> = (1..=40).collect();
        for offset in 0..24 {
            for len in 0..=bytes.len() {
                shared.write(0, &[0; 64]).unwrap();
                shared.write(offset, &bytes[..len]).unwrap();
                let mut back = [0; 64];
                shared.read(0, &mut back).unwrap();
                assert_eq!(&back[offset..offset + len], &bytes[..len]);
                assert!(back[..offset].iter().chain(&back[offset + len..]).all(|b| *b == 0));
                let mut part = vec![0; len];
                shared.read(offset, &mut part).unwrap();
                assert_eq!(part, &bytes[..len]);
            }
        }
    }

    #[test]
    fn bounds_alignment_and_rights_are_checked() {
        let mut memory = [0u64; 2];
        // SAFETY: as above.
        let shared = unsafe { Shared::new(memory.as_mut_ptr().cast(), 16, true) };
        assert_eq!(shared.read(10, &mut [0; 7]), Err(Error::BadAddress));
        assert_eq!(shared.write(usize::MAX, &[1]), Err(Error::BadAddress));
        assert!(matches!(shared.u64_at(12), Err(Error::BadAddress)));
        assert!(matches!(shared.u32_at(2), Err(Error::BadAddress)));
        shared.u32_at(12).unwrap().store(7, Ordering::Relaxed);
        // SAFETY: as above.
        let constant = unsafe { Shared::new(memory.as_mut_ptr().cast(), 16, false) };
        assert_eq!(constant.write(0, &[1]), Err(Error::NoRight));
        assert!(matches!(constant.u64_at(0), Err(Error::NoRight)));
        let mut back = [0; 4];
        constant.read(12, &mut back).unwrap();
        assert_eq!(u32::from_ne_bytes(back), 7);
    }
}
