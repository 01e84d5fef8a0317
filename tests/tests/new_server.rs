//! A server made by `new-server` builds, boots and answers, with no edit by hand.

use anyhow::{Context as _, Result, ensure};
use qemu_harness::root;
use std::path::Path;
use std::process::{Command, Output};

/// What the copy boots: the servers that answer a line of the shell. To build the others again
/// would show nothing.
const SYSTEM: &str = r#"
[server.names]
priority = 50
pages = 256
handles = 256
service = true

[server.console]
priority = 45
pages = 512
objects = 128
service = true
clients = ["template", "shell", "hello"]
irq = [{ name = "uart-irq", line = 4, notify = "uart-arrived" }]
ports = [{ name = "uart", first = 0x3f8, count = 8 }]
keep_pages = 4

[server.proc]
priority = 35
pages = 3584
handles = 1024
threads = 64
objects = 2048
service = true
clients = ["shell"]
supervisor = true
spawn = true

[server.template]
priority = 30
pages = 256
service = true
clients = ["shell", "hello"]

[server.shell]
priority = 20
pages = 1280
stack_pages = 32
threads = 4
handles = 256
objects = 256
supervisor = true

[program.hello]
priority = 10
pages = 256
"#;

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
        let Ok(mut bytes) = std::fs::read(&from) else { continue };
        match name {
            "Cargo.toml" => bytes = with_other_version(bytes)?,
            "init/system.toml" => bytes = SYSTEM.into(),
            _ => (),
        }
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

/// Cargo tells the crates of two clones apart by their version alone when they share a folder.
fn with_other_version(manifest: Vec<u8>) -> Result<Vec<u8>> {
    let text = String::from_utf8(manifest)?;
    let (ours, other) = ("\nversion = \"0.1.0\"\n", "\nversion = \"0.1.0-copy\"\n");
    ensure!(text.matches(ours).count() == 1, "the version of the workspace is another one");
    Ok(text.replace(ours, other).into_bytes())
}

/// Runs the command of this clone in the copy. It shares what this clone is made of, but for our
/// own crates: the standard library and what comes from others is neither built nor kept twice.
fn xtask(copy: &Path, arguments: &[&str]) -> Result<Output> {
    let program = std::env::var_os("POSTERN_XTASK").context("POSTERN_XTASK is not set")?;
    let mut command = Command::new(program);
    command.args(arguments).current_dir(copy);
    for (name, _) in std::env::vars() {
        if name.starts_with("POSTERN_") || name.starts_with("CARGO") {
            command.env_remove(name);
        }
    }
    command.env("CARGO_BUILD_BUILD_DIR", root().join("target")).env("CARGO_INCREMENTAL", "0");
    command.output().context("xtask in the copy")
}

fn text(output: &Output) -> String {
    let both = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    String::from_utf8_lossy(&both).into_owned()
}
