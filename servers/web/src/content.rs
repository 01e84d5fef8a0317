//! Files of the volume.

use crate::answer::Status;
use crate::paths::type_of;
use alloc::format;
use alloc::string::String;
use files::{File, FilesError, How, Kind, Mount, Namespace};
use sys::{Buffer, Endpoint};

/// The folder of the files.
const ROOT: &str = "/www";
/// What is shown of a folder.
const INDEX: &str = "index.html";
/// Bytes that are read at a time.
const PIECE: usize = 32 << 10;

/// The files. Each worker has its own connection.
pub(crate) struct Content(Namespace);

/// A file that is there.
pub(crate) struct Found {
    file: File,
    buffer: Buffer,
    /// The type of its content.
    pub(crate) kind: &'static str,
    /// Bytes of its content.
    pub(crate) length: u64,
    /// Changes with the content.
    pub(crate) tag: String,
}

impl Content {
    pub(crate) fn new(names: &Endpoint, mounts: &[Mount]) -> Result<Self, files::Error> {
        Namespace::new(names, mounts.iter().cloned()).map(Self)
    }

    /// Opens the file of a path without `..`.
    ///
    /// # Errors
    /// The status of the refusal.
    pub(crate) fn open(&self, path: &str) -> Result<Found, Status> {
        let index = if path.ends_with('/') { INDEX } else { "" };
        let path = format!("{ROOT}{path}{index}");
        let file = self.0.open(&path, How::READ).map_err(|error| status_of(error.files()))?;
        let data = file.opened();
        if data.kind != Kind::File {
            return Err(Status::NotFound);
        }
        let (length, node, modified) = (data.len, data.node, data.modified.0);
        let buffer = Buffer::new(PIECE).map_err(|_| Status::Busy)?;
        let tag = format!("\"{node:x}-{length:x}-{modified:x}\"");
        Ok(Found { file, buffer, kind: type_of(&path), length, tag })
    }
}

fn status_of(error: Option<&FilesError>) -> Status {
    match error {
        // A machine without a volume has no files.
        None | Some(FilesError::Device | FilesError::Damaged) => Status::Failed,
        Some(FilesError::TooMany) => Status::Busy,
        Some(_) => Status::NotFound,
    }
}

impl Found {
    /// Bytes from this place on, at most `most` and at least one; `None` when there are none.
    pub(crate) fn piece(&mut self, place: u64, most: u64) -> Option<&[u8]> {
        let count = self.file.read_buffer(place, &mut self.buffer).ok()?;
        let count = count.min(usize::try_from(most).unwrap_or(usize::MAX));
        self.buffer.get(..count).filter(|piece| !piece.is_empty())
    }
}
