//! Physical memory as the kernel sees it.
//!
//! Programs on other CPUs may write the same bytes at the same time. To Rust that is a data race
//! if either side is an ordinary access: the compiler might read a byte twice, and what was
//! checked would not be what is used. So the memory of programs is only touched by the string
//! instructions here, which the compiler can neither repeat nor leave out. Each byte is read once.

use super::super::index;
use super::layout::PHYSMAP;
use core::arch::asm;
use core_kernel::machine::Phys;

/// Where the kernel sees this physical address.
pub(crate) fn pointer(address: Phys) -> *mut u8 {
    // A physical address has too few bits to overflow.
    core::ptr::with_exposed_provenance_mut(index(PHYSMAP.wrapping_add(address.address())))
}

/// Fills frames with zeros, by words of eight bytes.
///
/// # Safety
/// The frames are RAM inside the physmap, and no reference into them exists.
pub(crate) unsafe fn zero(first: Phys, frames: u64) {
    let words = index(frames * (abi::PAGE_SIZE / 8));
    // SAFETY: the caller's promise; the physmap is one mapping without holes over RAM. The
    // direction flag is clear in all Rust code.
    unsafe {
        asm!(
            "rep stosq",
            inout("rcx") words => _,
            inout("rdi") pointer(first) => _,
            in("rax") 0_u64,
            options(nostack, preserves_flags)
        );
    }
}

/// Reads RAM.
///
/// # Safety
/// The bytes are RAM inside the physmap; no exclusive reference into them exists.
pub(crate) unsafe fn read(from: Phys, into: &mut [u8]) {
    // SAFETY: the caller's promise; `into` is memory of the kernel's own, so they do not overlap.
    unsafe { copy_up(pointer(from), into.as_mut_ptr(), into.len()) }
}

/// Writes RAM.
///
/// # Safety
/// The bytes are RAM inside the physmap; no reference into them exists.
pub(crate) unsafe fn write(to: Phys, bytes: &[u8]) {
    // SAFETY: as for `read`.
    unsafe { copy_up(bytes.as_ptr(), pointer(to), bytes.len()) }
}

/// Copies RAM; the two places may overlap.
///
/// # Safety
/// As for [`read`] and [`write`].
pub(crate) unsafe fn copy(from: Phys, to: Phys, len: usize) {
    let inside = to.address().wrapping_sub(from.address());
    if inside != 0 && inside < len as u64 {
        // SAFETY: the caller's promise; there is a byte, so `len` is not 0.
        unsafe { copy_down(pointer(from), pointer(to), len) }
    } else {
        // SAFETY: the caller's promise; the target does not begin within the source.
        unsafe { copy_up(pointer(from), pointer(to), len) }
    }
}

/// Copies from the first byte to the last: words of eight bytes, then the rest.
///
/// # Safety
/// `len` bytes can be read and written there; the target does not begin within the source.
#[inline(always)]
unsafe fn copy_up(from: *const u8, to: *mut u8, len: usize) {
    // SAFETY: the caller's promise. The direction flag is clear in all Rust code.
    unsafe {
        asm!(
            "rep movsq",
            "mov rcx, {rest}",
            "rep movsb",
            rest = in(reg) len % 8,
            inout("rcx") len / 8 => _,
            inout("rsi") from => _,
            inout("rdi") to => _,
            options(nostack, preserves_flags)
        );
    }
}

/// Copies from the last byte to the first.
///
/// # Safety
/// `len` bytes, at least one, can be read and written there.
#[cold]
unsafe fn copy_down(from: *const u8, to: *mut u8, len: usize) {
    let last = len - 1;
    // SAFETY: the caller's promise. The direction flag is clear again at the end; entries from the
    // kernel clear it for themselves.
    unsafe {
        asm!(
            "std",
            "rep movsb",
            "sub rsi, 7",
            "sub rdi, 7",
            "mov rcx, {words}",
            "rep movsq",
            "cld",
            words = in(reg) len / 8,
            inout("rcx") len % 8 => _,
            inout("rsi") from.wrapping_add(last) => _,
            inout("rdi") to.wrapping_add(last) => _,
            options(nostack)
        );
    }
}
