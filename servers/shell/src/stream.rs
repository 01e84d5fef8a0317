//! Output of commands, and what stands between two commands of a pipeline.
//!
//! **Shape.** A pipeline is a chain: its first command writes into the next one, which takes what
//! comes and writes into the one behind it. So data goes through in pieces, on one thread, and no
//! stage holds more of it than it must.

use crate::shared::Errors;
use crate::trouble::{Outcome, Trouble};
use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// The most bytes that a filter keeps: sorted lines, the last lines, one long line.
pub(crate) const KEPT_MAX: usize = 256 << 10;

/// Where output goes.
pub(crate) trait Output {
    /// Takes all bytes.
    ///
    /// # Errors
    /// [`Trouble::Closed`] when no more are wanted, which is no failure of the writer.
    fn write(&mut self, bytes: &[u8]) -> Result<(), Trouble>;

    /// Passes on what programs of this chain have written meanwhile.
    ///
    /// # Errors
    /// As for [`Output::write`].
    fn pump(&mut self) -> Result<(), Trouble> {
        Ok(())
    }

    /// There is no more. Returns the status of the last command of the chain, if it has one.
    ///
    /// # Errors
    /// What went wrong in the chain.
    fn end(&mut self) -> Result<Option<u64>, Trouble>;
}

/// A command that makes output of input.
pub(crate) trait Filter {
    /// Takes a piece of the input. Lines may be cut anywhere.
    ///
    /// # Errors
    /// [`Trouble::Closed`] when it wants no more.
    fn take(&mut self, bytes: &[u8], out: &mut dyn Output) -> Result<(), Trouble>;

    /// A file begins whose name was among the arguments, one of several or the only one.
    ///
    /// # Errors
    /// Those of the output.
    fn begin_file(&mut self, _name: &str, _out: &mut dyn Output) -> Result<(), Trouble> {
        Ok(())
    }

    /// That file has ended.
    ///
    /// # Errors
    /// Those of the output.
    fn end_file(&mut self, _out: &mut dyn Output) -> Result<(), Trouble> {
        Ok(())
    }

    /// The input has ended: the status.
    ///
    /// # Errors
    /// Those of the output.
    fn end(&mut self, out: &mut dyn Output) -> Outcome;
}

/// A filter, and the files that it reads in place of its input.
pub(crate) struct Sieve {
    /// The filter.
    pub(crate) filter: Box<dyn Filter>,
    /// None: it reads its input.
    pub(crate) files: Vec<String>,
}

impl Sieve {
    pub(crate) fn new(filter: impl Filter + 'static, files: &[&str]) -> Self {
        let files = files.iter().map(ToString::to_string).collect();
        Self { filter: Box::new(filter), files }
    }
}

/// A filter and what follows it.
pub(crate) struct FilterOutput {
    name: String,
    filter: Box<dyn Filter>,
    next: Box<dyn Output>,
    failed: bool,
    /// Where its error texts go; none: to its caller.
    errors: Option<Errors>,
}

impl FilterOutput {
    pub(crate) fn new(name: &str, filter: Box<dyn Filter>, next: Box<dyn Output>) -> Self {
        Self { name: name.into(), filter, next, failed: false, errors: None }
    }

    /// Redirects its error texts.
    pub(crate) fn errors_to(self, errors: Option<Errors>) -> Self {
        Self { errors, ..self }
    }

    /// A step of the filter; its failure gets its name.
    pub(crate) fn step<T>(
        &mut self,
        work: impl FnOnce(&mut dyn Filter, &mut dyn Output) -> Result<T, Trouble>,
    ) -> Result<T, Trouble> {
        work(&mut *self.filter, &mut *self.next).map_err(|trouble| match trouble {
            Trouble::Failed(why) => {
                self.failed = true;
                self.fail(alloc::format!("{}: {why}", self.name))
            }
            other => other,
        })
    }

    /// Writes an error text into what it goes to: what its writer is told.
    pub(crate) fn fail(&mut self, why: String) -> Trouble {
        let text = alloc::format!("{why}\n");
        let written = match &mut self.errors {
            None | Some(Errors::Terminal) => return Trouble::Named(why),
            Some(Errors::To(shared)) => shared.write(text.as_bytes()),
            Some(Errors::Output) => self.next.write(text.as_bytes()),
        };
        if written.is_ok() { Trouble::Closed } else { Trouble::Named(why) }
    }
}

impl Output for FilterOutput {
    fn write(&mut self, bytes: &[u8]) -> Result<(), Trouble> {
        self.step(|filter, next| filter.take(bytes, next))
    }

    fn pump(&mut self) -> Result<(), Trouble> {
        self.next.pump()
    }

    fn end(&mut self) -> Result<Option<u64>, Trouble> {
        let own = match self.failed {
            true => Ok(1),
            false => self.step(|filter, next| filter.end(next)),
        };
        let later = self.next.end();
        if let Some(Errors::To(shared)) = &self.errors {
            shared.finish()?;
        }
        match own {
            Err(Trouble::Closed) if self.failed => Ok(Some(later?.unwrap_or(1))),
            Ok(own) => Ok(Some(later?.unwrap_or(own))),
            Err(Trouble::Closed) => Ok(Some(later?.unwrap_or(0))),
            Err(trouble) => Err(trouble),
        }
    }
}

/// The output of a command whose successor reads no input.
pub(crate) struct NoOutput;

impl Output for NoOutput {
    fn write(&mut self, _: &[u8]) -> Result<(), Trouble> {
        Err(Trouble::Closed)
    }

    fn end(&mut self) -> Result<Option<u64>, Trouble> {
        Ok(None)
    }
}

/// The path of a file that is empty and drops what is written. The shell knows it, no volume has it.
pub(crate) const NULL: &str = "/dev/null";

/// Output that is dropped.
pub(crate) struct Dropped;

impl Output for Dropped {
    fn write(&mut self, _: &[u8]) -> Result<(), Trouble> {
        Ok(())
    }

    fn end(&mut self) -> Result<Option<u64>, Trouble> {
        Ok(None)
    }
}

/// Cuts input into lines.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    begun: Vec<u8>,
}

impl Lines {
    /// Calls `work` for each line that is complete, without its end.
    ///
    /// # Errors
    /// Those of `work`; a line longer than [`KEPT_MAX`].
    pub(crate) fn take(
        &mut self,
        bytes: &[u8],
        mut work: impl FnMut(&[u8]) -> Result<(), Trouble>,
    ) -> Result<(), Trouble> {
        let mut rest = bytes;
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let (line, behind) = rest.split_at(end);
            rest = behind.get(1..).unwrap_or(&[]);
            if self.begun.is_empty() {
                work(line)?;
            } else {
                self.add(line)?;
                work(&core::mem::take(&mut self.begun))?;
            }
        }
        self.add(rest)
    }

    /// Whether the last line has no end yet.
    pub(crate) fn is_begun(&self) -> bool {
        !self.begun.is_empty()
    }

    fn add(&mut self, bytes: &[u8]) -> Result<(), Trouble> {
        if self.begun.len().saturating_add(bytes.len()) > KEPT_MAX {
            return Err(Trouble::new("a line is longer than 256 KiB"));
        }
        self.begun.extend_from_slice(bytes);
        Ok(())
    }
}

/// Writes a line.
///
/// # Errors
/// Those of the output.
pub(crate) fn write_line(out: &mut dyn Output, line: &[u8]) -> Result<(), Trouble> {
    let mut whole = Vec::with_capacity(line.len() + 1);
    whole.extend_from_slice(line);
    whole.push(b'\n');
    out.write(&whole)
}
