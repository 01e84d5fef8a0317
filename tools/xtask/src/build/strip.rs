//! Copies of programs without symbols and debug information, as they are booted.

use crate::setup::Toolchain;
use anyhow::{Context as _, Result, ensure};
use std::path::Path;
use std::process::Command;

/// Makes a stripped copy, unless the one there is current.
pub(super) fn copy(toolchain: &Toolchain, elf: &Path, to: &Path) -> Result<()> {
    if is_current(elf, to) {
        return Ok(());
    }
    if let Some(folder) = to.parent() {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    }
    let output = Command::new(toolchain.llvm_tool("llvm-objcopy")?)
        .arg("--strip-all")
        .args([elf, to])
        .output()
        .context("cannot start llvm-objcopy")?;
    ensure!(
        output.status.success(),
        "llvm-objcopy can't strip {}: {}",
        elf.display(),
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(())
}

fn is_current(elf: &Path, copy: &Path) -> bool {
    let changed = |path: &Path| path.metadata().and_then(|data| data.modified());
    matches!((changed(elf), changed(copy)), (Ok(elf), Ok(copy)) if copy >= elf)
}
