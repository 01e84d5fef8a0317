//! `run fsload DIRECTORY SECONDS [SEED]`: random reads and writes of a file, and of names beside it,
//! against a model in memory, while others kill the volume's server and the disk's driver. After
//! each `sync` the file must be as the model; when writes were lost, each byte must be one that was
//! there since the last `sync`. The last line is `fsload: good` or `fsload: bad`.
//!
//! `run fsload DIRECTORY speed`: how fast files are there, a line for each row.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

mod content;
mod names;
mod speed;
#[cfg(test)]
mod tests;

pub use content::Content;
pub use names::Names;

use alloc::format;
use alloc::string::String;
use console_api::stdio::Stdio;
use fastrand::Rng;
use files::{Error, Namespace};

const NS_PER_SECOND: u64 = 1_000_000_000;

/// What the workload saw.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Operations.
    pub operations: u64,
    /// Bytes that were compared.
    pub checked: u64,
    /// Syncs that said that writes may be lost.
    pub lost: u64,
    /// Times that the file was opened again.
    pub reopened: u64,
    /// Changes of names whose outcome was not known.
    pub uncertain: u64,
    /// The first thing that cannot be.
    pub wrong: Option<String>,
}

/// The program.
///
/// # Errors
/// When the directory cannot be used, or something was wrong.
pub fn main(env: rt::Env) -> Result<(), rt::Failure> {
    let mut stdio = Stdio::open(&env);
    let space = Namespace::of(&env)?;
    let mut words = env.args();
    let directory = words.next().unwrap_or("/tmp");
    let mut words = words.peekable();
    if words.peek() == Some(&"speed") {
        stdio.print(speed::measure(&space, directory)?)?;
        return Ok(());
    }
    let mut number = |other| words.next().and_then(|word| word.parse().ok()).unwrap_or(other);
    let (seconds, seed): (u64, u64) = (number(1), number(1));
    let end_ns = sys::clock() + seconds * NS_PER_SECOND;
    let outcome = run(&space, directory, seed, |_| sys::clock() < end_ns);
    let text = report(&outcome);
    stdio.print(text.as_str())?;
    if outcome.wrong.is_none() { Ok(()) } else { Err("the files are bad".into()) }
}

/// Works on files of its own in this directory as long as `goes_on`, which is told the number of
/// operations.
pub fn run(
    space: &Namespace,
    directory: &str,
    seed: u64,
    mut goes_on: impl FnMut(u64) -> bool,
) -> Outcome {
    let mut outcome = Outcome::default();
    let done = work(space, directory, seed, &mut goes_on, &mut outcome);
    if let Err(wrong) = done {
        outcome.wrong = Some(wrong);
    }
    outcome
}

fn work(
    space: &Namespace,
    directory: &str,
    seed: u64,
    goes_on: &mut impl FnMut(u64) -> bool,
    outcome: &mut Outcome,
) -> Result<(), String> {
    let mut random = Rng::with_seed(seed);
    let mut content = Content::open(space, &format!("{directory}/fsload-{seed}"))?;
    let mut names = Names::new(space, &format!("{directory}/fsload-{seed}-"))?;
    while goes_on(outcome.operations) {
        content.step(&mut random, outcome)?;
        if random.u8(..) < 64 {
            names.step(&mut random, outcome)?;
        }
    }
    content.close(outcome)?;
    names.close()
}

/// What the program prints.
fn report(outcome: &Outcome) -> String {
    let Outcome { operations, checked, lost, reopened, uncertain, wrong } = outcome;
    let verdict = match wrong {
        None => String::from("good"),
        Some(wrong) => format!("bad: {wrong}"),
    };
    format!(
        "fsload: {operations} operations, {checked} bytes checked, {reopened} times opened again, \
         {lost} times writes lost, {uncertain} outcomes unknown\nfsload: {verdict}\n"
    )
}

/// An error as what cannot be.
fn failed(what: &str) -> impl FnOnce(Error) -> String {
    move |error| format!("{what}: {error}")
}
