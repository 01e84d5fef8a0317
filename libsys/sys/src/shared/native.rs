//! Copies in assembly, a machine word at a time.
//!
//! The compiler knows nothing of these accesses but that they happen, once each: it cannot fetch
//! a byte twice, and no rule on the sizes of racing accesses applies. The CPU tears an access
//! between bytes at most, which is what a copy promises.

use core::arch::asm;

const WORD: usize = size_of::<usize>();

/// Copies bytes out.
///
/// # Safety
/// The bytes must be mapped.
#[inline]
pub(super) unsafe fn read(from: *const u8, into: &mut [u8]) {
    let (words, rest) = into.as_chunks_mut::<WORD>();
    let tail = from.wrapping_add(words.len() * WORD);
    for (index, chunk) in words.iter_mut().enumerate() {
        let word: usize;
        // SAFETY: loads a word that the caller says is mapped.
        unsafe {
            asm!("mov {}, [{}]", out(reg) word, in(reg) from.wrapping_add(index * WORD),
                options(nostack, readonly, preserves_flags));
        }
        *chunk = word.to_ne_bytes();
    }
    for (index, byte) in rest.iter_mut().enumerate() {
        // SAFETY: loads a byte that the caller says is mapped.
        unsafe {
            asm!("mov {}, byte ptr [{}]", out(reg_byte) *byte, in(reg) tail.wrapping_add(index),
                options(nostack, readonly, preserves_flags));
        }
    }
}

/// Copies bytes in.
///
/// # Safety
/// The bytes must be mapped, to be written, and no Rust value.
#[inline]
pub(super) unsafe fn write(to: *mut u8, from: &[u8]) {
    let (words, rest) = from.as_chunks::<WORD>();
    let tail = to.wrapping_add(words.len() * WORD);
    for (index, chunk) in words.iter().enumerate() {
        let word = usize::from_ne_bytes(*chunk);
        // SAFETY: stores a word where the caller says it may.
        unsafe {
            asm!("mov [{}], {}", in(reg) to.wrapping_add(index * WORD), in(reg) word,
                options(nostack, preserves_flags));
        }
    }
    for (index, byte) in rest.iter().enumerate() {
        // SAFETY: stores a byte where the caller says it may.
        unsafe {
            asm!("mov byte ptr [{}], {}", in(reg) tail.wrapping_add(index), in(reg_byte) *byte,
                options(nostack, preserves_flags));
        }
    }
}
