//! A compiler with the sources of its standard library.

use super::environment;
use anyhow::{Context as _, Result};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The compiler that everything for the bare machine is built with.
pub(crate) const VERSION: &str = "1.96.0";

/// Where the toolchain comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A toolchain of rustup.
    Rustup,
    /// A folder of links to Debian's compiler and sources.
    Debian,
}

impl Kind {
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Rustup => "rustup",
            Self::Debian => "Debian packages",
        }
    }
}

/// The kernel toolchain.
#[derive(Clone, Debug)]
pub(crate) struct Toolchain {
    pub(super) kind: Kind,
    pub(super) sysroot: PathBuf,
}

impl Toolchain {
    /// Its cargo, in an environment that knows no other toolchain.
    pub(crate) fn cargo(&self) -> Result<Command> {
        let mut command = Command::new(self.sysroot.join("bin/cargo"));
        environment::clean(&mut command, &self.sysroot)?;
        command.current_dir(crate::workspace::root());
        Ok(command)
    }

    /// One of the LLVM tools that come with it.
    pub(crate) fn llvm_tool(&self, name: &str) -> Result<PathBuf> {
        let tool = tool_folder(&self.sysroot).join(name);
        let missing = || format!("{name} is missing in {}", self.sysroot.display());
        tool.exists().then_some(tool).with_context(missing)
    }

    /// The sources of its standard library.
    pub(crate) fn sources(&self) -> PathBuf {
        self.sysroot.join("lib/rustlib/src/rust/library")
    }

    /// Whether rustfmt and clippy are there, which only `check` needs.
    pub(super) fn has_lints(&self) -> bool {
        let tools = ["rustfmt", "cargo-fmt", "cargo-clippy", "clippy-driver"];
        tools.iter().all(|name| self.sysroot.join("bin").join(name).exists())
    }
}

/// The name of the host, as Rust's target.
pub(super) fn host() -> String {
    format!("{}-unknown-linux-gnu", std::env::consts::ARCH)
}

/// `lib/rustlib/HOST/bin` of a sysroot.
pub(super) fn tool_folder(sysroot: &Path) -> PathBuf {
    sysroot.join("lib/rustlib").join(host()).join("bin")
}
