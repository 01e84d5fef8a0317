//! `selftest`: boots with the kernel's word `selftest` and judges the output.

use crate::log::Follower;
use crate::run::MachineArguments;
use crate::test::Results;
use anyhow::Result;
use clap::Args;
use qemu_harness::{Machine, Observer, Outcome, Screen, TapResult, TapSummary, Verdict};
use std::time::Duration;

/// Boot into the self-tests of kernel and user space, in QEMU.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    machine: MachineArguments,
    /// Inject a fault into this test, which must then fail
    #[arg(long, value_name = "NAME")]
    inject: Option<String>,
    /// Show the decoded system log while it is written
    #[arg(long)]
    log: bool,
    /// Count instructions as time, on one CPU; fails when a lock hold is over its bound
    #[arg(long, conflicts_with_all = ["image", "kvm", "cpus"])]
    count: bool,
    /// Stop the machine after this number of seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    timeout: u64,
}

/// The command.
pub(crate) fn run(arguments: &Arguments) -> Result<u8> {
    let mut choice = arguments.machine.clone();
    choice.append("selftest");
    if let Some(name) = &arguments.inject {
        choice.append(&format!("inject={name}"));
    }
    let mut machine = choice.prepare_checked("selftest")?;
    if arguments.count {
        machine = machine.with_counted_time(0);
    }
    let follower = arguments.log.then(|| Follower::start(&machine.log, &machine.elfs));
    let limit = Duration::from_secs(arguments.timeout);
    let outcome = boot(&machine, Some(printer()), limit)?;
    drop(follower);
    let mut results = judge(&outcome, "");
    if let Some(name) = &arguments.inject {
        results.failures.extend(fault_ignored(name, &outcome.transcript));
    }
    tell_longest_hold(&outcome);
    if arguments.count {
        results.failures.extend(outcome.hold_failure());
    }
    results.failures.iter().for_each(|failure| println!("failed: {failure}"));
    println!("{} passed, {} failed", results.passed, results.failed());
    Ok(if results.failed() == 0 { 0 } else { outcome.verdict.status().max(1) })
}

/// Prints the longest lock hold of a run.
pub(crate) fn tell_longest_hold(outcome: &Outcome) {
    if let Some(hold) = outcome.longest_hold() {
        println!("{hold}");
    }
}

/// The failure of a test that passed in spite of its injected fault.
fn fault_ignored(name: &str, transcript: &str) -> Option<String> {
    let summary = TapSummary::parse(transcript);
    match summary.results.iter().find(|result| result.name == name) {
        Some(result) if result.failure.is_some() => None,
        Some(_) => Some(format!("{name} passed, in spite of its fault")),
        None => Some(format!("there is no self-test `{name}`; `selftest` lists their names")),
    }
}

/// Boots and waits for the end.
pub(crate) fn boot(
    machine: &Machine,
    observer: Option<Observer>,
    limit: Duration,
) -> Result<Outcome> {
    let session = machine.start()?;
    if let Some(observer) = observer {
        session.observe(observer);
    }
    Ok(session.finish(limit))
}

/// Counts the results of tests with this in their names. An end that no result explains is one
/// more failure.
pub(crate) fn judge(outcome: &Outcome, filter: &str) -> Results {
    let summary = TapSummary::parse(&outcome.transcript);
    let (failed, passed): (Vec<_>, Vec<_>) =
        summary.results.iter().partition(|result| result.failure.is_some());
    let explained = match outcome.verdict {
        Verdict::Passed => failed.is_empty() && summary.problems.is_empty() && !passed.is_empty(),
        _ => !failed.is_empty() || !summary.problems.is_empty(),
    };
    let chosen = |result: &&&TapResult| result.name.contains(filter);
    let mut results =
        Results { passed: passed.iter().filter(chosen).count(), failures: Vec::new() };
    for result in failed.iter().filter(chosen) {
        let why = result.failure.as_deref().unwrap_or_default();
        results.failures.push(format!("{}: {}: {why}", result.block, result.name));
    }
    results.failures.extend(summary.problems);
    let end = outcome.explanation();
    if !explained {
        results.failures.push(format!("the self-tests ended so: {}", end.trim_end()));
    } else if matches!(outcome.verdict, Verdict::Unknown { .. }) {
        results.failures.push(end.trim_end().to_owned());
    }
    results
}

/// Prints each line when it is complete.
pub(crate) fn printer() -> Observer {
    let mut printed = 0;
    Box::new(move |screen: &Screen| {
        for line in &screen.lines()[printed..] {
            println!("{line}");
        }
        printed = screen.lines().len();
    })
}

#[cfg(test)]
mod tests {
    use super::{fault_ignored, judge};
    use qemu_harness::{Elfs, Exit, Outcome, Verdict};

    fn outcome(transcript: &str, status: i32) -> Outcome {
        Outcome {
            verdict: Verdict::of(Exit::Status(status), false),
            transcript: transcript.to_owned(),
            complaint: String::new(),
            registers: String::new(),
            time_to_prompt: None,
            log: "no.log".into(),
            elfs: Elfs::in_target("no-target".as_ref()),
        }
    }

    const GOOD: &str = "# kernel\nTAP version 14\nok 1 - a\nok 2 - b\n1..2\n";
    const PASSED: i32 = 33;
    const FAILED: i32 = 69;

    #[test]
    fn results_are_counted() {
        let results = judge(&outcome(GOOD, PASSED), "");
        assert_eq!((results.passed, results.failed()), (2, 0));
    }

    #[test]
    fn a_failed_check_is_named_once() {
        let results = judge(&outcome(&GOOD.replace("ok 2 - b", "not ok 2 - b: bad"), FAILED), "");
        assert_eq!(results.failures, ["kernel: b: bad"]);
    }

    #[test]
    fn a_filter_keeps_the_tests_that_match_and_what_has_no_name() {
        let text = "# kernel\nTAP version 14\nok 1 - frames back\nnot ok 2 - timer: late\n\
            not ok 3 - frames lost: 2\n1..4\n";
        let results = judge(&outcome(text, FAILED), "frames");
        assert_eq!(results.passed, 1);
        assert_eq!(results.failures[0], "kernel: frames lost: 2");
        assert!(results.failures.len() == 2 && results.failures[1].contains("a plan of 4"));
    }

    #[test]
    fn a_fault_that_changes_nothing_is_told() {
        assert!(fault_ignored("b", GOOD).unwrap().contains("in spite"));
        assert!(fault_ignored("c", GOOD).unwrap().contains("no self-test `c`"));
        assert_eq!(fault_ignored("b", &GOOD.replace("ok 2 - b", "not ok 2 - b: bad")), None);
    }

    #[test]
    fn success_without_results_and_failure_without_a_cause_are_failures() {
        assert_eq!(judge(&outcome("", PASSED), "").failed(), 1);
        assert_eq!(judge(&outcome(GOOD, FAILED), "").failed(), 1);
        assert!(judge(&outcome(GOOD, 0), "").failures[0].contains("unknown"));
    }
}
