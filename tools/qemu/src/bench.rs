//! Machines that measure: the program `bench` in the place of init, and programs of the whole
//! system that print lines of the same form.

use crate::{Images, Machine};
use anyhow::{Result, ensure};
use std::time::Duration;

/// The programs in its archive beside the system: itself and those that it starts.
const PROGRAMS: [&str; 4] = ["bench", "bench-slow", "bench32", "nothing"];
/// Memory of such a machine in MiB.
const MEMORY: u32 = 256;
/// The limit of a part on a busy machine.
const LIMIT: Duration = Duration::from_secs(600);
/// The program that measures at the prompt of the whole system.
const AT_PROMPT: &str = "run signals price";

impl Images {
    /// A machine that measures and ends; its nanosecond is an instruction. `name` names its
    /// log; `words` are the program's.
    ///
    /// # Errors
    /// When the program was not built.
    pub fn bench(&self, name: &str, words: &str) -> Result<Machine> {
        Ok(self.bench_by("bench", name, words)?.with_counted_time(0))
    }

    /// The same by another of the programs and in the host's time, which varies.
    ///
    /// # Errors
    /// As for [`Images::bench`].
    pub fn bench_by(&self, program: &str, name: &str, words: &str) -> Result<Machine> {
        let archive = self.archive_with_all("bench", &PROGRAMS)?;
        let mut machine = self.machine(name).with_archive(&archive);
        machine.cpus = 1;
        machine.append(&format!("init={program} {words}"))?;
        machine.memory_mib = MEMORY;
        Ok(machine)
    }

    /// The output of a machine of `bench`.
    ///
    /// # Errors
    /// When it cannot be started, or ends otherwise.
    pub fn printed(machine: &Machine) -> Result<String> {
        let outcome = machine.start()?.finish(LIMIT);
        ensure!(outcome.verdict.passed(), "{outcome}");
        Ok(outcome.transcript)
    }

    /// The output of the whole system while it measures; a nanosecond is an instruction.
    ///
    /// # Errors
    /// When it cannot be started, or does not end well.
    pub fn printed_at_prompt(&self, name: &str) -> Result<String> {
        let mut machine = self.machine(name).with_counted_time(0);
        machine.cpus = 1;
        machine.memory_mib = MEMORY;
        Ok(machine.run_at_prompt(&[AT_PROMPT], LIMIT)?.1.transcript)
    }
}
