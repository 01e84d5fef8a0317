//! Fills the boot archive: `init`, the manifest, the kernel's words, the programs.

use crate::workspace;
use anyhow::Result;
use log_decoder::{CHECKED_KERNEL, KERNEL, Strings, add_strings};
use manifest::System;
use qemu_harness::{Archive, Elfs, Images};
use std::path::Path;

/// The first user program.
const INIT: &str = "init";
/// The program that the kernel starts instead of init for the command-line word `selftest`.
const SELFTEST: &str = "selftest";

/// The strings of log statements, for the system log's server.
const STRINGS: &str = "log-strings";

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
    let names = program_names(system);
    for name in names.iter().skip(1) {
        archive.set(name, images.program(name)?);
    }
    archive.set(STRINGS, strings(system, &names)?.into_bytes());
    workspace::write(file, archive.to_bytes()?)
}

/// The strings of all programs and of both kernels, as the machine reads them.
fn strings(system: &System, names: &[String]) -> Result<String> {
    let target = workspace::target();
    let (elfs, checked) = (Elfs::in_target(&target), Elfs::with_checks(&target));
    let programs = names.iter().map(|name| (name.as_str(), elfs.program(name)));
    let named = system.aliases().map(|(name, file)| (name, elfs.program(file)));
    let kernels = [(KERNEL, elfs.kernel().into()), (CHECKED_KERNEL, checked.kernel().into())];
    let mut strings = Strings::default();
    for (name, elf) in programs.chain(named).chain(kernels) {
        // Of the kernels, the one that boots is built.
        if elf.exists() {
            add_strings(&mut strings, name, &fs_err::read(elf)?)?;
        }
    }
    Ok(strings.to_text())
}
