//! Mutated input for all that reads bytes from outside: never a panic, never more memory than
//! the input is worth, never an endless loop.
//!
//! **Shape.** A [`Target`] has seeds, which are good inputs, and a function that reads an input
//! and checks what it got from it. [`fuzz`] mutates the seeds; inputs with a new outcome become
//! seeds, too. The same seed number gives the same inputs on every machine.
//!
//! **Failures.** A panic, too much memory and a run without an end are told with the target, the
//! run and the input, which is kept in a file.
#![forbid(unsafe_code)]
#![expect(clippy::expect_used, reason = "a test: what fails here must be seen at once")]

mod mutate;
mod run;
pub mod targets;

pub use run::{Outcome, fuzz};

/// Counts what a run allocates; a single run never gets more than this.
#[global_allocator]
static MEMORY: cap::Cap<std::alloc::System> = cap::Cap::new(std::alloc::System, 2 << 30);

/// Reads an input: in short what came of it. Panics when that breaks a promise.
pub type Read = Box<dyn Fn(&[u8]) -> String>;

/// Something that reads bytes from outside.
pub struct Target {
    /// Its name.
    pub name: &'static str,
    /// Good inputs.
    pub seeds: Vec<Vec<u8>>,
    /// How it is read.
    pub read: Read,
}

#[cfg(test)]
mod tests {
    use super::{fuzz, targets};

    /// One test, not one for each: memory is counted for the whole process.
    #[test]
    fn every_reader_survives_mutated_input() {
        for target in targets::all(None) {
            let outcome = fuzz(&target, 2_000, 1).unwrap_or_else(|why| panic!("{why}"));
            assert!(outcome.kinds > 1, "{}: mutations change nothing", target.name);
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_inputs() {
        let seeds = vec![b"some bytes".to_vec(), vec![0; 40]];
        let inputs = |seed| {
            let mut random = fastrand::Rng::with_seed(seed);
            (0..50).map(|_| super::mutate::mutated(&seeds, &mut random)).collect::<Vec<_>>()
        };
        assert_eq!(inputs(7), inputs(7));
        assert_ne!(inputs(7), inputs(8));
    }
}
