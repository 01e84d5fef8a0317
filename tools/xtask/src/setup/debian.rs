//! The toolchain out of Debian's packages, by way of a [private folder](super::private).

use super::{Kind, Toolchain, VERSION, packages, private};
use crate::step;
use anyhow::{Result, ensure};
use std::path::Path;
use std::process::Command;

/// Compiler, sources and tools; together of one version in Debian 12's security archive.
pub(super) const PACKAGES: &[&str] =
    &["rustc-web", "cargo-web", "rust-web-src", "rust-web-clippy", "rustfmt-web", "lld", "llvm"];

/// Debian's own files, which the private folder points at.
pub(super) const RUSTC: &str = "/usr/bin/rustc";

/// The private folder, if it is there and complete.
pub(super) fn find() -> Option<Toolchain> {
    let sysroot = private::folder().ok()?;
    private::complete(&sysroot).then_some(Toolchain { kind: Kind::Debian, sysroot })
}

/// Makes the private folder; installs the packages before, when they are missing.
pub(super) fn make() -> Result<Toolchain> {
    if !installed() {
        packages::install(PACKAGES)?;
    }
    ensure!(installed(), "{RUSTC} is not Rust {VERSION} with its sources");
    let step = step::Step::begin("making the kernel toolchain's folder");
    let sysroot = private::make()?;
    step.end();
    eprintln!("kernel toolchain: {} (links to Debian's Rust {VERSION})", sysroot.display());
    Ok(Toolchain { kind: Kind::Debian, sysroot })
}

fn installed() -> bool {
    private::sources_complete() && version().is_some_and(|version| is_ours(&version))
}

fn version() -> Option<String> {
    // Not the proxy of rustup, which may come first on the PATH.
    let output = Command::new(Path::new(RUSTC)).arg("--version").output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether `rustc --version` printed the pinned version.
fn is_ours(printed: &str) -> bool {
    printed.split(' ').nth(1) == Some(VERSION)
}

#[cfg(test)]
mod tests {
    use super::{VERSION, is_ours};

    #[test]
    fn only_the_pinned_version_will_do() {
        assert!(is_ours(&format!(
            "rustc {VERSION} (ac68faa20 2026-05-25) (built from a source tarball)"
        )));
        assert!(!is_ours("rustc 1.63.0 (4b91a6ea7 2022-08-08)"));
        assert!(!is_ours(""));
    }
}
