//! Physical memory as the kernel sees it.

use super::super::index;
use super::layout::PHYSMAP;
use core_kernel::machine::Phys;

/// Where the kernel sees this physical address.
pub(crate) fn pointer(address: Phys) -> *mut u8 {
    // No physical address has so many bits that it could overflow.
    core::ptr::with_exposed_provenance_mut(index(PHYSMAP.wrapping_add(address.0)))
}

/// Fills frames with zeros.
///
/// # Safety
/// The frames are RAM inside the physmap, and no reference into them exists.
pub(crate) unsafe fn zero(first: Phys, frames: u64) {
    // SAFETY: the caller's promise; the physmap is one mapping without holes over RAM.
    unsafe { pointer(first).write_bytes(0, index(frames * abi::PAGE_SIZE)) }
}

/// Reads RAM.
///
/// # Safety
/// The bytes are RAM inside the physmap; no exclusive reference into them exists.
pub(crate) unsafe fn read(from: Phys, into: &mut [u8]) {
    // SAFETY: the caller's promise; `into` is memory of the kernel's own, so they do not overlap.
    unsafe { into.as_mut_ptr().copy_from_nonoverlapping(pointer(from), into.len()) }
}

/// Writes RAM.
///
/// # Safety
/// The bytes are RAM inside the physmap; no reference into them exists.
pub(crate) unsafe fn write(to: Phys, bytes: &[u8]) {
    // SAFETY: as for `read`.
    unsafe { pointer(to).copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) }
}

/// Copies RAM; the two places may overlap.
///
/// # Safety
/// As for [`read`] and [`write`].
pub(crate) unsafe fn copy(from: Phys, to: Phys, len: usize) {
    // SAFETY: the caller's promise.
    unsafe { pointer(to).copy_from(pointer(from), len) }
}
