//! The environment of a build with the kernel toolchain.
//!
//! Cargo and rustup set variables for the toolchain that built xtask, and the user may have set
//! others. A build for the bare machine must not see them.

use anyhow::{Context as _, Result};
use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

/// Prefixes of variables that describe another build.
const PREFIXES: [&str; 5] =
    ["CARGO_PKG_", "CARGO_BIN_", "CARGO_BUILD_", "CARGO_PROFILE_", "CARGO_TARGET_"];

/// Variables that choose a compiler, its flags or its folders.
const NAMES: [&str; 21] = [
    "CARGO",
    "CARGO_CRATE_NAME",
    "CARGO_ENCODED_RUSTDOCFLAGS",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_INCREMENTAL",
    "CARGO_MAKEFLAGS",
    "CARGO_MANIFEST_DIR",
    "CARGO_MANIFEST_PATH",
    "CARGO_PRIMARY_PACKAGE",
    "LD_LIBRARY_PATH",
    "OUT_DIR",
    "RUSTC",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTC_WRAPPER",
    "RUSTDOC",
    "RUSTDOCFLAGS",
    "RUSTFLAGS",
    "RUSTUP_TOOLCHAIN",
    "RUST_RECURSION_COUNT",
    "RUST_TARGET_PATH",
    "TARGET",
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
    NAMES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
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
