//! The first instructions of the kernel, hit by what may hit them.

use anyhow::{Context as _, Result, ensure};
use qemu_harness::{Images, Outcome};
use system_tests::to_its_end;

/// A number that stands before these words in the log.
fn logged(outcome: &Outcome, words: &str) -> Result<u64> {
    let lines = outcome.log_lines();
    let before = lines.iter().find_map(|line| line.split_once(words)).map(|(before, _)| before);
    let before = before.with_context(|| format!("the log does not tell of{words}\n{outcome}"))?;
    Ok(before.rsplit(' ').next().unwrap_or_default().parse()?)
}

/// Every system call meets a breakpoint at the first instruction of its way in, with gs and
/// stack still the user's, and there a non-maskable interrupt; then two watchpoints.
fn all_entries_watched() -> Result<()> {
    let mut machine = Images::get()?.machine("entry-watched").with_counted_time(2);
    machine.append("selftest watch=entry log=debug")?;
    let outcome = to_its_end(&machine)?;
    ensure!(outcome.verdict.passed(), "{outcome}");
    let debugs = logged(&outcome, " debug exceptions")?;
    let nmis = logged(&outcome, " non-maskable interrupts")?;
    ensure!(debugs > 50_000 && nmis > 15_000, "only {debugs} and {nmis}");
    Ok(())
}

#[test]
fn exit_35_36_37_debug_exceptions_and_nmis_at_the_first_instruction() {
    if let Err(error) = all_entries_watched() {
        panic!("{error:#}");
    }
}
