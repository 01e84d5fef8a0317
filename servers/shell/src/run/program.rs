//! Programs in pipelines.

use super::Call;
use crate::shell::Shell;
use crate::stream::Output;
use crate::trouble::Trouble;
use alloc::boxed::Box;
use alloc::string::String;

impl Shell {
    /// Starts a program that writes into `next`, and takes input when it `reads`.
    pub(super) fn piped(
        &mut self,
        _call: &Call,
        program: &str,
        _arguments: &[String],
        _reads: bool,
        _next: Box<dyn Output>,
    ) -> Result<Box<dyn Output>, Trouble> {
        Err(Trouble::new(alloc::format!("{program}: programs have no pipes yet")))
    }
}
