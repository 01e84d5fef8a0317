//! Takes the time of operations and prints what it took.
//!
//! With `trace=NAME` that operation is repeated for ever between the calls of two functions,
//! whose addresses tell the reader of an execution log where one begins and ends.

use crate::figures::{figures, line};
use crate::machine::Machine;
use alloc::vec::Vec;
use core::hint::black_box;
use rt::Failure;
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
    /// Instructions by which each operation is slower than it need be.
    #[cfg(feature = "slow")]
    slower: u64,
}

/// How a piece of work is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Watch {
    /// By the counter of ticks.
    Ticks,
    /// By the functions around it.
    Markers,
}

impl Watch {
    /// Does the work: the ticks that it took, reading the counter included, and its result.
    #[inline(always)]
    pub(crate) fn around<T>(self, work: impl FnOnce() -> T) -> (u64, T) {
        match self {
            Self::Ticks => {
                let before = ticks();
                let done = work();
                (ticks() - before, done)
            }
            Self::Markers => {
                trace_begins();
                let done = work();
                trace_ends();
                (0, done)
            }
        }
    }
}

impl<'a> Meter<'a> {
    /// As the command line wants it.
    pub(crate) fn new(machine: &'a Machine, env: &rt::Env) -> Self {
        let number = |key| env.option(key).and_then(|text| text.parse().ok());
        let samples = number("samples").unwrap_or(10_000);
        let option = |key| env.option(key).unwrap_or("");
        let empty = (0..EMPTY_SAMPLES).map(|_| Watch::Ticks.around(|| ()).0).min().unwrap_or(0);
        Self {
            machine,
            rows: option("rows"),
            trace: option("trace"),
            samples,
            empty,
            #[cfg(feature = "slow")]
            slower: number("slower").unwrap_or(0) as u64,
        }
    }

    /// Whether an operation is measured or traced in this run.
    pub(crate) fn wants(&self, row: &str) -> bool {
        if !self.trace.is_empty() {
            return self.trace == row;
        }
        self.rows.split(',').any(|part| row.contains(part))
    }

    /// The number of measurements, of at most `times`.
    pub(crate) fn samples(&self, times: usize) -> usize {
        self.samples.min(times)
    }

    /// Measures an operation, at most this number of times.
    pub(crate) fn measure<E: Into<Failure>>(
        &self,
        row: &str,
        times: usize,
        mut work: impl FnMut() -> Result<(), E>,
    ) -> Result<(), Failure> {
        self.each(row, times, |watch| {
            let (ticks, done) = watch.around(|| {
                #[cfg(feature = "slow")]
                sys::hazard::burn(self.slower);
                work()
            });
            done.map(|()| ticks)
        })
    }

    /// The same for an operation with something before it or behind it: `one` does all of it
    /// once, tells which part is meant, and gives its ticks.
    pub(crate) fn each<E: Into<Failure>>(
        &self,
        row: &str,
        times: usize,
        mut one: impl FnMut(Watch) -> Result<u64, E>,
    ) -> Result<(), Failure> {
        if !self.wants(row) {
            return Ok(());
        }
        for _ in 0..WARM_UP.min(times) {
            one(Watch::Ticks).map_err(Into::into)?;
        }
        if self.trace == row {
            self.machine.say("bench: ready");
            loop {
                one(Watch::Markers).map_err(Into::into)?;
            }
        }
        // As much memory however few samples there are: what is mapped decides what mapping costs.
        let mut samples = Vec::with_capacity(times);
        for _ in 0..self.samples(times) {
            let ticks = one(Watch::Ticks).map_err(|error| error.into().while_doing(row))?;
            samples.push(ticks.saturating_sub(self.empty));
        }
        self.machine.say(line(row, &figures(samples)));
        Ok(())
    }
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
