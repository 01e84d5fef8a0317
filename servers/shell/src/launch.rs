//! From a program's name to a process.
//!
//! A name with a `/` is a file. Another one is looked for in `/bin`, then among the programs of the
//! boot archive. The shell reads the file by its own rights; `proc` has none to files.

use crate::shell::Shell;
use crate::trouble::Trouble;
use alloc::string::{String, ToString};
use files::{Cause, Error, FilesError, How, Kind};
use proc_api::{IMAGE_BYTES, LaunchClient, ProcClient, ProcError};
use service::CallError;
use sys::{Memory, PAGE_SIZE, Pages};

/// Where programs are that are named without a directory.
pub(crate) const BIN: &str = "/bin";

impl Shell {
    /// Starts a program: its process id. It begins in the shell's working directory. `more` may give
    /// it handles before it starts.
    ///
    /// # Errors
    /// [`Trouble::Unknown`] when there is no such program.
    pub(crate) fn launch(
        &self,
        proc: &ProcClient,
        program: &str,
        arguments: &[String],
        foreground: bool,
        more: impl FnOnce(&LaunchClient) -> Result<(), Trouble>,
    ) -> Result<u32, Trouble> {
        let image = self.image(program)?;
        let name = program.rsplit('/').next().unwrap_or(program);
        // Names of processes are short.
        let name = &name[..name.floor_char_boundary(abi::NAME_LEN)];
        let launch = proc.launch(name)?;
        if let Some((memory, bytes)) = &image {
            launch.image(memory, *bytes)?;
        }
        launch.tell("directory", self.files.current())?;
        more(&launch)?;
        launch.start(arguments, foreground).map_err(|error| match error {
            CallError::Service(ProcError::NoSuchProgram { .. }) => Trouble::Unknown,
            error => error.into(),
        })
    }

    /// The file of a program and its length; `None` when it can only be in the archive.
    fn image(&self, program: &str) -> Result<Option<(Memory, u64)>, Trouble> {
        let named = program.contains('/');
        let path = match named {
            true => program.to_string(),
            false => alloc::format!("{BIN}/{program}"),
        };
        let opened = self.files.open(&path, How::READ);
        let mut file = match opened {
            Err(error) if !named && is_absent(&error) => return Ok(None),
            opened => opened?,
        };
        let metadata = *file.opened();
        let problem = |why: &str| Trouble::Named(alloc::format!("{path}: {why}"));
        if metadata.kind != Kind::File {
            return Err(problem("not a program"));
        }
        if metadata.len == 0 || metadata.len > IMAGE_BYTES {
            return Err(problem("not a program: it is empty, or longer than 32 MiB"));
        }
        let len = usize::try_from(metadata.len).map_err(|_| problem("too long"))?;
        let mut pages = Pages::create(metadata.len.div_ceil(PAGE_SIZE))?;
        let room = pages.get_mut(..len).ok_or_else(|| problem("too long"))?;
        if file.read_at(0, room)? < len {
            return Err(problem("it became shorter while it was read"));
        }
        Ok(Some((pages.into_memory(), metadata.len)))
    }
}

/// Whether there is no such file, or no volume that could have it.
fn is_absent(error: &Error) -> bool {
    match &error.cause {
        Cause::Files(error) => matches!(
            error,
            FilesError::NotFound
                | FilesError::NotDirectory
                | FilesError::BadName
                | FilesError::TooLong
                | FilesError::Unusable { .. }
        ),
        Cause::NoVolume | Cause::Call(_) => true,
        Cause::OtherVolume | Cause::Short | Cause::WritesLost => false,
    }
}
