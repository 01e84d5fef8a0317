//! A machine under stress: the program `load` with the task `stress`, and non-maskable
//! interrupts at random times from outside.

use crate::{Deadline, Images, Observer, Outcome};
use anyhow::Result;
use std::time::Duration;

/// Memory of such a machine in MiB.
const MEMORY: u32 = 256;
/// The time for boot, warm-up and end, beyond the load.
const MORE: Duration = Duration::from_secs(120);
/// Seconds of the host that one of a machine whose time counts instructions may take.
const COUNTED: u64 = 30;
/// The longest time between two non-maskable interrupts, in microseconds.
const LONGEST_PAUSE: u64 = 4_000;

/// A run of the load.
#[derive(Clone, Copy, Debug)]
pub struct Stress {
    /// Seconds of the machine's time.
    pub seconds: u64,
    /// Number of CPUs.
    pub cpus: u32,
    /// Whether time counts instructions, for one CPU.
    pub counted: bool,
    /// The same seed makes the same choices; their times vary.
    pub seed: u64,
}

impl Stress {
    /// Runs it. Returns its end and the number of non-maskable interrupts that were sent.
    ///
    /// # Errors
    /// When the machine cannot be started.
    pub fn run(self, images: &Images, observer: Option<Observer>) -> Result<(Outcome, u64)> {
        let machine = images.machine("stress").with_archive(&images.archive_with("load")?);
        let mut machine = machine.with_cpus(self.cpus).with_monitor();
        let Self { seconds, seed, counted, .. } = self;
        if counted {
            machine = machine.with_counted_time(0);
        }
        machine.append(&format!("init=load task=stress seconds={seconds} seed={seed} log=info"))?;
        machine.memory_mib = MEMORY;
        let mut session = machine.start()?;
        if let Some(observer) = observer {
            session.observe(observer);
        }
        // Before this there is no IDT.
        session.wait_for("stress: ", MORE)?;
        let mut monitor = session.monitor()?;
        let limit = seconds.saturating_mul(if counted { COUNTED } else { 1 });
        let limit = Duration::from_secs(limit).saturating_add(MORE);
        let (end, mut sent) = (Deadline::after(limit), 0);
        let mut random = seed | 1;
        while !end.is_over() && monitor.command("nmi").is_ok() {
            sent += 1;
            // Source: Marsaglia, "Xorshift RNGs" (2003).
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            std::thread::sleep(Duration::from_micros(random % LONGEST_PAUSE));
        }
        Ok((session.finish(MORE), sent))
    }
}
