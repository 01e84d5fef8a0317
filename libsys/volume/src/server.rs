//! The service of a volume over a file system.
//!
//! Longer than other files: it has one method, mostly of a few lines, for each call of two interfaces.

use crate::cache::Cache;
use crate::open::{OpenFile, OpenFiles};
use crate::walk::{Named, Place, walk};
use crate::{Access, FileSystem, Rights, Unlinked};
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use files::{
    Entry, FilesError, Handle, How, Kind, LIST_ENTRIES, LockKind, Metadata, NodeId, Opened,
    PATH_BYTES, PIECE_BYTES, Space, State, Ticket, Time, Volume, VolumeInfo,
};
use keep::KeepError;
use service::{Caller, Lent, LentMut, Session};
use sys::Memory;

/// The most nodes that are made between two commits: another life does not know them.
const FRESH: usize = 1024;

/// A volume: a file system, its clients' rights, and what they have open.
pub struct VolumeServer {
    pub(crate) fs: Box<dyn FileSystem>,
    access: Access,
    open: OpenFiles,
    cache: Option<Cache>,
    /// Whether there are changes that are not committed.
    dirty: bool,
    fresh: usize,
    /// What is read and written on its way.
    piece: Vec<u8>,
}

impl core::fmt::Debug for VolumeServer {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("VolumeServer").field("open", &self.open).finish_non_exhaustive()
    }
}

service::together!(VolumeServer: Volume, Handle);

/// The client's root directory and what it may do below it.
struct Seen {
    root: NodeId,
    rights: Rights,
    /// The directory below which alone it changes something.
    below: Option<NodeId>,
}

impl Seen {
    /// Whether a place is where it may change something. The place was walked to without links left,
    /// so the way to it is the directories that it is in.
    fn changes(&self, place: &Place) -> Result<(), FilesError> {
        match (self.below, place) {
            (None, _) => Ok(()),
            (Some(below), Place::Named(named)) if named.way.contains(&below) => Ok(()),
            (Some(_), _) => Err(FilesError::NotAllowed),
        }
    }
}

/// The directory that names lead to.
fn directory(
    fs: &mut dyn FileSystem,
    from: NodeId,
    names: &[String],
) -> Result<NodeId, FilesError> {
    names.iter().try_fold(from, |directory, name| {
        let found = fs.look_up(directory, name)?;
        if found.kind == Kind::Directory { Ok(found.node) } else { Err(FilesError::NotDirectory) }
    })
}

impl VolumeServer {
    /// Over a file system. What an earlier life had open is in `keep`.
    ///
    /// # Errors
    /// When the memory cannot be mapped.
    pub fn new(
        fs: impl FileSystem + 'static,
        access: Access,
        keep: Option<&Memory>,
    ) -> Result<Self, KeepError> {
        let (fs, open) = (Box::new(fs), OpenFiles::new(keep)?);
        let (cache, piece) = (None, Vec::new());
        Ok(Self { fs, access, open, cache, dirty: false, fresh: 0, piece })
    }

    /// With up to this number of pages of files that were read, for a file system on a disk.
    #[must_use]
    pub fn with_cache(self, pages: usize) -> Self {
        Self { cache: Some(Cache::new(pages)), ..self }
    }

    /// Whether there are changes that are not committed.
    #[must_use]
    pub fn is_dirty(&self) -> bool {
        self.dirty
    }

    /// Commits all changes.
    ///
    /// # Errors
    /// What the file system says.
    pub fn commit(&mut self) -> Result<(), FilesError> {
        let done = self.fs.sync();
        self.committed(done)
    }

    /// Commits all changes, and leaves the volume as one that is not in use.
    ///
    /// # Errors
    /// What the file system says.
    pub fn rest(&mut self) -> Result<(), FilesError> {
        let done = self.fs.rest();
        self.committed(done)
    }

    fn committed(&mut self, done: Result<(), FilesError>) -> Result<(), FilesError> {
        done?;
        self.dirty = false;
        self.fresh = 0;
        self.open.committed();
        Ok(())
    }

    fn seen(&mut self, caller: &Caller) -> Result<Seen, FilesError> {
        let grant = self.access.of(caller.badge()).ok_or(FilesError::NotAllowed)?;
        let root = self.fs.root()?;
        let root = directory(&mut *self.fs, root, &grant.subtree)?;
        let (mut rights, mut below) = (grant.rights, None);
        if !grant.below.is_empty() {
            // While it is not there, there is nothing to change.
            match directory(&mut *self.fs, root, &grant.below) {
                Ok(directory) => below = Some(directory),
                Err(FilesError::NotFound | FilesError::NotDirectory) => rights = Rights::Read,
                Err(error) => return Err(error),
            }
        }
        Ok(Seen { root, rights, below })
    }

    fn may_write(&mut self, rights: Rights) -> Result<(), FilesError> {
        if rights != Rights::Write {
            return Err(FilesError::NotAllowed);
        }
        match self.fs.info().state {
            State::Writable => Ok(()),
            State::ReadOnly { .. } => Err(FilesError::ReadOnly),
            State::Unusable { why } => Err(FilesError::Unusable { why }),
        }
    }

    fn walk(&mut self, caller: &Caller, path: &str, follow: bool) -> Result<Place, FilesError> {
        let root = self.seen(caller)?.root;
        walk(&mut *self.fs, root, path, follow)
    }

    /// The same for a change.
    fn walk_to_change(
        &mut self,
        caller: &Caller,
        path: &str,
        follow: bool,
    ) -> Result<Place, FilesError> {
        let seen = self.seen(caller)?;
        self.may_write(seen.rights)?;
        let place = walk(&mut *self.fs, seen.root, path, follow)?;
        seen.changes(&place).map(|()| place)
    }

    /// A name that is not there yet.
    fn new_name(&mut self, caller: &Caller, path: &str) -> Result<Named, FilesError> {
        match self.walk_to_change(caller, path, false)? {
            Place::Passed(_) => Err(FilesError::Exists),
            Place::Named(named) if named.found.is_some() => Err(FilesError::Exists),
            Place::Named(named) => Ok(named),
        }
    }

    /// A name and what has it, which is removed or renamed.
    fn old_name(&mut self, caller: &Caller, path: &str) -> Result<(Named, Metadata), FilesError> {
        let named = self.walk_to_change(caller, path, false)?.named()?;
        let found = named.found.ok_or(FilesError::NotFound)?;
        Ok((named, found))
    }

    /// Notes the change that was made.
    fn changed<T>(&mut self, value: T) -> Result<T, FilesError> {
        self.dirty = true;
        Ok(value)
    }

    /// A name is about to be removed.
    fn unlinking(&mut self, found: &Metadata) {
        match found.kind {
            Kind::Directory => {}
            _ if found.links <= 1 => self.open.unlinking(found.node),
            _ => self.open.renamed(found.node),
        }
    }

    fn unlinked(&mut self, node: Option<Unlinked>) -> Result<(), FilesError> {
        self.dirty = true;
        let Some(node) = node else { return Ok(()) };
        if !self.open.is_open(node.0) {
            self.forget_pages(node.0);
        }
        self.open.unlinked(&mut *self.fs, node)
    }

    /// The file to open; it is made if it is not there and may be.
    fn file_to_open(
        &mut self,
        caller: &Caller,
        path: &str,
        how: How,
    ) -> Result<Metadata, FilesError> {
        let follow = !(how.create && how.new);
        let place = match how.write || how.create || how.truncate {
            true => self.walk_to_change(caller, path, follow)?,
            false => self.walk(caller, path, follow)?,
        };
        let named = match place {
            Place::Passed(_) => return Err(FilesError::IsDirectory),
            Place::Named(named) => named,
        };
        match named.found {
            Some(_) if how.create && how.new => Err(FilesError::Exists),
            Some(found) => match found.kind {
                Kind::File => Ok(found),
                Kind::Directory => Err(FilesError::IsDirectory),
                Kind::Link | Kind::Other => Err(FilesError::Unsupported),
            },
            None if how.create => self.make(&named),
            None => Err(FilesError::NotFound),
        }
    }

    fn make(&mut self, named: &Named) -> Result<Metadata, FilesError> {
        if self.fresh >= FRESH {
            self.commit()?;
        }
        let made = self.fs.create(named.directory, &named.name)?;
        self.open.made(made.node);
        self.fresh += 1;
        self.changed(made)
    }

    /// The session's file.
    fn file(&self, caller: &Caller) -> Result<OpenFile, FilesError> {
        self.open.find(session(caller)?)
    }

    fn file_to_write(&self, caller: &Caller) -> Result<OpenFile, FilesError> {
        let file = self.file(caller)?;
        if file.write { Ok(file) } else { Err(FilesError::ReadOnly) }
    }

    /// Copies what is lent, and writes it.
    fn write_lent(
        &mut self,
        node: NodeId,
        offset: u64,
        from: Lent<'_>,
    ) -> Result<usize, FilesError> {
        let len = from.len().min(PIECE_BYTES);
        self.piece.resize(len.max(self.piece.len()), 0);
        let piece = self.piece.get_mut(..len).unwrap_or_default();
        from.read(0, piece).map_err(|_| FilesError::Unsupported)?;
        offset.checked_add(len as u64).ok_or(FilesError::TooBig)?;
        let done = self.fs.write(node, offset, piece);
        self.dirty = true;
        if let Some(cache) = &mut self.cache {
            match &done {
                Ok(written) => {
                    cache.written(node, offset, piece.get(..*written).unwrap_or_default())
                }
                Err(_) => cache.forget(node),
            }
        }
        done
    }

    fn set_len_of(&mut self, node: NodeId, len: u64) -> Result<(), FilesError> {
        self.forget_pages(node);
        self.fs.set_len(node, len)?;
        self.changed(())
    }

    fn forget_pages(&mut self, node: NodeId) {
        if let Some(cache) = &mut self.cache {
            cache.forget(node);
        }
    }
}

/// Methods of sessions are called in one.
fn session(caller: &Caller) -> Result<Session, FilesError> {
    caller.session().ok_or(FilesError::Stale)
}

impl Volume for VolumeServer {
    fn info(&mut self, _: &Caller) -> Result<VolumeInfo, FilesError> {
        Ok(self.fs.info())
    }

    fn space(&mut self, _: &Caller) -> Result<Space, FilesError> {
        self.fs.space()
    }

    fn open(
        &mut self,
        caller: &Caller,
        session: Session,
        path: String,
        how: How,
    ) -> Result<Opened, FilesError> {
        self.open.has_room(caller.badge())?;
        let mut metadata = self.file_to_open(caller, &path, how)?;
        if how.truncate && how.write && metadata.len > 0 {
            self.set_len_of(metadata.node, 0)?;
            metadata = self.fs.metadata(metadata.node)?;
        }
        let ticket = self.open.add(session, caller.badge(), metadata.node, how.write);
        Ok(Opened { ticket, metadata })
    }

    fn reopen(
        &mut self,
        caller: &Caller,
        session: Session,
        ticket: Ticket,
    ) -> Result<Opened, FilesError> {
        self.open.has_room(caller.badge())?;
        // Looked at before the ticket is taken: a volume that is not there now may come.
        self.fs.root()?;
        let node = self.open.claim(session, caller.badge(), ticket)?;
        match self.fs.metadata(node) {
            Ok(metadata) if metadata.kind == Kind::File && metadata.links > 0 => {
                Ok(Opened { ticket, metadata })
            }
            Ok(_) | Err(FilesError::NotFound) => {
                self.open.close(session);
                Err(FilesError::Stale)
            }
            Err(error) => {
                self.open.close(session);
                Err(error)
            }
        }
    }

    fn metadata(
        &mut self,
        caller: &Caller,
        path: String,
        follow: bool,
    ) -> Result<Metadata, FilesError> {
        self.walk(caller, &path, follow)?.found()
    }

    fn read_link(&mut self, caller: &Caller, path: String) -> Result<String, FilesError> {
        let found = self.walk(caller, &path, false)?.found()?;
        match found.kind {
            Kind::Link => self.fs.read_link(found.node),
            _ => Err(FilesError::Unsupported),
        }
    }

    fn list(&mut self, caller: &Caller, path: String, from: u64) -> Result<Vec<Entry>, FilesError> {
        let found = self.walk(caller, &path, true)?.found()?;
        match found.kind {
            Kind::Directory => self.fs.list(found.node, from, LIST_ENTRIES as usize),
            _ => Err(FilesError::NotDirectory),
        }
    }

    fn make_directory(&mut self, caller: &Caller, path: String) -> Result<(), FilesError> {
        let new = self.new_name(caller, &path)?;
        self.fs.make_directory(new.directory, &new.name)?;
        self.changed(())
    }

    fn make_link(
        &mut self,
        caller: &Caller,
        path: String,
        target: String,
    ) -> Result<(), FilesError> {
        match target.as_str() {
            "" => return Err(FilesError::BadName),
            long if long.len() > PATH_BYTES => return Err(FilesError::TooLong),
            bad if bad.contains('\0') => return Err(FilesError::BadName),
            _ => {}
        }
        let new = self.new_name(caller, &path)?;
        self.fs.make_link(new.directory, &new.name, &target)?;
        self.changed(())
    }

    fn add_name(
        &mut self,
        caller: &Caller,
        existing: String,
        path: String,
    ) -> Result<(), FilesError> {
        // What has two names can be changed by both.
        let found = self.walk_to_change(caller, &existing, false)?.found()?;
        if found.kind == Kind::Directory {
            return Err(FilesError::IsDirectory);
        }
        let new = self.new_name(caller, &path)?;
        self.fs.add_name(found.node, new.directory, &new.name)?;
        self.changed(())
    }

    fn remove(&mut self, caller: &Caller, path: String) -> Result<(), FilesError> {
        let (old, found) = self.old_name(caller, &path)?;
        if found.kind == Kind::Directory {
            return Err(FilesError::IsDirectory);
        }
        self.unlinking(&found);
        let node = self.fs.unlink(old.directory, &old.name)?;
        self.unlinked(node)
    }

    fn remove_directory(&mut self, caller: &Caller, path: String) -> Result<(), FilesError> {
        let (old, found) = self.old_name(caller, &path)?;
        if found.kind != Kind::Directory {
            return Err(FilesError::NotDirectory);
        }
        self.fs.remove_directory(old.directory, &old.name)?;
        self.changed(())
    }

    fn rename(&mut self, caller: &Caller, from: String, to: String) -> Result<(), FilesError> {
        let (old, found) = self.old_name(caller, &from)?;
        let new = self.walk_to_change(caller, &to, false)?.named()?;
        if new.way.contains(&found.node) {
            return Err(FilesError::Busy);
        }
        if let Some(there) = &new.found {
            match (found.kind == Kind::Directory, there.kind == Kind::Directory) {
                _ if there.node == found.node => return Ok(()),
                (true, false) => return Err(FilesError::NotDirectory),
                (false, true) => return Err(FilesError::IsDirectory),
                (true, true) | (false, false) => self.unlinking(there),
            }
        }
        let (old, new) = ((old.directory, old.name.as_str()), (new.directory, new.name.as_str()));
        let node = self.fs.rename(old, new)?;
        self.open.renamed(found.node);
        self.unlinked(node)
    }

    fn set_modified(
        &mut self,
        caller: &Caller,
        path: String,
        time: Time,
    ) -> Result<(), FilesError> {
        let node = self.walk_to_change(caller, &path, true)?.found()?.node;
        self.fs.set_modified(node, time)?;
        self.changed(())
    }

    fn set_mode(&mut self, caller: &Caller, path: String, mode: u16) -> Result<(), FilesError> {
        let node = self.walk_to_change(caller, &path, true)?.found()?.node;
        self.fs.set_mode(node, mode & 0o7777)?;
        self.changed(())
    }

    fn sync(&mut self, caller: &Caller) -> Result<(), FilesError> {
        self.seen(caller)?;
        self.rest()
    }
}

impl Handle for VolumeServer {
    fn read(
        &mut self,
        caller: &Caller,
        offset: u64,
        mut into: LentMut<'_>,
    ) -> Result<u32, FilesError> {
        let node = self.file(caller)?.node;
        let len = into.len().min(PIECE_BYTES);
        let mut done = 0;
        let mut put = |bytes: &[u8]| {
            into.write(done, bytes).map_err(|_| FilesError::Unsupported)?;
            done += bytes.len();
            Ok(())
        };
        match &mut self.cache {
            Some(cache) => cache.read(&mut *self.fs, node, offset, len, &mut put)?,
            None => {
                self.piece.resize(len.max(self.piece.len()), 0);
                let piece = self.piece.get_mut(..len).unwrap_or_default();
                let read = self.fs.read(node, offset, piece)?;
                put(piece.get(..read).unwrap_or(piece))?;
            }
        }
        Ok(u32::try_from(done).unwrap_or(u32::MAX))
    }

    fn write(&mut self, caller: &Caller, offset: u64, from: Lent<'_>) -> Result<u32, FilesError> {
        let node = self.file_to_write(caller)?.node;
        let written = self.write_lent(node, offset, from)?;
        Ok(u32::try_from(written).unwrap_or(u32::MAX))
    }

    fn append(&mut self, caller: &Caller, from: Lent<'_>) -> Result<u64, FilesError> {
        let node = self.file_to_write(caller)?.node;
        let end = self.fs.metadata(node)?.len;
        if self.write_lent(node, end, from)? < from.len() {
            // All or nothing: a part of a record is of no use.
            self.set_len_of(node, end)?;
            return Err(FilesError::Full);
        }
        Ok(end)
    }

    fn metadata(&mut self, caller: &Caller) -> Result<Metadata, FilesError> {
        let node = self.file(caller)?.node;
        self.fs.metadata(node)
    }

    fn set_len(&mut self, caller: &Caller, len: u64) -> Result<(), FilesError> {
        let node = self.file_to_write(caller)?.node;
        self.set_len_of(node, len)
    }

    fn sync(&mut self, caller: &Caller) -> Result<(), FilesError> {
        self.file(caller)?;
        self.commit()
    }

    fn lock(&mut self, caller: &Caller, kind: LockKind) -> Result<(), FilesError> {
        let session = session(caller)?;
        self.open.lock(session, kind)
    }

    fn closed(&mut self, session: Session) {
        if let Some(node) = self.open.close(session) {
            self.dirty = true;
            self.forget_pages(node.0);
            // A device that fails keeps it: the next mount frees it.
            let _ = self.fs.forget(node);
        }
    }
}
