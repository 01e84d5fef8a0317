//! A machine that measures: the program `bench`, on a machine whose nanosecond is an
//! instruction.

use crate::{Images, Machine};
use anyhow::Result;

/// What is in its archive beside the system: itself and what it starts.
const PROGRAMS: [&str; 2] = ["bench", "nothing"];
/// Memory of such a machine in MiB.
const MEMORY: u32 = 256;

impl Images {
    /// A machine that measures and ends. `name` names its log; `words` are the program's.
    ///
    /// # Errors
    /// When the program was not built.
    pub fn bench(&self, name: &str, words: &str) -> Result<Machine> {
        let archive = self.archive_with_all("bench", &PROGRAMS)?;
        let machine = self.machine(name).with_archive(&archive);
        let mut machine = machine.with_counted_time(0);
        machine.append(&format!("init=bench {words}"))?;
        machine.cpus = 1;
        machine.memory_mib = MEMORY;
        Ok(machine)
    }
}
