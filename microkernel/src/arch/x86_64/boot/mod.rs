//! Two ways in, one [`Facts`]: the direct boot (PVH) and the disk images' boot loader.

mod acpi;
mod facts;
mod frames;
mod handover;
pub(crate) mod options;
pub(crate) mod processors;
pub(crate) mod program;
mod pvh;
mod pvh_info;
mod trampoline;

use super::mm::layout;
use super::{debug, serial};
use bootloader_api::config::Mapping;
use bootloader_api::{BootInfo, BootloaderConfig};

pub(crate) use acpi::{Override, Platform};
pub(crate) use facts::{Facts, REGIONS, Range};
pub(crate) use frames::BootFrames;
pub(crate) use handover::Boot;

/// Asks the disk images' boot loader for the same as the direct boot gives.
static CONFIG: BootloaderConfig = {
    let mut config = BootloaderConfig::new_default();
    config.kernel_stack_size = 128 * 1024;
    config.mappings.physical_memory = Some(Mapping::FixedAddress(layout::PHYSMAP));
    config.mappings.dynamic_range_start = Some(layout::LOADER_START);
    config.mappings.dynamic_range_end = Some(layout::LOADER_END);
    config
};

bootloader_api::entry_point!(loader_entered, config = &CONFIG);

fn loader_entered(info: &'static mut BootInfo) -> ! {
    crate::start(info)
}

/// Ends the boot with one line that says why.
pub(crate) fn fail(why: core::fmt::Arguments<'_>) -> ! {
    serial::say!("postern: cannot boot: {why}");
    debug::exit(abi::exit_code::BOOT_FAILED)
}
