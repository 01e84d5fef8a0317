//! Takes the time of operations and prints what it took.
//!
//! A line for each operation, in ticks: `bench NAME SAMPLES MIN Q1 MEDIAN Q3 P99 MAX`.
//!
//! With `trace=NAME` that operation is repeated for ever between the calls of two functions,
//! whose addresses tell the reader of an execution log where one begins and ends.

use crate::machine::Machine;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write as _;
use core::hint::black_box;
use rt::Failure;
use sys::Error;
use sys::hazard::ticks;

/// Repetitions that are not measured: the first take another way here and there.
const WARM_UP: usize = 32;
/// Samples of nothing, to know what reading the counter costs.
const EMPTY_SAMPLES: usize = 100;

/// What is wanted, and where results go.
pub(crate) struct Meter<'a> {
    /// What operations are made of.
    pub(crate) machine: &'a Machine,
    rows: &'static str,
    trace: &'static str,
    samples: usize,
    /// Ticks that a measurement of nothing takes.
    empty: u64,
}

impl<'a> Meter<'a> {
    /// As the command line wants it.
    pub(crate) fn new(machine: &'a Machine, env: &rt::Env) -> Self {
        let samples = env.option("samples").and_then(|text| text.parse().ok()).unwrap_or(10_000);
        let option = |key| env.option(key).unwrap_or("");
        let empty = (0..EMPTY_SAMPLES).map(|_| time(&mut || Ok(())).0).min().unwrap_or(0);
        Self { machine, rows: option("rows"), trace: option("trace"), samples, empty }
    }

    /// Whether an operation is to be measured or traced.
    pub(crate) fn wants(&self, row: &str) -> bool {
        if !self.trace.is_empty() {
            return self.trace == row;
        }
        self.rows.split(',').any(|part| row.contains(part))
    }

    /// Measures an operation, so many times at most.
    pub(crate) fn measure(
        &self,
        row: &str,
        times: usize,
        mut work: impl FnMut() -> Result<(), Error>,
    ) -> Result<(), Failure> {
        if !self.wants(row) {
            return Ok(());
        }
        for _ in 0..WARM_UP.min(times) {
            work()?;
        }
        if self.trace == row {
            self.machine.say("bench: ready");
            loop {
                trace_begins();
                let done = work();
                trace_ends();
                done?;
            }
        }
        let mut samples = Vec::with_capacity(self.samples.min(times));
        while samples.len() < samples.capacity() {
            let (ticks, done) = time(&mut work);
            done?;
            samples.push(ticks.saturating_sub(self.empty));
        }
        self.report(row, samples);
        Ok(())
    }

    /// Prints the line of an operation that was measured otherwise.
    pub(crate) fn report(&self, row: &str, mut samples: Vec<u64>) {
        samples.sort_unstable();
        let at = |share: usize| {
            let place = samples.len().saturating_sub(1) * share / 100;
            samples.get(place).copied().unwrap_or(0)
        };
        let mut line = String::new();
        // Writing to a string never fails.
        let _ = write!(line, "bench {row} {}", samples.len());
        for share in [0, 25, 50, 75, 99, 100] {
            let _ = write!(line, " {}", at(share));
        }
        self.machine.say(line);
    }
}

/// What a piece of work takes, reading the counter included.
#[inline]
fn time(work: &mut impl FnMut() -> Result<(), Error>) -> (u64, Result<(), Error>) {
    let before = ticks();
    let done = work();
    (ticks() - before, done)
}

/// The marker before an operation.
#[inline(never)]
fn trace_begins() {
    black_box(1);
}

/// The marker behind it.
#[inline(never)]
fn trace_ends() {
    black_box(2);
}
