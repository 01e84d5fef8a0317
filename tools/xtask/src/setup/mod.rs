//! Finds or installs what the host needs: the kernel toolchain, QEMU, the UEFI firmware.
//!
//! Kernel and user programs are built with one pinned compiler and the sources of its standard
//! library, from rustup or else from Debian ([`rustup`], [`debian`]); xtask itself and the host
//! tests are built with the user's cargo. A command calls [`toolchain`], [`qemu`] or [`ovmf`]
//! for what it needs; when all is there, that is a few file look-ups.

mod debian;
mod environment;
mod packages;
mod rustup;
mod toolchain;

pub(crate) use toolchain::{Toolchain, VERSION};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use std::path::PathBuf;
use toolchain::Kind;

/// Find or install the kernel toolchain, QEMU and the UEFI firmware.
///
/// Every command that needs them does so itself.
#[derive(Args)]
pub(crate) struct Arguments {}

/// The command.
pub(crate) fn run(_: &Arguments) -> Result<u8> {
    let toolchain = with_lints()?;
    println!("toolchain {VERSION}: {} ({})", toolchain.sysroot.display(), toolchain.kind.text());
    println!("QEMU: {}", qemu()?.display());
    println!("UEFI firmware: {}", ovmf()?.display());
    Ok(0)
}

/// Finds the kernel toolchain, or installs it.
///
/// # Errors
/// The error says what to do by hand.
pub(crate) fn toolchain() -> Result<Toolchain> {
    if let Some(found) = rustup::find() {
        return Ok(found);
    }
    if let Some(found) = debian::find()? {
        return Ok(found);
    }
    let rustup = match rustup::make() {
        Ok(made) => return Ok(made),
        Err(reason) => reason,
    };
    match debian::make() {
        Ok(made) => Ok(made),
        Err(debian) => bail!(
            "no Rust {VERSION} with the sources of its standard library: \
             rustup: {rustup:#}; Debian: {debian:#}"
        ),
    }
}

/// The toolchain with rustfmt and clippy, which only `check` needs.
pub(crate) fn with_lints() -> Result<Toolchain> {
    let toolchain = toolchain()?;
    if !toolchain.has_lints() && toolchain.kind == Kind::Rustup {
        rustup::install()?;
    }
    Ok(toolchain)
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
