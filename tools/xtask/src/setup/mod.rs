//! Finds or makes what the host needs: the kernel toolchain, QEMU, the UEFI firmware.
//!
//! The kernel and the user programs are built with one pinned compiler and the sources
//! of its standard library, from rustup or from Debian ([`rustup`], [`debian`]); xtask
//! itself and the host tests with whatever cargo the user has. Every command that needs
//! these calls [`toolchain`], [`qemu`] or [`ovmf`]; when all is there, that is a few file
//! look-ups.
//!
//! `POSTERN_TOOLCHAIN=rustup|debian` insists on one of the two ways.

mod debian;
mod environment;
mod packages;
mod private;
mod rustup;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use std::path::PathBuf;
use std::process::Command;

/// The compiler that everything for the bare machine is built with.
pub(crate) const VERSION: &str = "1.96.0";

/// Find or install the kernel toolchain and QEMU. Every command that needs them does it itself.
#[derive(Args)]
pub(crate) struct Arguments {}

/// The command.
pub(crate) fn run(_: &Arguments) -> Result<u8> {
    let toolchain = toolchain()?;
    toolchain.require_lints()?;
    println!("toolchain {VERSION}: {} ({})", toolchain.sysroot.display(), toolchain.kind.text());
    println!("QEMU: {}", qemu()?.display());
    println!("UEFI firmware: {}", ovmf()?.display());
    Ok(0)
}

/// Where the toolchain comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A toolchain of rustup.
    Rustup,
    /// A private folder of links to Debian's compiler and sources.
    Debian,
}

impl Kind {
    fn text(self) -> &'static str {
        match self {
            Self::Rustup => "rustup",
            Self::Debian => "Debian packages",
        }
    }
}

/// A compiler with the sources of its standard library.
#[derive(Clone, Debug)]
pub(crate) struct Toolchain {
    kind: Kind,
    sysroot: PathBuf,
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
        tool_folder(&self.sysroot)
            .map(|folder| folder.join(name))
            .filter(|tool| tool.exists())
            .with_context(|| format!("{name} is missing in {}", self.sysroot.display()))
    }

    /// Makes sure that rustfmt and clippy are there, which only `check` needs.
    pub(crate) fn require_lints(&self) -> Result<()> {
        let missing = |name: &&&str| !self.sysroot.join("bin").join(name).exists();
        if ["rustfmt", "cargo-fmt", "cargo-clippy", "clippy-driver"].iter().any(|n| missing(&n)) {
            match self.kind {
                Kind::Rustup => rustup::install()?,
                Kind::Debian => {
                    packages::install(debian::PACKAGES)?;
                    private::make()?;
                }
            }
        }
        Ok(())
    }
}

/// Finds the kernel toolchain, or makes it.
///
/// # Errors
/// One that says what to do by hand.
pub(crate) fn toolchain() -> Result<Toolchain> {
    let choice = std::env::var("POSTERN_TOOLCHAIN").unwrap_or_default();
    let (use_rustup, use_debian) = match choice.as_str() {
        "" => (true, true),
        "rustup" => (true, false),
        "debian" => (false, true),
        other => {
            bail!("POSTERN_TOOLCHAIN is `{other}`; set it to `rustup` or `debian`, or unset it")
        }
    };
    let found = use_rustup.then(rustup::find).flatten();
    let found = found.or_else(|| use_debian.then(debian::find).flatten());
    if let Some(toolchain) = found {
        return Ok(toolchain);
    }
    let mut reasons = Vec::new();
    if use_rustup {
        match rustup::make() {
            Ok(toolchain) => return Ok(toolchain),
            Err(reason) => reasons.push(format!("rustup: {reason:#}")),
        }
    }
    if use_debian {
        match debian::make() {
            Ok(toolchain) => return Ok(toolchain),
            Err(reason) => reasons.push(format!("Debian: {reason:#}")),
        }
    }
    bail!("no Rust {VERSION} with the sources of its standard library: {}", reasons.join("; "))
}

/// Finds QEMU, or installs it.
pub(crate) fn qemu() -> Result<PathBuf> {
    if qemu_harness::find_qemu().is_none() {
        packages::install(&["qemu-system-x86"])?;
    }
    qemu_harness::find_qemu().context("qemu-system-x86_64 is not on the PATH; install QEMU")
}

/// Finds the UEFI firmware, or installs it.
pub(crate) fn ovmf() -> Result<PathBuf> {
    if qemu_harness::find_ovmf().is_none() {
        packages::install(&["ovmf"])?;
    }
    qemu_harness::find_ovmf().context("the UEFI firmware OVMF.fd is not found; install OVMF")
}

/// `lib/rustlib/HOST/bin` of a sysroot, whatever the host is called.
fn tool_folder(sysroot: &std::path::Path) -> Option<PathBuf> {
    let host = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let folder = sysroot.join("lib/rustlib").join(host).join("bin");
    folder.is_dir().then_some(folder)
}
