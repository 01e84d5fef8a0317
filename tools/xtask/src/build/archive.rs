//! Fills the boot archive: `init`, the manifest, the kernel's words, the programs.

use crate::workspace;
use anyhow::Result;
use manifest::System;
use qemu_harness::{Archive, Images};
use std::path::Path;

/// The first user program.
const INIT: &str = "init";
/// The program that the kernel starts instead of init for the command-line word `selftest`.
const SELFTEST: &str = "selftest";

/// The programs that the archive holds.
pub(super) fn program_names(system: &System) -> Vec<String> {
    let mut names = vec![INIT.to_owned(), SELFTEST.to_owned()];
    let more = system.program_files();
    names.extend(more.into_iter().filter(|name| *name != SELFTEST).map(str::to_owned));
    names
}

/// Writes the archive, unless it is there with the same bytes.
pub(super) fn write(system: &System, images: &Images, file: &Path) -> Result<()> {
    let mut archive = Archive::new();
    archive.set(INIT, images.program(INIT)?);
    archive.set(manifest::FILE, manifest::encode(system));
    // The kernel's words, for disk images. QEMU passes those of a direct boot.
    archive.set("cmdline", Vec::new());
    for name in program_names(system).iter().skip(1) {
        archive.set(name, images.program(name)?);
    }
    workspace::write(file, archive.to_bytes()?)
}
