//! Files as output and input.

use crate::interrupts::Interrupts;
use crate::shell::Shell;
use crate::stream::Output;
use crate::trouble::Trouble;
use alloc::rc::Rc;
use alloc::vec::Vec;
use files::{File, How, Metadata, Namespace};

/// Output is written in pieces of this many bytes, input read.
const PIECE: usize = 16 << 10;

/// Output to a file.
pub(crate) struct FileOutput {
    file: File,
    /// Where the next bytes go; `None`: at the end of the file.
    at: Option<u64>,
    waiting: Vec<u8>,
    interrupts: Rc<Interrupts>,
}

impl FileOutput {
    /// Empties the file unless output is added.
    ///
    /// # Errors
    /// [`Trouble::Named`].
    pub(crate) fn open(
        files: &Namespace,
        path: &str,
        append: bool,
        interrupts: Rc<Interrupts>,
    ) -> Result<Self, Trouble> {
        let how = if append { How::CREATE } else { How::REPLACE };
        let file = files.open(path, how).map_err(named)?;
        Ok(Self { file, at: (!append).then_some(0), waiting: Vec::new(), interrupts })
    }

    fn flush(&mut self) -> Result<(), Trouble> {
        let waiting = core::mem::take(&mut self.waiting);
        match &mut self.at {
            Some(at) => {
                self.file.write_at(*at, &waiting).map_err(named)?;
                *at = at.saturating_add(waiting.len() as u64);
            }
            None if waiting.is_empty() => {}
            None => drop(self.file.append(&waiting).map_err(named)?),
        }
        Ok(())
    }
}

impl Output for FileOutput {
    fn write(&mut self, bytes: &[u8]) -> Result<(), Trouble> {
        self.interrupts.check()?;
        self.waiting.extend_from_slice(bytes);
        if self.waiting.len() >= PIECE { self.flush() } else { Ok(()) }
    }

    fn end(&mut self) -> Result<Option<u64>, Trouble> {
        self.flush()?;
        Ok(None)
    }
}

fn named(error: files::Error) -> Trouble {
    Trouble::from(error).named()
}

/// A file as input.
pub(crate) struct FileInput {
    file: File,
    piece: Vec<u8>,
    /// Where the next piece is; `None` behind the end.
    at: Option<u64>,
    interrupts: Rc<Interrupts>,
}

impl FileInput {
    /// Opens it.
    ///
    /// # Errors
    /// Those of the file.
    pub(crate) fn open(shell: &Shell, path: &str) -> Result<Self, Trouble> {
        let file = shell.files.open(path, How::READ)?;
        let interrupts = shell.interrupts.clone();
        Ok(Self { file, piece: alloc::vec![0; PIECE], at: Some(0), interrupts })
    }

    /// All about it.
    pub(crate) fn metadata(&self) -> &Metadata {
        self.file.opened()
    }

    /// The next piece; none at the end.
    ///
    /// # Errors
    /// Those of the file, and Ctrl-C.
    pub(crate) fn next(&mut self) -> Result<Option<&[u8]>, Trouble> {
        self.interrupts.check()?;
        let Some(at) = self.at else { return Ok(None) };
        let read = self.file.read_at(at, &mut self.piece)?;
        self.at = (read == self.piece.len()).then(|| at.saturating_add(read as u64));
        Ok(self.piece.get(..read).filter(|piece| !piece.is_empty()))
    }
}
