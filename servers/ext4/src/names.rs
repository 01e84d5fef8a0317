//! Names in directories.

use crate::cursor;
use crate::mounted::{Mounted, kind, number};
use alloc::string::String;
use alloc::vec::Vec;
use files::{Entry, FilesError, Kind, NodeId};
use rsext4::{BlockIo, DirectoryEntry, DirectoryEntryType, FileName, RenameOptions};
use volume::Unlinked;

pub(crate) fn name(text: &str) -> Result<FileName<'_>, FilesError> {
    FileName::new(text.as_bytes()).map_err(|_| FilesError::BadName)
}

impl<D: BlockIo> Mounted<D> {
    pub(crate) fn list(
        &mut self,
        directory: NodeId,
        from: u64,
        most: usize,
    ) -> Result<Vec<Entry>, FilesError> {
        // `.` and `..` are among them.
        let read = self.ext4.read_directory(number(directory)?, cursor::cursor(from), most + 2);
        let mut read = self.done(read)?;
        let found_any = !read.is_empty();
        // The list goes on behind its last entry: that place must have a number.
        while let Some(last) = read.last()
            && cursor::number(last.next_cursor).is_none()
        {
            read.pop();
        }
        if found_any && read.is_empty() {
            return Err(FilesError::Unsupported);
        }
        let mut entries = Vec::new();
        for found in read {
            if found.name != b"." && found.name != b".." && entries.len() < most {
                entries.push(self.entry(found)?);
            }
        }
        Ok(entries)
    }

    fn entry(&mut self, found: DirectoryEntry) -> Result<Entry, FilesError> {
        let kind = match found.file_type {
            DirectoryEntryType::Unknown => {
                let info = self.ext4.inode(found.inode);
                kind(self.done(info)?.file_type())
            }
            known => kind(known),
        };
        let name = String::from_utf8_lossy(&found.name).into_owned();
        let next = cursor::number(found.next_cursor).unwrap_or(u64::MAX);
        Ok(Entry { name, kind, node: found.inode.as_u64(), next })
    }

    pub(crate) fn unlink(
        &mut self,
        directory: NodeId,
        text: &str,
    ) -> Result<Option<Unlinked>, FilesError> {
        let (directory, name) = (number(directory)?, name(text)?);
        let outcome = self.change(|ext4| ext4.unlink(directory, name))?;
        Ok(outcome.requires_reap().then(|| Unlinked(outcome.inode.as_u64())))
    }

    pub(crate) fn remove_directory(
        &mut self,
        directory: NodeId,
        text: &str,
    ) -> Result<(), FilesError> {
        let (directory, name) = (number(directory)?, name(text)?);
        let outcome = self.change(|ext4| ext4.remove_empty_directory(directory, name))?;
        if outcome.requires_reap() { self.forget(outcome.inode) } else { Ok(()) }
    }

    pub(crate) fn rename(
        &mut self,
        from: (NodeId, &str),
        to: (NodeId, &str),
    ) -> Result<Option<Unlinked>, FilesError> {
        let (old, new) = ((number(from.0)?, name(from.1)?), (number(to.0)?, name(to.1)?));
        let there = self.ext4.lookup_child(new.0, new.1);
        let is_directory = self.done(there)?.is_some_and(|there| there.is_directory());
        let outcome =
            self.change(|ext4| ext4.rename(old.0, old.1, new.0, new.1, RenameOptions::REPLACE))?;
        match outcome.replaced.filter(|replaced| replaced.requires_reap()) {
            Some(replaced) if is_directory => self.forget(replaced.inode).map(|()| None),
            replaced => Ok(replaced.map(|replaced| Unlinked(replaced.inode.as_u64()))),
        }
    }

    /// The kind of a node, for what only files have.
    pub(crate) fn must_be_file(&mut self, node: NodeId) -> Result<u64, FilesError> {
        let info = self.ext4.inode(number(node)?);
        let info = self.done(info)?;
        match kind(info.file_type()) {
            Kind::File => Ok(info.size),
            Kind::Directory => Err(FilesError::IsDirectory),
            Kind::Link | Kind::Other => Err(FilesError::Unsupported),
        }
    }
}
