//! The program that prints the interfaces: it depends on all of them.

use super::find::Interface;
use crate::{step, workspace};
use anyhow::{Context as _, Result, bail};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

/// The separator of two interfaces.
pub(super) const END: &str = "----\n";

/// Builds and runs it. Returns its output.
pub(super) fn output(interfaces: &[Interface]) -> Result<String> {
    let (root, folder) = (workspace::root(), workspace::target().join("api"));
    // The same versions as everywhere.
    workspace::write(&folder.join("Cargo.lock"), fs_err::read(root.join("Cargo.lock"))?)?;
    workspace::write(&folder.join("Cargo.toml"), manifest(&root, interfaces))?;
    workspace::write(&folder.join("src/main.rs"), source(interfaces))?;
    let mut command = workspace::host_cargo();
    command
        .args(["build", "--target-dir"])
        .arg(workspace::target())
        .arg("--manifest-path")
        .arg(folder.join("Cargo.toml"))
        .env_remove("RUSTFLAGS");
    step::run("building the interfaces", &mut command)?;
    let program = workspace::target().join("debug/print-interfaces");
    let printed = std::process::Command::new(&program).output();
    let printed = printed.with_context(|| format!("cannot start {}", program.display()))?;
    if !printed.status.success() {
        bail!("{} failed: {}", program.display(), String::from_utf8_lossy(&printed.stderr));
    }
    Ok(String::from_utf8_lossy(&printed.stdout).into_owned())
}

fn manifest(root: &Path, interfaces: &[Interface]) -> String {
    let packages: BTreeMap<&str, &Path> =
        interfaces.iter().map(|it| (it.package.as_str(), it.folder.as_path())).collect();
    let mut text = "[package]\nname = \"print-interfaces\"\nedition = \"2024\"\n\n[workspace]\n\n\
                    [dependencies]\n"
        .to_owned();
    let service = ("service", Path::new("libsys/service"));
    for (name, folder) in packages.into_iter().chain([service]) {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{name} = {{ path = {:?} }}", root.join(folder));
    }
    text
}

fn source(interfaces: &[Interface]) -> String {
    let mut text = "fn main() {\n".to_owned();
    for interface in interfaces {
        let path = format!("{}::{}", interface.package.replace('-', "_"), interface.name);
        let _ =
            writeln!(text, "    print!(\"{{}}{{}}\", service::document::<dyn {path}>(), {END:?});");
    }
    text + "}\n"
}
