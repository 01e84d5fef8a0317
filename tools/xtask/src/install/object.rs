//! The object file that each program with the standard library is linked with.
//!
//! It is made of a static library with all of `libsys/std-table` and what that is made of. One object
//! file, in which only the names that the program needs are global: its `core`, allocator and memory
//! functions are its own, and no name of the program's is in their way.

use crate::build::Bare;
use crate::setup::Toolchain;
use crate::{step, workspace};
use anyhow::Result;
use fs_err as fs;
use std::path::PathBuf;
use std::process::Command;

/// The package, and the target that it is built for.
const PACKAGE: &str = "std-table";
const TARGET: &str = "x86_64-postern-float";
/// The names that stay global: the first instruction, what the library calls before `main`, what the
/// crate `getrandom` calls, and what the linker script names.
const GLOBAL: [&str; 4] =
    ["_start", "motor_runtime_start", "__getrandom_v03_custom", "__defmt_default_timestamp"];

/// Makes the file: its path changes with its content, so that programs are linked again.
pub(super) fn make(toolchain: &Toolchain) -> Result<PathBuf> {
    let mut build = Bare::User.command(toolchain, "rustc", TARGET)?;
    build.args(["-p", PACKAGE, "--lib", "--crate-type", "staticlib"]);
    // As one piece: what is inside stays inside.
    build.args(["--config", "profile.release.lto=\"fat\""]);
    build.args(["--config", "profile.release.codegen-units=1"]);
    step::run("building what the standard library calls", &mut build)?;
    let folder = workspace::target().join("user").join(TARGET).join("release");
    let (library, all) = (folder.join("libstd_table.a"), folder.join("std-table.o"));
    let mut link = Command::new(toolchain.llvm_tool("rust-lld")?);
    link.args(["-flavor", "gnu", "-r", "-u", "_start", "-o"]).args([&all, &library]);
    step::run("joining it to one object file", &mut link)?;
    let made = workspace::target().join("std");
    fs::create_dir_all(&made)?;
    let draft = made.join("std-table.o");
    let mut hide = Command::new(toolchain.llvm_tool("llvm-objcopy")?);
    hide.arg("--strip-debug");
    hide.args(GLOBAL.map(|name| format!("--keep-global-symbol={name}")));
    step::run("hiding its names", hide.args([&all, &draft]))?;
    let checksum = crc32fast::hash(&fs::read(&draft)?);
    let object = made.join(format!("std-table-{checksum:08x}.o"));
    fs::rename(&draft, &object)?;
    Ok(object)
}
