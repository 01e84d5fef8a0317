//! `sha256sum`.

use crate::options::Options;
use crate::stream::{Filter, Output, Sieve};
use crate::trouble::{Outcome, Trouble};
use alloc::format;
use alloc::string::String;
use sha2::{Digest, Sha256};

struct Sum {
    hash: Sha256,
    name: String,
    of_files: bool,
}

pub(crate) fn sha256sum(words: &[&str]) -> Result<Sieve, Trouble> {
    let options = Options::read("", "", words)?;
    let of_files = !options.words.is_empty();
    Ok(Sieve::new(Sum { hash: Sha256::new(), name: "-".into(), of_files }, &options.words))
}

impl Sum {
    fn write(&mut self, out: &mut dyn Output) -> Result<(), Trouble> {
        let sum = self.hash.finalize_reset();
        let hex: String = sum.iter().map(|byte| format!("{byte:02x}")).collect();
        out.write(format!("{hex}  {}\n", self.name).as_bytes())
    }
}

impl Filter for Sum {
    fn take(&mut self, bytes: &[u8], _: &mut dyn Output) -> Result<(), Trouble> {
        self.hash.update(bytes);
        Ok(())
    }

    fn begin_file(&mut self, name: &str, _: &mut dyn Output) -> Result<(), Trouble> {
        self.name = name.into();
        Ok(())
    }

    fn end_file(&mut self, out: &mut dyn Output) -> Result<(), Trouble> {
        self.write(out)
    }

    fn end(&mut self, out: &mut dyn Output) -> Outcome {
        if !self.of_files {
            self.write(out)?;
        }
        Ok(0)
    }
}
