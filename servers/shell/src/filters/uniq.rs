//! `uniq`.

use crate::options::Options;
use crate::stream::{Filter, Lines, Output, Sieve, write_line};
use crate::trouble::{Outcome, Trouble};
use alloc::format;
use alloc::vec::Vec;

struct Uniq {
    lines: Lines,
    run: Run,
    counted: bool,
    only_repeated: bool,
}

/// Equal lines, one behind the other.
#[derive(Default)]
struct Run {
    line: Vec<u8>,
    count: u64,
}

pub(crate) fn uniq(words: &[&str]) -> Result<Sieve, Trouble> {
    let options = Options::read("cd", "", words)?;
    let filter = Uniq {
        lines: Lines::default(),
        run: Run::default(),
        counted: options.has('c'),
        only_repeated: options.has('d'),
    };
    Ok(Sieve::new(filter, &options.words))
}

impl Run {
    fn write(&self, counted: bool, out: &mut dyn Output) -> Result<(), Trouble> {
        if counted {
            out.write(format!("{:>7} ", self.count).as_bytes())?;
        }
        write_line(out, &self.line)
    }
}

impl Filter for Uniq {
    fn take(&mut self, bytes: &[u8], out: &mut dyn Output) -> Result<(), Trouble> {
        let Self { lines, run, counted, only_repeated } = self;
        let least = if *only_repeated { 2 } else { 1 };
        lines.take(bytes, |line| {
            if run.count > 0 && run.line == line {
                run.count = run.count.saturating_add(1);
                return Ok(());
            }
            let ended = core::mem::replace(run, Run { line: line.to_vec(), count: 1 });
            if ended.count >= least { ended.write(*counted, out) } else { Ok(()) }
        })
    }

    fn end_file(&mut self, out: &mut dyn Output) -> Result<(), Trouble> {
        if self.lines.is_begun() { self.take(b"\n", out) } else { Ok(()) }
    }

    fn end(&mut self, out: &mut dyn Output) -> Outcome {
        self.end_file(out)?;
        let least = if self.only_repeated { 2 } else { 1 };
        if self.run.count >= least {
            self.run.write(self.counted, out)?;
        }
        Ok(0)
    }
}
