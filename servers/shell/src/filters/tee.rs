//! `tee`.

use crate::options::Options;
use crate::shell::Shell;
use crate::sinks::FileOutput;
use crate::stream::{Filter, Output, Sieve};
use crate::trouble::{Outcome, Trouble};
use alloc::vec::Vec;

struct Tee {
    files: Vec<FileOutput>,
}

pub(crate) fn tee(shell: &Shell, words: &[&str]) -> Result<Sieve, Trouble> {
    let options = Options::read("a", "", words)?;
    let open = |path: &&str| {
        FileOutput::open(&shell.files, path, options.has('a'), shell.interrupts.clone())
    };
    let files = options.words.iter().map(open).collect::<Result<_, _>>()?;
    Ok(Sieve::new(Tee { files }, &[]))
}

impl Filter for Tee {
    fn take(&mut self, bytes: &[u8], out: &mut dyn Output) -> Result<(), Trouble> {
        self.files.iter_mut().try_for_each(|file| file.write(bytes))?;
        // The files get all of it, also when the output wants no more.
        match out.write(bytes) {
            Err(Trouble::Closed) => Ok(()),
            result => result,
        }
    }

    fn end(&mut self, _: &mut dyn Output) -> Outcome {
        self.files.iter_mut().try_for_each(|file| file.end().map(drop))?;
        Ok(0)
    }
}
