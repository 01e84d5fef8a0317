//! What a machine boots, in QEMU's words.

use crate::find_ovmf;
use anyhow::{Context as _, Result, ensure};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

/// A way to boot.
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
                // Not escaped: only the Multiboot loader splits it at commas, and this is PVH.
                archive.into(),
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

/// A disk whose changes are dropped: several machines can share the file.
fn drive(image: &Path) -> OsString {
    option("format=raw,snapshot=on,file=", image)
}

/// A list of `KEY=VALUE` that ends with a path; a comma in a value is doubled.
pub(crate) fn option(keys: &str, path: &Path) -> OsString {
    let mut word = keys.as_bytes().to_vec();
    for byte in OsStr::as_bytes(path.as_os_str()) {
        word.push(*byte);
        if *byte == b',' {
            word.push(b',');
        }
    }
    OsString::from_vec(word)
}

/// Refuses words for the kernel that are too long for it and for its loader.
///
/// # Errors
/// The error names the limit.
pub fn check_kernel_words(words: &str) -> Result<()> {
    let (len, most) = (words.len(), abi::CMDLINE_MAX);
    ensure!(len <= most, "the words for the kernel are {len} bytes long; at most {most}");
    Ok(())
}
