//! What the direct boot tells, in the words of [`bootloader_api::BootInfo`].

use super::super::debug::fail;
use super::super::index;
use super::super::mm::{image, layout::PHYSMAP};
use bootloader_api::BootInfo;
use bootloader_api::info::{MemoryRegion, MemoryRegionKind, Optional};
use core::ffi::CStr;
use spin::Once;

/// The most regions that are kept; more are ignored, which only loses memory.
const REGIONS: usize = 64;
/// Below this the firmware and the loader keep their own.
const LOW_MEMORY_END: u64 = 0x10_0000;
const TYPE_RAM: u32 = 1;
const MAGIC: u32 = 0x336e_c578;

/// Source: Xen, `public/arch-x86/hvm/start_info.h`, version 1.
#[repr(C)]
struct StartInfo {
    magic: u32,
    version: u32,
    flags: u32,
    modules: u32,
    module_list: u64,
    cmdline: u64,
    rsdp: u64,
    memory_map: u64,
    memory_map_entries: u32,
    reserved: u32,
}

#[repr(C)]
struct Module {
    address: u64,
    size: u64,
    cmdline: u64,
    reserved: u64,
}

#[repr(C)]
struct MemoryEntry {
    address: u64,
    size: u64,
    kind: u32,
    reserved: u32,
}

static CMDLINE: Once<&'static str> = Once::new();

/// The command line of the direct boot.
pub(crate) fn cmdline() -> Option<&'static str> {
    CMDLINE.get().copied()
}

/// Translates the loader's start info.
///
/// # Safety
/// To be called once, from the direct boot, with the address that the loader gave.
pub(crate) unsafe fn boot_info(start_info: u64) -> &'static mut BootInfo {
    // SAFETY: the loader's structures lie below 4 GiB, which the trampoline maps at the
    // physmap, and nothing has been overwritten since.
    let info: &StartInfo = unsafe { at(start_info) };
    if info.magic != MAGIC {
        fail(format_args!("the direct boot left no start info"));
    }
    // SAFETY: as above; QEMU ends the text with a zero.
    let cmdline = unsafe { text(info.cmdline) };
    CMDLINE.call_once(|| cmdline);
    // SAFETY: as above, the counts are the loader's.
    let (modules, map): (&[Module], &[MemoryEntry]) = unsafe {
        (list(info.module_list, info.modules), list(info.memory_map, info.memory_map_entries))
    };
    let ramdisk = modules.first().filter(|module| module.size > 0);
    let mut regions = Regions::new();
    for entry in map {
        regions.add_entry(entry, ramdisk);
    }
    fill(regions, info.rsdp, ramdisk)
}

fn fill(regions: Regions, rsdp: u64, ramdisk: Option<&Module>) -> &'static mut BootInfo {
    static INFO: spin::Mutex<Option<BootInfo>> = spin::Mutex::new(None);
    let mut boot = BootInfo::new(regions.leak().into());
    boot.physical_memory_offset = Optional::Some(PHYSMAP);
    boot.rsdp_addr = if rsdp == 0 { Optional::None } else { Optional::Some(rsdp) };
    if let Some(module) = ramdisk {
        boot.ramdisk_addr = Optional::Some(PHYSMAP + module.address);
        boot.ramdisk_len = module.size;
    }
    spin::MutexGuard::leak(INFO.lock()).insert(boot)
}

/// Memory regions being collected, in static memory because there is no other yet.
struct Regions {
    all: &'static mut [MemoryRegion; REGIONS],
    used: usize,
}

impl Regions {
    fn new() -> Self {
        static ALL: spin::Mutex<[MemoryRegion; REGIONS]> =
            spin::Mutex::new([MemoryRegion::empty(); REGIONS]);
        Self { all: spin::MutexGuard::leak(ALL.lock()), used: 0 }
    }

    fn push(&mut self, start: u64, end: u64, kind: MemoryRegionKind) {
        if start < end && self.used < REGIONS {
            self.all[self.used] = MemoryRegion { start, end, kind };
            self.used += 1;
        }
    }

    /// Adds a piece of the map; what is taken already is cut out of RAM.
    fn add_entry(&mut self, entry: &MemoryEntry, ramdisk: Option<&Module>) {
        let (start, end) = (entry.address, entry.address.saturating_add(entry.size));
        if entry.kind != TYPE_RAM {
            return self.push(start, end, MemoryRegionKind::UnknownBios(entry.kind));
        }
        let kernel = image::load_range();
        let disk = ramdisk.map_or((0, 0), |module| (module.address, module.address + module.size));
        let mut taken = [(0, LOW_MEMORY_END), kernel, disk];
        taken.sort_unstable();
        let mut from = start;
        for (first, last) in taken {
            let (first, last) = (first.clamp(from, end), last.clamp(from, end));
            self.push(from, first, MemoryRegionKind::Usable);
            self.push(first, last, MemoryRegionKind::Bootloader);
            from = last;
        }
        self.push(from, end, MemoryRegionKind::Usable);
    }

    fn leak(self) -> &'static mut [MemoryRegion] {
        &mut self.all[..self.used]
    }
}

/// # Safety
/// A `T` lies at this physical address below 4 GiB and is never written again.
unsafe fn at<T>(address: u64) -> &'static T {
    // SAFETY: the caller's promise; the physmap maps it.
    unsafe { &*core::ptr::with_exposed_provenance(index(PHYSMAP + address)) }
}

/// # Safety
/// As [`at`], for this many.
unsafe fn list<T>(address: u64, len: u32) -> &'static [T] {
    let first = core::ptr::with_exposed_provenance(index(PHYSMAP + address));
    // SAFETY: the caller's promise; the physmap maps it.
    unsafe { core::slice::from_raw_parts(first, index(u64::from(len))) }
}

/// # Safety
/// Zero, or as [`at`] for text that ends with a zero byte.
unsafe fn text(address: u64) -> &'static str {
    if address == 0 {
        return "";
    }
    // SAFETY: the caller's promise.
    let text = unsafe { CStr::from_ptr(at(address)) };
    text.to_str().unwrap_or_default()
}
