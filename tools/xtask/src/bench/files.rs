//! The files of the bench, and the name of a run.

use crate::workspace;
use anyhow::{Context as _, Result, ensure};
use bench_results::{Peers, Row, Run, by_length, history};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

/// The run that counts are compared with.
pub(super) fn baseline() -> PathBuf {
    folder().join("baseline.json")
}

/// All runs that were recorded.
pub(super) fn results() -> PathBuf {
    folder().join("results.jsonl")
}

/// The costs of other systems.
pub(super) fn peers() -> PathBuf {
    folder().join("peers.toml")
}

/// Draws the files in which documents show results.
pub(super) fn draw() -> Result<()> {
    let (run, peers) = (Run::read(&baseline())?, Peers::read(&peers())?);
    let drawn = [
        ("calls.svg", by_length(&run, &peers)?),
        ("history.svg", history(&Run::read_all(&results())?)?),
    ];
    for (name, svg) in drawn {
        fs_err::write(folder().join(name), svg)?;
    }
    Ok(())
}

/// Why costs grow with the number of things, by `OPERATION@KIND`.
pub(super) fn scale_reasons() -> Result<BTreeMap<String, String>> {
    let file = folder().join("scale.toml");
    let text = fs_err::read_to_string(&file)?;
    toml::from_str(&text).with_context(|| format!("{} is wrong", file.display()))
}

fn folder() -> PathBuf {
    workspace::root().join("tests/bench")
}

/// The run of these rows, with commit and date.
pub(super) fn run(rows: &[Row]) -> Result<Run> {
    let changes = !output("git", &["status", "--porcelain", "--untracked-files=no"])?.is_empty();
    let commit = output("git", &["rev-parse", "--short=10", "HEAD"])?;
    let date = output("date", &["-u", "+%Y-%m-%dT%H:%M:%SZ"])?;
    Ok(Run::new(commit + if changes { "+" } else { "" }, date, rows))
}

fn output(program: &str, words: &[&str]) -> Result<String> {
    let output = Command::new(program)
        .args(words)
        .current_dir(workspace::root())
        .output()
        .with_context(|| format!("cannot start {program}"))?;
    ensure!(output.status.success(), "{program} {} failed", words.join(" "));
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
