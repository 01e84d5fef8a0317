//! Pages of the kernel alone where a program has its own: kernel code may read them, as it may not
//! read those of a program.

use super::super::mm::boot_frames::BootFrames;
use super::super::mm::entry::Entry;
use super::super::mm::table::Table;
use abi::{Protection, USER_END};

/// Maps a fresh frame at an address of the user half.
pub(crate) fn map(table: Table, address: u64, frames: &mut BootFrames) {
    assert!(address < USER_END, "not in the user half");
    let entry = Entry::kernel(frames.take(1), Protection::ReadWrite, false).local();
    // NOFAIL: boot frames never say no, they end the boot.
    // SAFETY: a frame that nothing else uses, at an address where nothing of the kernel's is.
    let _ = unsafe { table.put(address, 0, entry, || Some(frames.take(1))) };
}

/// Unmaps it.
pub(crate) fn unmap(table: Table, address: u64) {
    assert!(address < USER_END, "not in the user half");
    if let Some(leaf) = table.leaf(address) {
        // SAFETY: it only makes less reachable, and nothing of the kernel's is in the user half.
        unsafe { leaf.set(Entry::NONE) };
    }
}
