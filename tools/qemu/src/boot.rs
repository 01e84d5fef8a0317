//! What a machine boots, in QEMU's words.

use crate::find_ovmf;
use anyhow::{Context as _, Result};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// What is booted.
#[derive(Clone, Debug)]
pub enum Boot {
    /// Kernel and archive by QEMU itself (PVH).
    Direct {
        /// The kernel's ELF.
        kernel: PathBuf,
        /// The boot archive.
        archive: PathBuf,
        /// The kernel's command line.
        command_line: String,
    },
    /// A disk image by SeaBIOS.
    Bios(PathBuf),
    /// A disk image by OVMF.
    Uefi(PathBuf),
}

impl Boot {
    /// The words for QEMU.
    pub(crate) fn arguments(&self) -> Result<Vec<OsString>> {
        Ok(match self {
            Self::Direct { kernel, archive, command_line } => vec![
                "-kernel".into(),
                kernel.into(),
                "-initrd".into(),
                // A comma would begin a second module.
                archive.to_string_lossy().replace(',', ",,").into(),
                "-append".into(),
                command_line.into(),
            ],
            // The boot loader asks the firmware for a screen; a machine without one is refused.
            Self::Bios(image) => vec!["-vga".into(), "std".into(), "-drive".into(), drive(image)],
            Self::Uefi(image) => {
                let firmware = find_ovmf().context(
                    "the UEFI firmware OVMF is not installed; \
                     `cargo xtask setup` says how to get it",
                )?;
                vec![
                    "-vga".into(),
                    "std".into(),
                    "-bios".into(),
                    firmware.into(),
                    "-drive".into(),
                    drive(image),
                ]
            }
        })
    }
}

/// A disk whose changes are forgotten, so that many machines can share the file.
fn drive(image: &Path) -> OsString {
    let path = image.to_string_lossy().replace(',', ",,");
    format!("format=raw,snapshot=on,file={path}").into()
}
