//! The log in files: `system`, and the older `system.1` to `system.3`.

use alloc::format;
use alloc::string::String;
use files::{Error, File, FilesError, How, Namespace};

/// The most bytes of a file, about: it ends behind a whole piece of text.
const FILE_BYTES: u64 = 256 << 10;
/// The number of older files.
const OLDER: u32 = 3;

/// Files of a directory that are renamed when they are full.
#[derive(Debug)]
pub struct LogFiles {
    directory: String,
    most: u64,
    file: Option<File>,
    len: u64,
}

impl LogFiles {
    /// In this directory. Nothing is opened yet.
    #[must_use]
    pub fn new(directory: &str) -> Self {
        Self { directory: directory.into(), most: FILE_BYTES, file: None, len: 0 }
    }

    /// The same with shorter files.
    #[must_use]
    pub fn with_most(self, most: u64) -> Self {
        Self { most, ..self }
    }

    /// Adds text. With `lasting` it is on the disk when this returns.
    ///
    /// # Errors
    /// Those of the volume. The text may be there in part; the next call opens the file anew.
    pub fn add(&mut self, space: &Namespace, text: &str, lasting: bool) -> Result<(), Error> {
        let added = self.try_add(space, text, lasting);
        if added.is_err() {
            self.file = None;
        }
        added
    }

    fn try_add(&mut self, space: &Namespace, text: &str, lasting: bool) -> Result<(), Error> {
        if self.file.is_some() && self.len >= self.most {
            self.rotate(space)?;
        }
        let file = match &mut self.file {
            Some(file) => file,
            None => {
                let file = space.open(&format!("{}/system", self.directory), How::CREATE)?;
                self.len = file.opened().len;
                self.file.insert(file)
            }
        };
        let at = file.append(text.as_bytes())?;
        self.len = at.saturating_add(text.len() as u64);
        // Writes that a dead server lost are lost; the next ones are not.
        match lasting.then(|| file.sync()) {
            Some(Err(error)) if error.cause != files::Cause::WritesLost => Err(error),
            _ => Ok(()),
        }
    }

    fn rotate(&mut self, space: &Namespace) -> Result<(), Error> {
        if let Some(mut file) = self.file.take() {
            // As above.
            let _ = file.sync();
        }
        let directory = &self.directory;
        for number in (1..OLDER).rev() {
            moved(space.rename(
                &format!("{directory}/system.{number}"),
                &format!("{directory}/system.{}", number.saturating_add(1)),
            ))?;
        }
        moved(space.rename(&format!("{directory}/system"), &format!("{directory}/system.1")))
    }
}

/// An older file need not be there.
fn moved(renamed: Result<(), Error>) -> Result<(), Error> {
    match renamed {
        Err(error) if error.files() == Some(&FilesError::NotFound) => Ok(()),
        renamed => renamed,
    }
}
