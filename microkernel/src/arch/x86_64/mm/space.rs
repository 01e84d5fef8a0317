//! The kernel's half, made once at boot and shared by all spaces.
//!
//! W^X everywhere: text read-execute, rodata read-only, all else without execution; the
//! frames of text and rodata are read-only in the physmap too.

use super::boot_frames::BootFrames;
use super::entry::Entry;
use super::image;
use super::layout::{
    DEVICES, GROWING, KERNEL_BASE, PHYSMAP, STACK_PAGES, STACK_SLOT, STACK_TOP_RESERVE, STACKS,
};
use super::range::Range;
use super::table::{ENTRIES, KERNEL_HALF, ROOT_LEVEL, Table, active, slot};
use crate::arch::x86_64::index;
use abi::{PAGE_SIZE, Protection};
use core_kernel::machine::{PageSize, Phys};

/// Bytes in a 2 MiB page.
const LARGE: u64 = 2 << 20;

/// The kernel's own root and what is placed in its half.
pub(crate) struct KernelSpace {
    root: Table,
    devices: u64,
    stacks: u64,
}

impl KernelSpace {
    /// Physmap and image; the tables in use until now are left alone.
    /// `ram` is all RAM; `sealed` are the frames that must never be writable.
    pub(crate) fn build(ram: &[Range], sealed: Range, frames: &mut BootFrames) -> Self {
        // SAFETY: boot frames are zeroed RAM that is ours.
        let root = unsafe { Table::new(frames.take(1)) };
        let mut space = Self { root, devices: 0, stacks: 0 };
        space.share_top_level(frames);
        space.map_physmap(ram, sealed, frames);
        space.map_image(image::text(), Protection::ReadExecute, frames);
        space.map_image(image::rodata(), Protection::Read, frames);
        space.map_image(image::data(), Protection::ReadWrite, frames);
        space
    }

    /// Makes the top-level tables of the half now: a space that copies the root's upper
    /// entries then sees all that is mapped later.
    fn share_top_level(&mut self, frames: &mut BootFrames) {
        for start in [PHYSMAP, DEVICES, STACKS, GROWING, KERNEL_BASE] {
            let table = Entry::table(frames.take(1), false);
            // SAFETY: no CPU has loaded the root yet; the table is empty.
            unsafe { self.root.set(slot(start, ROOT_LEVEL), table) };
        }
    }

    /// # Safety
    /// As for [`Table::set`].
    unsafe fn put(&mut self, address: u64, level: u32, entry: Entry, frames: &mut BootFrames) {
        // NOFAIL: boot frames never say no, they end the boot.
        // SAFETY: the caller's promise; boot frames are zeroed RAM that nothing else uses.
        let _ = unsafe { self.root.put(address, level, entry, || Some(frames.take(1))) };
    }

    fn map_physmap(&mut self, ram: &[Range], sealed: Range, frames: &mut BootFrames) {
        let ram_end = ram.iter().map(|range| range.end).max().unwrap_or(0);
        for start in (0..ram_end).step_by(index(LARGE)) {
            let block = Range { start, end: start + LARGE };
            if block.overlaps(sealed) {
                self.map_sealed_block(block, sealed, frames);
            } else if ram.iter().any(|ram| ram.overlaps(block)) {
                let frame = Phys::from_entry(start);
                let entry = Entry::kernel(frame, Protection::ReadWrite, true);
                // SAFETY: the physmap shows RAM; nothing sealed is in the block.
                unsafe { self.put(PHYSMAP + start, 1, entry, frames) };
            }
        }
    }

    fn map_sealed_block(&mut self, block: Range, sealed: Range, frames: &mut BootFrames) {
        for start in (block.start..block.end).step_by(index(PAGE_SIZE)) {
            let page = Range { start, end: start + PAGE_SIZE };
            let protection =
                if page.overlaps(sealed) { Protection::Read } else { Protection::ReadWrite };
            let entry = Entry::kernel(Phys::from_entry(start), protection, false);
            // SAFETY: the physmap shows RAM; sealed frames are shown for reading.
            unsafe { self.put(PHYSMAP + start, 0, entry, frames) };
        }
    }

    /// Maps a section to the frames where the boot has put it.
    fn map_image(&mut self, section: Range, protection: Protection, frames: &mut BootFrames) {
        for page in (section.start..section.end).step_by(index(PAGE_SIZE)) {
            if let Some(frame) = active().translate_kernel(page) {
                // SAFETY: the frame where the image is now, and the section's own protection.
                unsafe { self.put(page, 0, Entry::kernel(frame, protection, false), frames) };
            }
        }
    }

    /// Maps one page of device registers: where it is seen.
    pub(crate) fn map_device(&mut self, registers: Phys, frames: &mut BootFrames) -> u64 {
        let address = DEVICES + self.devices * PAGE_SIZE;
        self.devices += 1;
        let within = registers.address() % PAGE_SIZE;
        let page = Phys::from_entry(registers.address() - within);
        // SAFETY: an address that nothing else has; reads and writes there are the duty of
        // `Registers::new`.
        unsafe { self.put(address, 0, Entry::kernel_device(page), frames) };
        address + within
    }

    /// Maps a stack with nothing below it. Returns its top, 16-aligned; the word there is
    /// `owner`.
    pub(crate) fn map_stack(&mut self, owner: u64, pages: u64, frames: &mut BootFrames) -> u64 {
        let slot = STACKS + self.stacks * STACK_SLOT;
        self.stacks += 1;
        let mut last = Phys::ZERO;
        let pages = pages.min(STACK_PAGES);
        let lowest = slot + STACK_SLOT - pages * PAGE_SIZE;
        for page in (lowest..slot + STACK_SLOT).step_by(index(PAGE_SIZE)) {
            last = frames.take(1);
            // SAFETY: a frame of the stack's own, at an address that nothing else has.
            unsafe {
                self.put(page, 0, Entry::kernel(last, Protection::ReadWrite, false), frames);
            }
        }
        let reserve = last.plus(PAGE_SIZE - STACK_TOP_RESERVE);
        // SAFETY: inside the frame just taken, which nothing else uses yet.
        unsafe { super::physmap::write(reserve, &owner.to_le_bytes()) };
        slot + STACK_SLOT - STACK_TOP_RESERVE
    }

    /// The root.
    pub(crate) fn root(&self) -> Table {
        self.root
    }
}

/// Copies the kernel's half into a new root.
pub(crate) fn share_kernel_half(from: Table, to: Table) {
    for slot in KERNEL_HALF..ENTRIES {
        // SAFETY: the same half, for the same kernel.
        unsafe { to.set(slot, from.get(slot)) };
    }
}

const _: () = assert!(STACK_SLOT.is_power_of_two() && STACKS.is_multiple_of(STACK_SLOT));
const _: () = assert!(LARGE == PageSize::Large.bytes());
