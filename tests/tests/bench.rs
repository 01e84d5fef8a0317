//! The gate of the bench: what operations cost, in guest instructions, against the committed
//! baseline; and the gate itself against a deliberate slowdown.

use anyhow::{Context as _, Result, ensure};
use bench_results::{RENEW, Row, Run, growth, rows};
use qemu_harness::{Images, Machine, root};
use std::path::PathBuf;
use std::process::Command;

/// Samples of each operation: counts are the same each time, so a few show them.
const SAMPLES: u32 = 200;
/// The operation that is made slower, and by how much.
const SLOWED: &str = "call-0-words-one-space";

/// The kernel that users boot: debug checks would be measured too.
fn images() -> Result<Images> {
    Images::get()?;
    Ok(Images::in_target(&root().join("target")))
}

fn baseline() -> Result<Run> {
    let file: PathBuf = root().join("tests/bench/baseline.json");
    Run::read(&file)
}

fn measured(machine: &Machine) -> Result<Vec<Row>> {
    rows(&Images::printed(machine)?)
}

fn good(result: Result<()>) {
    if let Err(error) = result {
        panic!("{error:#}");
    }
}

#[test]
fn no_count_grew_by_more_than_two_per_cent() {
    good((|| {
        let images = images()?;
        let machine = images.bench("bench-gate", &format!("samples={SAMPLES}"))?;
        let printed =
            Images::printed(&machine)? + &images.printed_at_prompt("bench-gate-prompt")?;
        let problems = growth(&baseline()?, &rows(&printed)?, true);
        ensure!(problems.is_empty(), "slower:\n{}\n{RENEW}", problems.join("\n"));
        Ok(())
    })());
}

#[test]
fn a_slowdown_of_three_per_cent_is_caught_and_one_of_one_is_not() {
    good((|| {
        let words = format!("samples={SAMPLES} rows={SLOWED}");
        let slowed_by = |instructions: u64| {
            let words = format!("{words} slower={instructions}");
            let machine = images()?.bench_by("bench-slow", "bench-slow", &words)?;
            measured(&machine.with_counted_time(0))
        };
        // Of the slowed program itself: built apart, it may differ from `bench` a little.
        let normal = Run::new("now".into(), String::new(), &slowed_by(0)?);
        let count = normal.median(SLOWED).unwrap_or(0);
        let [slightly, too_much] = [count / 100, count * 3 / 100];
        assert_eq!(growth(&normal, &slowed_by(slightly)?, true), Vec::<String>::new());
        let caught = growth(&normal, &slowed_by(too_much)?, true);
        assert_eq!(caught.len(), 1, "{caught:?}");
        assert!(caught[0].starts_with(SLOWED) && caught[0].contains("more than 2%"), "{caught:?}");
        Ok(())
    })());
}

/// What `cargo xtask bench --trace` ends with.
fn traced(operation: &str) -> Result<String> {
    let mut xtask = match std::env::var_os("POSTERN_XTASK") {
        Some(xtask) => Command::new(xtask),
        None => {
            let mut cargo = Command::new("cargo");
            cargo.arg("xtask");
            cargo
        }
    };
    let output = xtask.args(["bench", "--trace", operation]).current_dir(root()).output()?;
    let text = String::from_utf8(output.stdout)?;
    ensure!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    Ok(text.lines().last().context("nothing was traced")?.to_owned())
}

#[test]
fn a_call_between_waiting_partners_runs_no_handler_of_the_exit_loop() {
    good((|| {
        let direct = traced("call")?;
        ensure!(direct.contains(", 0 in its handlers"), "{direct}");
        // And one that does is seen to.
        let others = traced("upcall-and-return")?;
        ensure!(!others.contains(", 0 in its handlers"), "{others}");
        Ok(())
    })());
}
