//! What the commands do with output that cannot be written, and with arguments out of range.
#![forbid(unsafe_code)]
#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]

use std::fs::File;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

fn xtask(arguments: &[&str]) -> Command {
    let program = std::env::var_os("CARGO_BIN_EXE_xtask").expect("cargo says where the program is");
    let mut command = Command::new(PathBuf::from(program));
    command.args(arguments).stderr(Stdio::piped());
    command
}

fn full_disk() -> File {
    File::options().write(true).open("/dev/full").unwrap()
}

/// A pipe that nothing reads from.
fn closed_pipe() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_closed_pipe_is_a_quiet_end_and_the_work_is_done() {
    let folder = tempfile::tempdir().unwrap();
    let drawing = folder.path().join("graph.md");
    let file = drawing.to_str().unwrap();
    let output = xtask(&["graph", "-o", file]).stdout(closed_pipe()).output().unwrap();
    assert_eq!((output.status.code(), errors(&output)), (Some(0), String::new()));
    assert!(drawing.is_file());
    let output = xtask(&["--help"]).stdout(closed_pipe()).output().unwrap();
    assert_eq!((output.status.code(), errors(&output)), (Some(0), String::new()));
}

#[test]
fn output_that_is_lost_on_a_full_disk_is_a_failure() {
    let folder = tempfile::tempdir().unwrap();
    let drawing = folder.path().join("graph.md");
    let file = drawing.to_str().unwrap();
    let output = xtask(&["graph", "-o", file]).stdout(full_disk()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(errors(&output).contains("standard output was lost: No space left"), "{output:?}");
    assert!(drawing.is_file());
    let output = xtask(&["--help"]).stdout(full_disk()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn an_error_that_cannot_be_shown_is_still_an_error() {
    let output = xtask(&["log", "no.log"]).stderr(full_disk()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn what_is_too_long_is_refused_before_anything_is_built() {
    let (words, line) = ("x".repeat(40_000), "x".repeat(257));
    for (arguments, wanted) in [
        (["run", "--append", &words], "40000 bytes long; at most 2048"),
        (["selftest", "--append", &words], "bytes long; at most 2048"),
        (["image", "--append", &words], "40000 bytes long; at most 2048"),
        (["run", "-c", &line], "257 bytes long; at most 256"),
    ] {
        let output = xtask(&arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(errors(&output).contains(wanted), "{}", errors(&output));
    }
}
