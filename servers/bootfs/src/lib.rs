//! The boot archive as a volume that is only read: `/boot`.
//!
//! The startup block has the archive (`archive = true` in the manifest) and its size. Its files
//! are in one directory. A file is compared with its checksum when it is read first; a damaged
//! one is [`FilesError::Damaged`], the others are read.
//!
//! **Restart.** Nothing is kept but the tickets of open files: nodes are places in the archive,
//! which does not change.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

#[cfg(test)]
mod tests;

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use archive::Archive;
use core::ops::{Deref, Range};
use files::{Entry, FilesError, Kind, Metadata, NodeId, Space, State, Time, VolumeInfo};
use volume::{FileSystem, Unlinked};

/// The directory. Files are numbered behind it, in the order of the archive.
const ROOT: NodeId = 1;
const FIRST: NodeId = 2;

/// The program.
///
/// # Errors
/// When it was not given the archive or its endpoint, or the kernel refuses to let it serve.
pub fn main(env: rt::Env) -> Result<(), rt::Failure> {
    let archive = env.constant("archive")?;
    let size = env.startup().values("archive").next().and_then(|size| size.parse().ok());
    let size = size.ok_or("the size of the archive was not told")?;
    let fs = BootFs::new(archive, size).map_err(rt::Failure::new)?;
    volume::run(&env, fs)
}

/// A file of the archive.
#[derive(Debug)]
struct File {
    name: String,
    place: Range<usize>,
    /// Whether it is what its checksum says, when that was looked at.
    is_good: Option<bool>,
}

/// The files of a boot archive.
#[derive(Debug)]
pub struct BootFs<A> {
    archive: A,
    size: usize,
    files: Vec<File>,
}

impl<A: Deref<Target = [u8]>> BootFs<A> {
    /// Of an archive in the first bytes of something.
    ///
    /// # Errors
    /// When it is no archive.
    pub fn new(archive: A, size: usize) -> Result<Self, String> {
        let mut fs = Self { archive, size, files: Vec::new() };
        fs.files = fs.read()?;
        Ok(fs)
    }

    fn bytes(&self) -> &[u8] {
        self.archive.get(..self.size).unwrap_or_default()
    }

    fn read(&self) -> Result<Vec<File>, String> {
        let archive = Archive::open(self.bytes()).map_err(|error| error.to_string())?;
        let base = self.bytes().as_ptr().addr();
        let mut files = Vec::new();
        archive.each(|name, bytes| {
            let start = bytes.as_ptr().addr().saturating_sub(base);
            let place = start..start.saturating_add(bytes.len());
            if files::is_name(name) {
                files.push(File { name: name.to_string(), place, is_good: None });
            }
        });
        Ok(files)
    }

    fn file(&self, node: NodeId) -> Result<&File, FilesError> {
        if node == ROOT {
            return Err(FilesError::IsDirectory);
        }
        let place = node.checked_sub(FIRST).and_then(|place| usize::try_from(place).ok());
        place.and_then(|place| self.files.get(place)).ok_or(FilesError::NotFound)
    }

    /// The bytes of a file, once they were compared with their checksum.
    fn checked(&mut self, node: NodeId) -> Result<&[u8], FilesError> {
        let file = self.file(node)?;
        let is_good = match file.is_good {
            Some(is_good) => is_good,
            None => Archive::open(self.bytes()).is_ok_and(|it| it.file(&file.name).is_ok()),
        };
        let place = file.place.clone();
        let number = usize::try_from(node - FIRST).unwrap_or(usize::MAX);
        if let Some(file) = self.files.get_mut(number) {
            file.is_good = Some(is_good);
        }
        if !is_good {
            return Err(FilesError::Damaged);
        }
        self.bytes().get(place).ok_or(FilesError::Damaged)
    }
}

impl<A: Deref<Target = [u8]>> FileSystem for BootFs<A> {
    fn info(&mut self) -> VolumeInfo {
        let state = State::ReadOnly { why: "it is the boot archive".into() };
        VolumeInfo { format: "archive".into(), device: String::new(), state }
    }

    fn root(&mut self) -> Result<NodeId, FilesError> {
        Ok(ROOT)
    }

    fn space(&mut self) -> Result<Space, FilesError> {
        let (total, nodes) = (self.size as u64, self.files.len() as u64 + 1);
        Ok(Space { total, free: 0, nodes, free_nodes: 0 })
    }

    fn metadata(&mut self, node: NodeId) -> Result<Metadata, FilesError> {
        let (kind, len, links, mode) = match node {
            ROOT => (Kind::Directory, 0, 2, 0o555),
            _ => (Kind::File, self.file(node)?.place.len() as u64, 1, 0o555),
        };
        let (modified, created) = (Time(0), Time(0));
        Ok(Metadata { node, kind, len, stored: len, links, mode, modified, created })
    }

    fn look_up(&mut self, directory: NodeId, name: &str) -> Result<Metadata, FilesError> {
        if directory != ROOT {
            return Err(FilesError::NotDirectory);
        }
        let found = (FIRST..).zip(&self.files).find(|(_, file)| file.name == name);
        let node = found.ok_or(FilesError::NotFound)?.0;
        self.metadata(node)
    }

    fn read_link(&mut self, _: NodeId) -> Result<String, FilesError> {
        Err(FilesError::Unsupported)
    }

    fn list(
        &mut self,
        directory: NodeId,
        from: u64,
        most: usize,
    ) -> Result<Vec<Entry>, FilesError> {
        if directory != ROOT {
            return Err(FilesError::NotDirectory);
        }
        let from = usize::try_from(from).unwrap_or(usize::MAX);
        let numbered = (0_u64..).zip(&self.files).skip(from).take(most);
        let entry = |(number, file): (u64, &File)| Entry {
            name: file.name.clone(),
            kind: Kind::File,
            node: FIRST + number,
            next: number + 1,
        };
        Ok(numbered.map(entry).collect())
    }

    fn read(&mut self, file: NodeId, offset: u64, into: &mut [u8]) -> Result<usize, FilesError> {
        let bytes = self.checked(file)?;
        let rest = usize::try_from(offset).ok().and_then(|offset| bytes.get(offset..));
        let rest = rest.unwrap_or_default();
        let count = rest.len().min(into.len());
        if let (Some(to), Some(from)) = (into.get_mut(..count), rest.get(..count)) {
            to.copy_from_slice(from);
        }
        Ok(count)
    }

    fn create(&mut self, _: NodeId, _: &str) -> Result<Metadata, FilesError> {
        Err(FilesError::ReadOnly)
    }

    fn make_directory(&mut self, _: NodeId, _: &str) -> Result<(), FilesError> {
        Err(FilesError::ReadOnly)
    }

    fn make_link(&mut self, _: NodeId, _: &str, _: &str) -> Result<(), FilesError> {
        Err(FilesError::ReadOnly)
    }

    fn add_name(&mut self, _: NodeId, _: NodeId, _: &str) -> Result<(), FilesError> {
        Err(FilesError::ReadOnly)
    }

    fn unlink(&mut self, _: NodeId, _: &str) -> Result<Option<Unlinked>, FilesError> {
        Err(FilesError::ReadOnly)
    }

    fn remove_directory(&mut self, _: NodeId, _: &str) -> Result<(), FilesError> {
        Err(FilesError::ReadOnly)
    }

    fn rename(
        &mut self,
        _: (NodeId, &str),
        _: (NodeId, &str),
    ) -> Result<Option<Unlinked>, FilesError> {
        Err(FilesError::ReadOnly)
    }

    fn forget(&mut self, _: Unlinked) -> Result<(), FilesError> {
        Ok(())
    }

    fn write(&mut self, _: NodeId, _: u64, _: &[u8]) -> Result<usize, FilesError> {
        Err(FilesError::ReadOnly)
    }

    fn set_len(&mut self, _: NodeId, _: u64) -> Result<(), FilesError> {
        Err(FilesError::ReadOnly)
    }

    fn set_modified(&mut self, _: NodeId, _: Time) -> Result<(), FilesError> {
        Err(FilesError::ReadOnly)
    }

    fn set_mode(&mut self, _: NodeId, _: u16) -> Result<(), FilesError> {
        Err(FilesError::ReadOnly)
    }

    fn sync(&mut self) -> Result<(), FilesError> {
        Ok(())
    }
}
