//! The toolchain out of Debian's packages, for machines that rustup's server cannot be reached
//! from.
//!
//! Debian's compiler has no `rust-lld`, and the build of the boot loader expects LLVM's tools
//! beside it. Nothing is written into `/usr`: a folder in the user's cache looks like a
//! toolchain of rustup. It consists of links, and of a `rustc` that names the folder.

use super::packages;
use super::toolchain::{Kind, Toolchain, VERSION, host};
use crate::workspace;
use anyhow::{Context as _, Result};
use fs_err as fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Compiler, sources and tools; together of one version in Debian 12's security archive.
const PACKAGES: &[&str] =
    &["rustc-web", "cargo-web", "rust-web-src", "rust-web-clippy", "rustfmt-web", "lld", "llvm"];

/// Not the proxy of rustup, which may come first on the PATH.
const RUSTC: &str = "/usr/bin/rustc";

/// What is linked: place in the folder, Debian's file.
const LINKS: [(&str, &str); 11] = [
    ("bin/cargo", "/usr/bin/cargo"),
    ("bin/rustdoc", "/usr/bin/rustdoc"),
    ("bin/cargo-clippy", "/usr/bin/cargo-clippy"),
    ("bin/clippy-driver", "/usr/bin/clippy-driver"),
    ("bin/cargo-fmt", "/usr/bin/cargo-fmt"),
    ("bin/rustfmt", "/usr/bin/rustfmt"),
    ("lib/rustlib/src", "/usr/lib/rustlib/src"),
    ("lib/rustlib/HOST/lib", "/usr/lib/rustlib/HOST/lib"),
    ("lib/rustlib/HOST/bin/rust-lld", "/usr/bin/lld"),
    ("lib/rustlib/HOST/bin/llvm-objcopy", "/usr/bin/llvm-objcopy"),
    ("lib/rustlib/HOST/bin/llvm-objdump", "/usr/bin/llvm-objdump"),
];

/// The toolchain, when Debian's packages are installed.
pub(super) fn find() -> Result<Option<Toolchain>> {
    if !installed() {
        return Ok(None);
    }
    let sysroot = workspace::cache()?.join(format!("toolchain-{VERSION}"));
    link(&sysroot)?;
    Ok(Some(Toolchain { kind: Kind::Debian, sysroot }))
}

/// Installs the packages.
pub(super) fn make() -> Result<Toolchain> {
    packages::install(PACKAGES)?;
    find()?.with_context(|| format!("{RUSTC} is not Rust {VERSION} with its sources"))
}

fn installed() -> bool {
    let sources = Path::new("/usr/lib/rustlib/src/rust/library/core/src/lib.rs");
    sources.exists()
        && LINKS.iter().all(|(_, file)| on_host(file).exists())
        && Command::new(RUSTC)
            .arg("--version")
            .output()
            .is_ok_and(|output| is_ours(&String::from_utf8_lossy(&output.stdout)))
}

/// Whether `rustc --version` printed the pinned version.
fn is_ours(printed: &str) -> bool {
    printed.split(' ').nth(1) == Some(VERSION)
}

/// Makes what the folder lacks.
fn link(sysroot: &Path) -> Result<()> {
    for (place, file) in LINKS {
        let (place, file) = (sysroot.join(on_host(place)), on_host(file));
        if fs::read_link(&place).is_ok_and(|target| target == file) {
            continue;
        }
        fs::create_dir_all(place.parent().unwrap_or(sysroot))?;
        fs_err::os::unix::fs::symlink(&file, &place)?;
    }
    let (rustc, text) = (sysroot.join("bin/rustc"), wrapper(sysroot));
    if fs::read_to_string(&rustc).ok().as_deref() != Some(text.as_str()) {
        // Another command may make the same at the same time: a whole file takes its place.
        let draft = rustc.with_extension(std::process::id().to_string());
        fs::write(&draft, text)?;
        fs::set_permissions(&draft, std::fs::Permissions::from_mode(0o755))?;
        fs::rename(&draft, &rustc)?;
    }
    Ok(())
}

/// Debian's compiler, told that its sysroot is this folder.
fn wrapper(sysroot: &Path) -> String {
    let quoted = sysroot.to_string_lossy().replace('\'', r"'\''");
    format!("#!/bin/sh\nexec {RUSTC} --sysroot '{quoted}' \"$@\"\n")
}

fn on_host(path: &str) -> PathBuf {
    path.replace("HOST", &host()).into()
}

#[cfg(test)]
mod tests {
    use super::{LINKS, VERSION, is_ours, link, on_host, wrapper};
    use std::path::Path;

    #[test]
    fn only_the_pinned_version_is_used() {
        let printed =
            format!("rustc {VERSION} (ac68faa20 2026-05-25) (built from a source tarball)");
        assert!(is_ours(&printed));
        assert!(!is_ours("rustc 1.63.0 (4b91a6ea7 2022-08-08)"));
        assert!(!is_ours(""));
    }

    #[test]
    fn the_folder_is_made_once_and_again_by_another_command() {
        let folder = tempfile::tempdir().unwrap();
        let sysroot = folder.path().join("toolchain");
        for _ in 0..2 {
            link(&sysroot).unwrap();
        }
        for (place, file) in LINKS {
            assert_eq!(sysroot.join(on_host(place)).read_link().unwrap(), on_host(file));
        }
        let rustc = std::fs::read_to_string(sysroot.join("bin/rustc")).unwrap();
        assert!(rustc.contains("/toolchain' \"$@\""), "{rustc}");
    }

    #[test]
    fn the_compiler_gets_its_folder_whatever_its_name() {
        let script = wrapper(Path::new("/home/o'neil/my cache"));
        assert!(script.ends_with("--sysroot '/home/o'\\''neil/my cache' \"$@\"\n"), "{script}");
    }
}
