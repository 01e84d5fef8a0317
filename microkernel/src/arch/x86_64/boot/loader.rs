//! The way in from the disk images' boot loader.

use super::super::mm::layout;
use bootloader_api::config::Mapping;
use bootloader_api::{BootInfo, BootloaderConfig};

/// Asks the boot loader for the same as the direct boot gives.
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
