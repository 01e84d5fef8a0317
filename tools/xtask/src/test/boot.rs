//! One boot to the prompt. Its time is printed, not judged.

use super::Results;
use anyhow::Result;
use qemu_harness::{Images, Outcome};
use std::time::Duration;

const NAME: &str = "direct boot to the prompt";
const LIMIT: Duration = Duration::from_secs(60);

/// Whether the filter selects this test.
pub(super) fn matches(filter: &str) -> bool {
    NAME.contains(filter)
}

/// Boots, and shuts down at the prompt.
pub(super) fn run(images: &Images, cpus: u32) -> Result<Results> {
    let mut session = images.machine("boot").with_cpus(cpus).start()?;
    let prompt = session.wait_prompt(LIMIT);
    if prompt.is_ok() {
        session.send_line("shutdown")?;
    }
    let outcome = session.finish(if prompt.is_ok() { LIMIT } else { Duration::ZERO });
    if let Some(time) = outcome.time_to_prompt {
        println!("{NAME}: {:.2} s", time.as_secs_f32());
    }
    Ok(judge(&outcome, prompt.err().map(|error| error.to_string())))
}

fn judge(outcome: &Outcome, problem: Option<String>) -> Results {
    if outcome.verdict.passed() && problem.is_none() {
        return Results { passed: 1, failures: Vec::new() };
    }
    let problem = problem.unwrap_or_default();
    Results { passed: 0, failures: vec![format!("{problem}\n{outcome}")] }
}
