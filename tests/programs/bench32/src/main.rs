//! A child of `bench`: what operations cost a 32-bit program. Tells the line of each to its
//! parent, which prints it.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

extern crate alloc;

#[path = "../../bench/src/figures.rs"]
mod figures;

use alloc::vec::Vec;
use figures::{Figures, figures, line};
use rt::Failure;
use sys::hazard::ticks;
use sys::{Endpoint, Error, FOREVER, Message, Words};

rt::entry!(main);

/// Repetitions that are not measured.
const WARM_UP: usize = 32;

fn main(env: rt::Env) -> Result<(), Failure> {
    let (server, parent): (Endpoint, Endpoint) = (env.handle("server")?, env.handle("parent")?);
    let samples = env.args().next().and_then(|text| text.parse().ok()).unwrap_or(1);
    let null = measure(samples, || {
        let _ = sys::clock();
        Ok(())
    })?;
    let call = measure(samples, || server.call_words(0, &Words::default()).map(drop))?;
    for (row, figures) in [("null-call-32-bit", null), ("call-0-words-32-bit", call)] {
        let line = line(row, &figures);
        let mut message = Message::new(0, Words::default()).with_bytes(line.as_bytes());
        parent.send_with(&mut message, FOREVER)?;
    }
    Ok(())
}

fn measure(
    samples: usize,
    mut work: impl FnMut() -> Result<(), Error>,
) -> Result<Figures, Failure> {
    let empty = (0..WARM_UP).map(|_| time(&mut || Ok(())).0).min().unwrap_or(0);
    let mut found = Vec::with_capacity(samples);
    for _ in 0..WARM_UP {
        work()?;
    }
    for _ in 0..samples {
        let (ticks, done) = time(&mut work);
        done?;
        found.push(ticks.saturating_sub(empty));
    }
    Ok(figures(found))
}

fn time(work: &mut impl FnMut() -> Result<(), Error>) -> (u64, Result<(), Error>) {
    let before = ticks();
    let done = work();
    (ticks() - before, done)
}
