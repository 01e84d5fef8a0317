//! A machine that is fuzzed: the program `fuzz` in the place of init.

use crate::{Images, Observer, Outcome, Verdict};
use anyhow::Result;
use std::time::Duration;

/// Memory of such a machine in MiB.
const MEMORY: u32 = 256;
/// The longest time between two lines of the program: a round, on a busy host.
const STILL: Duration = Duration::from_secs(300);
/// What begins each of its lines, what ends a failed run, and a good one.
const LINE: &str = "fuzz: ";
const FAILED: &str = "failed: ";
const DONE: &str = "fuzz: all is as before";
/// What a panic of the kernel prints.
const PANIC: &str = "panic";

/// How many calls, from which seed, on how many CPUs.
#[derive(Clone, Copy, Debug)]
pub struct Fuzz {
    /// At least this number of system calls is made.
    pub calls: u64,
    /// On one CPU, the same seed makes the same run.
    pub seed: u64,
    /// Number of CPUs. On one, time counts instructions, and the longest lock hold is judged.
    pub cpus: u32,
}

/// How a machine that was fuzzed ended.
#[derive(Debug)]
pub struct Fuzzed {
    /// The machine's end.
    pub outcome: Outcome,
    /// What is wrong, if anything.
    pub failure: Option<String>,
}

impl Fuzz {
    /// Runs it.
    ///
    /// # Errors
    /// When the machine cannot be started.
    pub fn run(self, images: &Images, observer: Option<Observer>) -> Result<Fuzzed> {
        let Self { calls, seed, cpus } = self;
        let archive = images.archive_with_all("fuzz", &["fuzz", "fuzz32"])?;
        let mut machine = images.machine("fuzz").with_archive(&archive).with_cpus(cpus);
        if cpus == 1 {
            machine = machine.with_counted_time(0);
        }
        machine.append(&format!("init=fuzz calls={calls} seed={seed} log=info"))?;
        machine.memory_mib = MEMORY;
        let mut session = machine.start()?;
        if let Some(observer) = observer {
            session.observe(observer);
        }
        // Each line is a sign of life; after the last one the machine ends.
        let mut shown = String::new();
        while !shown.contains(DONE) && session.wait_for(LINE, STILL).is_ok() {
            shown = session.wait_for("\n", STILL).unwrap_or_default();
            shown.insert_str(0, LINE);
        }
        let outcome = session.finish(Duration::from_secs(30));
        let judged = if cpus == 1 { outcome.hold_failure() } else { None };
        let failure = failure(&outcome).or(judged);
        Ok(Fuzzed { outcome, failure })
    }
}

/// Good is a machine that says so and ends well: a program could have ended it, too.
fn failure(outcome: &Outcome) -> Option<String> {
    let lines = || outcome.transcript.lines();
    let good = outcome.verdict == Verdict::Passed && lines().any(|line| line.contains(DONE));
    if good {
        return None;
    }
    let told = lines().find(|line| line.contains(FAILED) || line.contains(PANIC));
    let round = lines().rev().find(|line| line.contains("a round from seed"));
    let [told, round] = [told, round].map(|line| line.unwrap_or_default().trim());
    Some(format!("{told}\nthe last round: {round}\n{}", outcome.explanation().trim_end()))
}
