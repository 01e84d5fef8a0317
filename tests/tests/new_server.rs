//! A server made by `new-server` builds, boots and answers, with no edit by hand.

use anyhow::{Context as _, Result, ensure};
use qemu_harness::root;
use std::path::Path;
use std::process::{Command, Output};

#[test]
fn a_new_server_answers_the_shell() {
    if let Err(error) = make_and_ask() {
        panic!("{error:#}");
    }
}

fn make_and_ask() -> Result<()> {
    // Beside the other build results, so that this copy's own are found again next time.
    let copy = root().join("target").join("new-server");
    copy_sources(&copy)?;
    let made = xtask(&copy, &["new-server", "parrot"])?;
    ensure!(made.status.success(), "{}", text(&made));
    let again = xtask(&copy, &["new-server", "parrot"])?;
    ensure!(!again.status.success(), "the same name twice was taken");
    let commands = "services parrot; call parrot greet World; call parrot add 40 2";
    let run = xtask(&copy, &["run", "-c", commands])?;
    let shown = text(&run);
    ensure!(run.status.success(), "{shown}");
    for wanted in ["parrot version 1", "Hello, World!", "42"] {
        ensure!(shown.contains(wanted), "`{wanted}` is missing:\n{shown}");
    }
    Ok(())
}

/// Copies what git knows, and what is new and not ignored; build results of an earlier
/// copy stay.
fn copy_sources(copy: &Path) -> Result<()> {
    // There is none the first time.
    drop(std::fs::remove_dir_all(copy.join("servers/parrot")));
    let listed = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .context("git ls-files")?;
    for name in String::from_utf8(listed.stdout)?.lines() {
        let (from, to) = (root().join(name), copy.join(name));
        let Ok(bytes) = std::fs::read(&from) else { continue };
        if std::fs::read(&to).is_ok_and(|old| old == bytes) {
            continue;
        }
        if let Some(folder) = to.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(&to, bytes)?;
    }
    Ok(())
}

fn xtask(copy: &Path, arguments: &[&str]) -> Result<Output> {
    let mut command = Command::new("cargo");
    command.arg("xtask").args(arguments).current_dir(copy);
    for (name, _) in std::env::vars() {
        if name.starts_with("POSTERN_") || name.starts_with("CARGO") {
            command.env_remove(name);
        }
    }
    command.output().context("cargo xtask")
}

fn text(output: &Output) -> String {
    let both = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    String::from_utf8_lossy(&both).into_owned()
}
