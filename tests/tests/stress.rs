//! The short form of `cargo xtask stress`.

use anyhow::{Result, ensure};
use qemu_harness::{Images, Stress};

fn ten_seconds() -> Result<()> {
    let cpus = std::env::var("POSTERN_CPUS").ok().and_then(|cpus| cpus.parse().ok()).unwrap_or(2);
    let stress = Stress { seconds: 10, cpus, counted: false, seed: 7 };
    let (outcome, sent) = stress.run(&Images::get()?, None)?;
    ensure!(outcome.verdict.passed(), "{outcome}");
    ensure!(sent > 100, "only {sent} non-maskable interrupts");
    Ok(())
}

#[test]
fn everything_at_once_leaves_nothing_behind() {
    if let Err(error) = ten_seconds() {
        panic!("{error:#}");
    }
}
