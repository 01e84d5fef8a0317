//! The program works on the tree it is started in, not on the one where it was compiled.
#![forbid(unsafe_code)]
#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn program() -> PathBuf {
    std::env::var_os("CARGO_BIN_EXE_xtask").expect("cargo says where the program is").into()
}

fn graph_in(folder: &Path) -> Output {
    let mut command = Command::new(program());
    command.arg("graph").current_dir(folder).env_remove("CARGO_MANIFEST_DIR");
    command.output().unwrap()
}

/// The sources that git knows of, and new ones that it does not ignore.
fn copy_sources(to: &Path) {
    let root = qemu_harness::root();
    let mut git = Command::new("git");
    git.args(["ls-files", "--cached", "--others", "--exclude-standard"]).current_dir(&root);
    for name in String::from_utf8(git.output().unwrap().stdout).unwrap().lines() {
        // One that was removed and not committed yet is not there.
        let Ok(bytes) = std::fs::read(root.join(name)) else { continue };
        std::fs::create_dir_all(to.join(name).parent().unwrap()).unwrap();
        std::fs::write(to.join(name), bytes).unwrap();
    }
    std::fs::create_dir(to.join("target")).unwrap();
}

#[test]
fn a_copied_clone_is_worked_on_itself() {
    let folder = tempfile::tempdir().unwrap();
    // A path with what is special in command lines.
    let copy = folder.path().join("a copy, 100% \"new\"");
    std::fs::create_dir(&copy).unwrap();
    copy_sources(&copy);
    let output = graph_in(&copy.join("servers"));
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let drawing = copy.join("target/graph.md");
    assert!(shown.contains(&format!("drawn: {}", drawing.display())), "{shown}");
    assert!(drawing.is_file());
}

#[test]
fn outside_of_a_tree_the_reason_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let output = graph_in(folder.path());
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && error.contains("in no tree of Postern"), "{error}");
}
