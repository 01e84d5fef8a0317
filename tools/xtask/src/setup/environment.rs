//! The environment of a build with the kernel toolchain.
//!
//! Cargo and rustup set variables for the toolchain that built xtask, and the user may have set
//! others. A build for the bare machine must not see them.

use anyhow::{Context as _, Result};
use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

/// The beginnings of names that describe a toolchain or a build…
const FOREIGN: [&str; 3] = ["CARGO", "RUST", "LD_LIBRARY_PATH"];

/// … and of those that describe the user's registry, network and folders.
const KEPT: [&str; 8] = [
    "CARGO_HOME",
    "CARGO_HTTP_",
    "CARGO_NET_",
    "CARGO_REGISTR",
    "CARGO_SOURCE_",
    "CARGO_TERM_",
    "RUSTUP_HOME",
    "RUST_BACKTRACE",
];

/// Makes the command use the toolchain in this folder and no other.
pub(super) fn clean(command: &mut Command, sysroot: &Path) -> Result<()> {
    for (name, _) in std::env::vars_os() {
        if is_foreign(&name.to_string_lossy()) {
            command.env_remove(name);
        }
    }
    command
        .env("PATH", path_with(&sysroot.join("bin"))?)
        .env("SYSROOT", sysroot)
        // The pinned compiler may build the standard library from its sources.
        .env("RUSTC_BOOTSTRAP", "1");
    Ok(())
}

fn is_foreign(name: &str) -> bool {
    let begins = |beginnings: &[&str]| beginnings.iter().any(|it| name.starts_with(it));
    begins(&FOREIGN) && !begins(&KEPT) || ["OUT_DIR", "TARGET"].contains(&name)
}

fn path_with(first: &Path) -> Result<OsString> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(first.to_owned()).chain(std::env::split_paths(&path));
    std::env::join_paths(folders)
        .with_context(|| format!("the folder {} can't be on a PATH", first.display()))
}

#[cfg(test)]
mod tests {
    use super::is_foreign;

    #[test]
    fn what_chooses_a_compiler_is_foreign_and_what_reaches_the_registry_is_not() {
        for name in ["RUSTUP_TOOLCHAIN", "CARGO_TARGET_DIR", "CARGO_BUILD_RUSTC", "RUSTC_WRAPPER"] {
            assert!(is_foreign(name), "{name}");
        }
        for name in ["CARGO_HOME", "CARGO_HTTP_PROXY", "CARGO_NET_OFFLINE", "https_proxy", "HOME"] {
            assert!(!is_foreign(name), "{name}");
        }
    }
}
