//! The toolchain as rustup keeps it.

use super::toolchain::{Kind, Toolchain, VERSION, host, tool_folder};
use crate::{step, workspace};
use anyhow::{Context as _, Result, bail};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

const COMPONENTS: [&str; 4] = ["rust-src", "llvm-tools", "clippy", "rustfmt"];
const SERVER: &str = "static.rust-lang.org:443";

/// The toolchain, if it is complete.
pub(super) fn find() -> Option<Toolchain> {
    let sysroot = folder()?;
    let tools = tool_folder(&sysroot);
    let complete = [
        sysroot.join("bin/cargo"),
        sysroot.join("bin/rustc"),
        sysroot.join("lib/rustlib/src/rust/library/core/src/lib.rs"),
        tools.join("rust-lld"),
        tools.join("llvm-objcopy"),
    ]
    .iter()
    .all(|file| file.exists());
    complete.then_some(Toolchain { kind: Kind::Rustup, sysroot })
}

/// Installs the toolchain, if there is a rustup and a network.
pub(super) fn make() -> Result<Toolchain> {
    if Command::new("rustup").arg("--version").output().is_err() {
        bail!("there is no rustup here");
    }
    reach_server()?;
    install()?;
    find().with_context(|| format!("its toolchain {VERSION} is not complete"))
}

/// Installs the toolchain, or the components that it lacks.
pub(super) fn install() -> Result<()> {
    let mut command = Command::new("rustup");
    command.args(["toolchain", "install", VERSION, "--profile", "minimal", "--no-self-update"]);
    for component in COMPONENTS {
        command.args(["--component", component]);
    }
    command.env_remove("RUSTUP_TOOLCHAIN").env("RUSTUP_MAX_RETRIES", "1");
    step::run(&format!("installing Rust {VERSION} and its sources with rustup"), &mut command)
}

/// Fails within seconds without a network, where rustup tries for minutes. Behind a proxy or
/// with a mirror only rustup itself finds out.
fn reach_server() -> Result<()> {
    let other_way = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "RUSTUP_DIST_SERVER"];
    if other_way.iter().any(|name| std::env::var_os(name).is_some()) {
        return Ok(());
    }
    let unreachable = || format!("{SERVER} can't be reached");
    let addresses = SERVER.to_socket_addrs().with_context(unreachable)?;
    for address in addresses {
        if TcpStream::connect_timeout(&address, Duration::from_secs(3)).is_ok() {
            return Ok(());
        }
    }
    bail!(unreachable())
}

/// Where rustup keeps a toolchain of this version for this host.
fn folder() -> Option<PathBuf> {
    let home = match std::env::var_os("RUSTUP_HOME").filter(|path| !path.is_empty()) {
        Some(home) => PathBuf::from(home),
        None => workspace::home().ok()?.join(".rustup"),
    };
    let folder = home.join("toolchains").join(format!("{VERSION}-{}", host()));
    folder.is_dir().then_some(folder)
}
