//! The documentation of all libraries, with warnings denied.

use super::arrows;
use super::lints::{all, host_command, in_user_space, on_host};
use crate::build::{Bare, lint_command};
use crate::metadata::Package;
use crate::setup::Toolchain;
use anyhow::Result;
use std::process::Command;

/// Builds it, for the host's libraries and for those of user space.
pub(super) fn check(toolchain: &Toolchain, packages: &[Package]) -> Result<()> {
    let (host, bare): (Vec<&Package>, Vec<&Package>) = packages
        .iter()
        .filter(|package| package.targets.iter().any(|t| t.kind == "lib" || t.kind == "proc-macro"))
        .filter(|package| {
            arrows::kind(&package.folder).is_some_and(|k| on_host(k) || in_user_space(k))
        })
        .partition(|package| arrows::kind(&package.folder).is_some_and(on_host));
    let mut host_docs = host_command(toolchain, "doc")?;
    select(&mut host_docs, &host);
    let mut bare_docs = lint_command(toolchain, Bare::User, "doc")?;
    select(&mut bare_docs, &bare);
    all([("documentation: host crates", host_docs), ("documentation: user space", bare_docs)])
}

fn select(command: &mut Command, packages: &[&Package]) {
    command.env("CARGO_ENCODED_RUSTDOCFLAGS", "-Dwarnings").args(["--no-deps", "--lib"]);
    for package in packages {
        command.args(["-p", &package.name]);
    }
}
