//! Millions of random steps on up to four CPUs: all system calls, faults, interrupts and
//! ipis at any point, memory that runs out. The invariants of threads and CPUs are looked
//! at after each step, all others every sixteenth.
//!
//! A failure prints its seed: `POSTERN_SEED` runs only that one and tells every step;
//! `POSTERN_STEPS` asks for another number of steps.

mod calls;
mod oracles;
mod random;
pub(super) use random::Random;
mod run;

use crate::hosted::Smp;
use run::{CPUS, run, scene};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

/// Steps of one test.
const STEPS: usize = 4_000_000;
/// How many seeds are run side by side.
const WORKERS: u64 = 2;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

/// Runs seeds until this number of steps was made. Returns (runs, steps).
fn work(worker: u64, wanted: usize, scenes: &[Smp]) -> (usize, usize) {
    let (mut runs, mut steps) = (0, 0);
    let mut seed = worker;
    while steps < wanted {
        let outcome = catch_unwind(AssertUnwindSafe(|| run(seed, scenes, false)));
        let Ok(made) = outcome else {
            panic!("seed {seed} breaks an invariant: POSTERN_SEED={seed} tells how");
        };
        (runs, steps, seed) = (runs + 1, steps + made, seed + WORKERS);
    }
    (runs, steps)
}

#[test]
fn exit_03_random_steps_on_many_cpus_keep_the_invariants() {
    let scenes: Vec<Smp> = (1..=CPUS).map(scene).collect();
    if let Some(seed) = number("POSTERN_SEED") {
        run(seed, &scenes, true);
        return;
    }
    let wanted = number("POSTERN_STEPS").map_or(STEPS, |steps| usize::try_from(steps).unwrap());
    let started = Instant::now();
    let share = wanted / usize::try_from(WORKERS).unwrap();
    let scenes = &scenes;
    let done: Vec<(usize, usize)> = std::thread::scope(|scope| {
        let workers: Vec<_> =
            (0..WORKERS).map(|worker| scope.spawn(move || work(worker, share, scenes))).collect();
        workers.into_iter().map(|worker| worker.join().expect("no invariant broken")).collect()
    });
    let (runs, steps) = done.iter().fold((0, 0), |all, one| (all.0 + one.0, all.1 + one.1));
    println!("{steps} steps in {runs} runs, {:.1} s", started.elapsed().as_secs_f32());
}
