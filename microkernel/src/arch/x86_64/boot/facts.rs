//! What the kernel keeps of the boot information, whichever way it came.
//!
//! Copied before anything is allocated: the loader's own structures are not mapped any
//! more once the kernel is on its own page tables.

use super::super::mm::range::{REGIONS, Range};
use super::super::mm::{image, table};
use super::pvh_info;
use bootloader_api::BootInfo;
use bootloader_api::info::MemoryRegionKind;
use core_kernel::machine::Phys;
use heapless::Vec;

/// What the kernel must know about the machine and its boot.
#[derive(Clone)]
pub(crate) struct Facts {
    /// Free RAM, whole pages.
    pub(crate) free: Vec<Range, REGIONS>,
    /// All RAM that programs must not get as device memory.
    pub(crate) ram: Vec<Range, REGIONS>,
    /// Where the ACPI tables begin.
    pub(crate) rsdp: Option<Phys>,
    /// The boot archive: where it begins, and its bytes.
    pub(crate) archive: Option<(Phys, u64)>,
    /// The command line, when the boot gave one.
    pub(crate) cmdline: Option<&'static str>,
    /// The kernel image's frames that must never be writable.
    pub(crate) sealed: Range,
}

/// Where other CPUs can start: below the old video memory, above what firmware of all ages
/// keeps for itself.
const START_PAGES: Range = Range { start: 0x8000, end: 0x9_0000 };

/// Adds a range, to the last one where they touch. A full list only loses memory.
fn add(list: &mut Vec<Range, REGIONS>, range: Range) {
    match list.last_mut() {
        Some(last) if last.end == range.start => last.end = range.end,
        _ => drop(list.push(range)),
    }
}

impl Facts {
    /// Copies what matters.
    pub(crate) fn gather(info: &BootInfo) -> Self {
        let mut facts = Self {
            free: Vec::new(),
            ram: Vec::new(),
            rsdp: info.rsdp_addr.into_option().and_then(Phys::new),
            archive: None,
            cmdline: pvh_info::cmdline().map(str::trim).filter(|text| !text.is_empty()),
            sealed: image::sealed_frames(),
        };
        for region in info.memory_regions.iter() {
            facts.add_region(region.start, region.end, region.kind);
        }
        facts.archive = info.ramdisk_addr.into_option().and_then(|address| {
            let first = table::active().translate_kernel(address)?;
            (info.ramdisk_len > 0).then_some((first, info.ramdisk_len))
        });
        facts
    }

    fn add_region(&mut self, start: u64, end: u64, kind: MemoryRegionKind) {
        let usable = kind == MemoryRegionKind::Usable;
        let page = abi::PAGE_SIZE;
        let pages = Range { start: start.next_multiple_of(page), end: end / page * page };
        if usable && pages.start < pages.end {
            add(&mut self.free, pages);
        }
        if usable || kind == MemoryRegionKind::Bootloader {
            add(&mut self.ram, Range { start, end });
        }
    }

    /// Takes a page below 1 MiB, where other CPUs start: a free one, or one that only the
    /// loader has used.
    pub(crate) fn take_start_page(&mut self) -> Option<Phys> {
        let inside = |list: &[Range], page: Range| {
            list.iter().position(|range| range.start <= page.start && page.end <= range.end)
        };
        let pages = (START_PAGES.start..START_PAGES.end).step_by(4096);
        let mut pages = pages.map(|start| Range { start, end: start + abi::PAGE_SIZE });
        if let Some((page, place)) =
            pages.clone().find_map(|page| Some((page, inside(&self.free, page)?)))
        {
            let before = Range { end: page.start, ..self.free[place] };
            let after = Range { start: page.end, ..self.free[place] };
            self.free[place] = before;
            // A full list only loses memory.
            let _lost = self.free.push(after);
            return Phys::new(page.start);
        }
        pages.find(|page| inside(&self.ram, *page).is_some()).and_then(|page| Phys::new(page.start))
    }

    /// Bytes of all RAM that the kernel can use.
    pub(crate) fn usable_bytes(&self) -> u64 {
        self.free.iter().map(|range| range.end - range.start).sum()
    }

    /// The first address after all RAM.
    pub(crate) fn ram_end(&self) -> u64 {
        self.ram.iter().map(|range| range.end).max().unwrap_or(0)
    }
}
