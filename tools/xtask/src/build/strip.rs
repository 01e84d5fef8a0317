//! Copies of programs without symbols and debug information, as they are booted.

use crate::setup::Toolchain;
use crate::{step, workspace};
use anyhow::Result;
use std::path::Path;
use std::process::Command;

/// Makes a stripped copy, unless the one there is current.
pub(super) fn copy(toolchain: &Toolchain, elf: &Path, to: &Path) -> Result<()> {
    if workspace::is_current(to, &[elf]) {
        return Ok(());
    }
    fs_err::create_dir_all(to.parent().unwrap_or(to))?;
    let mut strip = Command::new(toolchain.llvm_tool("llvm-objcopy")?);
    step::run(&format!("stripping {}", elf.display()), strip.arg("--strip-all").args([elf, to]))
}
