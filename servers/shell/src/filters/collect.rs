//! Input that is looked at as a whole: for `less`.

use crate::stream::{Filter, KEPT_MAX, Output};
use crate::trouble::{Outcome, Trouble};
use alloc::string::String;
use alloc::vec::Vec;

/// Collects its input, up to [`KEPT_MAX`], and gives it to a function.
pub(crate) struct Collect<F> {
    kept: Vec<u8>,
    work: F,
}

impl<F: FnMut(&str) -> Outcome> Collect<F> {
    pub(crate) fn new(work: F) -> Self {
        Self { kept: Vec::new(), work }
    }
}

impl<F: FnMut(&str) -> Outcome> Filter for Collect<F> {
    fn take(&mut self, bytes: &[u8], _: &mut dyn Output) -> Result<(), Trouble> {
        let room = KEPT_MAX.saturating_sub(self.kept.len());
        self.kept.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        // The rest is not shown, and nothing more is read.
        if bytes.len() > room { Err(Trouble::Closed) } else { Ok(()) }
    }

    fn end(&mut self, _: &mut dyn Output) -> Outcome {
        let text = core::mem::take(&mut self.kept);
        (self.work)(&String::from_utf8_lossy(&text))
    }
}
