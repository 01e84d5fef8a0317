//! Runs a target with many inputs, and tells which one it failed with.

use crate::mutate::mutated;
use crate::{MEMORY, Target};
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

/// What a run may allocate: for each byte of its input, and beside that.
const BYTES_PER_BYTE: usize = 1_024;
const BYTES: usize = 64 << 20;
/// Inputs with a new outcome that become seeds.
const MOST_SEEDS: usize = 400;
/// Without an end in this time a run has none. A run takes microseconds.
const PATIENCE: Duration = Duration::from_secs(120);

/// What was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Kinds of results.
    pub kinds: usize,
    /// The most that one run allocated, in bytes.
    pub most_bytes: usize,
}

/// Runs a target with its seeds, then with mutated inputs.
///
/// # Errors
/// What an input led to, and where it is kept.
pub fn fuzz(target: &Target, runs: u64, seed: u64) -> Result<Outcome, String> {
    let watch = Watch::begin(target.name);
    let mut random = fastrand::Rng::with_seed(seed);
    let mut seeds = target.seeds.clone();
    let mut kinds = BTreeSet::new();
    let mut most_bytes = 0;
    for run in 0..seeds.len() as u64 + runs {
        let given = usize::try_from(run).ok().and_then(|run| target.seeds.get(run));
        let input = given.cloned().unwrap_or_else(|| mutated(&seeds, &mut random));
        watch.runs(&input);
        let before = MEMORY.total_allocated();
        let read = catch_unwind(AssertUnwindSafe(|| (target.read)(&input)));
        let bytes = MEMORY.total_allocated() - before;
        let failed = |why: String| {
            let kept = keep(target.name, &input);
            format!("{}: run {run} of seed {seed}: {why}; the input is in {kept}", target.name)
        };
        let kind = read.map_err(|panic| failed(format!("it panicked: {}", text_of(&*panic))))?;
        let room = BYTES + input.len() * BYTES_PER_BYTE;
        if bytes > room {
            return Err(failed(format!("{bytes} bytes were allocated for {}", input.len())));
        }
        most_bytes = most_bytes.max(bytes);
        if kinds.insert(kind) && given.is_none() && seeds.len() < MOST_SEEDS {
            seeds.push(input);
        }
    }
    Ok(Outcome { kinds: kinds.len(), most_bytes })
}

/// Keeps an input in a file: which one.
fn keep(target: &str, input: &[u8]) -> String {
    let folder = qemu_harness::root().join("target/fuzz-inputs");
    let file: PathBuf = folder.join(format!("{target}-{:08x}", crc32fast::hash(input)));
    match std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&file, input)) {
        Ok(()) => file.display().to_string(),
        Err(error) => format!("no file ({}: {error})", file.display()),
    }
}

fn text_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic").to_owned()
}

/// Ends the process when one run does not end.
struct Watch(Sender<Vec<u8>>);

impl Watch {
    fn begin(target: &'static str) -> Self {
        let (told, runs) = channel();
        std::thread::spawn(move || watch(target, &runs));
        Self(told)
    }

    fn runs(&self, input: &[u8]) {
        self.0.send(input.to_vec()).expect("the watch waits for runs");
    }
}

fn watch(target: &str, runs: &Receiver<Vec<u8>>) {
    let mut last = Vec::new();
    loop {
        match runs.recv_timeout(PATIENCE) {
            Ok(input) => last = input,
            Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => {
                let kept = keep(target, &last);
                eprintln!("{target}: a run has no end; the input is in {kept}");
                std::process::exit(1);
            }
        }
    }
}
