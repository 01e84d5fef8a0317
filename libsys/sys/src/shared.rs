//! Memory that others may change at any time.
//!
//! **Rules of the language.** Atomic accesses that race must have one size, and plain ones must
//! not race at all. So words of 32 bits are the only atomics that are handed out, and copies
//! are made in a way that goes with them: in assembly, where the language sees another agent
//! like the other process; on the host, where Miri watches, by the same words of 32 bits.

#[cfg_attr(target_os = "none", path = "shared/native.rs")]
#[cfg_attr(not(target_os = "none"), path = "shared/words.rs")]
mod copy;

use crate::Error;
use core::marker::PhantomData;
use core::sync::atomic::AtomicU32;

/// The size of the words that are accessed atomically.
const WORD: usize = 4;

/// A window on shared memory. Every access is checked against its bounds and is either a
/// copy or an atomic, so that whatever the other side does, nothing here becomes unsound;
/// what was copied may be torn: validate it after the copy.
#[derive(Clone, Copy, Debug)]
pub struct Shared<'a> {
    start: *mut u8,
    len: usize,
    writable: bool,
    life: PhantomData<&'a AtomicU32>,
}

// SAFETY: no access is a plain one: see the rules above.
unsafe impl Send for Shared<'_> {}
// SAFETY: as above.
unsafe impl Sync for Shared<'_> {}

impl<'a> Shared<'a> {
    /// # Safety
    /// `start` must be mapped for `len` bytes during `'a`, writable if so said, and reached
    /// in this process only through `Shared` meanwhile; both are multiples of 4.
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
        // SAFETY: they lie inside, and are mapped during `'a` by the duty of `new`.
        unsafe { copy::read(self.start.add(offset), into) };
        Ok(())
    }

    /// Copies bytes in.
    pub fn write(self, offset: usize, bytes: &[u8]) -> Result<(), Error> {
        self.check_writable(offset, bytes.len())?;
        // SAFETY: as in `read`, and the mapping is writable.
        unsafe { copy::write(self.start.add(offset), bytes) };
        Ok(())
    }

    /// The 32-bit word at a multiple of 4.
    pub fn u32_at(self, offset: usize) -> Result<&'a AtomicU32, Error> {
        self.check_writable(offset, WORD)?;
        if !(self.start as usize + offset).is_multiple_of(WORD) {
            return Err(Error::BadAddress);
        }
        // SAFETY: 1. the word lies inside, is aligned, and may be written. 2. mapped during
        // `'a` by the duty of `new`. 3. it is accessed atomically in this size alone.
        Ok(unsafe { &*self.start.add(offset).cast::<AtomicU32>() })
    }

    /// The 64-bit word at a multiple of 8. A program must not use its halves, too: accesses of
    /// two sizes must not race.
    #[cfg(all(target_os = "none", feature = "hazard"))]
    pub fn u64_at(self, offset: usize) -> Result<&'a core::sync::atomic::AtomicU64, Error> {
        self.check_writable(offset, 8)?;
        if !(self.start as usize + offset).is_multiple_of(8) {
            return Err(Error::BadAddress);
        }
        // SAFETY: as in `u32_at`, but for the size, which is the program's promise.
        Ok(unsafe { &*self.start.add(offset).cast() })
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
        // Fewer where each instruction is interpreted.
        let (offsets, step) = if cfg!(miri) { (5, 7) } else { (24, 1) };
        for offset in 0..offsets {
            for len in (0..=bytes.len()).step_by(step) {
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
        assert!(matches!(shared.u32_at(16), Err(Error::BadAddress)));
        assert!(matches!(shared.u32_at(2), Err(Error::BadAddress)));
        shared.u32_at(12).unwrap().store(7, Ordering::Relaxed);
        // SAFETY: as above.
        let constant = unsafe { Shared::new(memory.as_mut_ptr().cast(), 16, false) };
        assert_eq!(constant.write(0, &[1]), Err(Error::NoRight));
        assert!(matches!(constant.u32_at(0), Err(Error::NoRight)));
        let mut back = [0; 4];
        constant.read(12, &mut back).unwrap();
        assert_eq!(u32::from_ne_bytes(back), 7);
    }
    /// Under Miri: accesses of two sizes, or plain ones, would be told as a data race.
    #[test]
    fn copies_and_words_may_race() {
        let memory = &*Box::leak(Box::new([0u64; 8].map(std::sync::atomic::AtomicU64::new)));
        // SAFETY: leaked, and only used through windows.
        let window = || unsafe { Shared::new(memory.as_ptr() as *mut u8, 64, true) };
        let (one, other) = (window(), window());
        let thread = std::thread::spawn(move || {
            for round in 0..50 {
                other.write(round % 40, &[7; 13]).unwrap();
                other.u32_at(16).unwrap().fetch_add(1, Ordering::Relaxed);
            }
        });
        let mut bytes = [0; 21];
        for round in 0..50 {
            one.read(round % 40, &mut bytes).unwrap();
            one.u32_at(round % 16 * 4).unwrap().store(1, Ordering::Relaxed);
            one.write(round % 40, &bytes).unwrap();
        }
        thread.join().unwrap();
    }
}
