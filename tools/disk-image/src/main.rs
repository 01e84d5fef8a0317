//! Makes a disk image that boots a kernel with a boot archive.
//!
//! `disk-image bios|uefi KERNEL ARCHIVE OUT`; started by `cargo xtask image`.
#![forbid(unsafe_code)]

use bootloader::{BootConfig, DiskImageBuilder};
use std::{env, path::PathBuf, process::ExitCode};

const USAGE: &str = "usage: disk-image bios|uefi KERNEL ARCHIVE OUT";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("disk-image: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [firmware, kernel, archive, out] = arguments.as_slice() else {
        return Err(USAGE.to_owned());
    };
    let out = PathBuf::from(out);
    let mut builder = DiskImageBuilder::new(PathBuf::from(kernel));
    builder.set_ramdisk(PathBuf::from(archive)).set_boot_config(&quiet());
    match firmware.as_str() {
        "bios" => builder.create_bios_image(&out),
        "uefi" => builder.create_uefi_image(&out),
        _ => return Err(USAGE.to_owned()),
    }
    .map_err(|error| format!("{}: {error:#}", out.display()))
}

/// The boot stages print nothing: the serial line belongs to Postern.
fn quiet() -> BootConfig {
    let mut config = BootConfig::default();
    config.serial_logging = false;
    config.frame_buffer_logging = false;
    config
}
