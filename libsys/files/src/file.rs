//! An open file, over deaths of its server.

use crate::interface::HandleClient;
use crate::namespace::Mounted;
use crate::{Cause, Error, FilesError, How, LockKind, Metadata, Opened, PIECE_BYTES, Ticket};
use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use service::{CallError, LendBytes, LendBytesMut};
use sys::Buffer;

/// How often a call is made again with a file that was opened again.
const TRIES: u32 = 20;
/// The pause before the second such attempt; it doubles up to the longest.
const PAUSE_NS: u64 = 1_000_000;
const PAUSE_MOST_NS: u64 = 200_000_000;

/// An open file.
#[derive(Debug)]
pub struct File {
    mounted: Rc<Mounted>,
    path: String,
    /// The path within the volume, and how it was opened.
    opened_as: (String, How),
    handle: HandleClient,
    ticket: Ticket,
    metadata: Metadata,
    changed: Changed,
    reopened: u32,
}

/// What was changed since the last sync.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Changed {
    /// Nothing.
    No,
    /// Something, in the present life of the server.
    Yes,
    /// Something, in an earlier life: it may be lost.
    Before,
}

impl File {
    pub(crate) fn open(
        mounted: Rc<Mounted>,
        path: &str,
        rest: &str,
        how: How,
    ) -> Result<Self, Error> {
        let client = mounted.client(path)?;
        let (handle, opened) =
            client.open(rest, how).map_err(|error| Error::of_call(path, error))?;
        let Opened { ticket, metadata } = opened;
        Ok(Self {
            mounted,
            path: path.into(),
            opened_as: (rest.into(), how),
            handle,
            ticket,
            metadata,
            changed: Changed::No,
            reopened: 0,
        })
    }

    /// Its path, as it was opened.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// All about it when it was opened.
    #[must_use]
    pub fn opened(&self) -> &Metadata {
        &self.metadata
    }

    /// How often it was opened again because its server was restarted.
    #[must_use]
    pub fn reopened(&self) -> u32 {
        self.reopened
    }

    /// All about it now.
    ///
    /// # Errors
    /// [`Error`].
    pub fn metadata(&mut self) -> Result<Metadata, Error> {
        self.call(|handle| handle.metadata())
    }

    /// Reads at an offset, until `into` is full or the file ends: the number of bytes.
    ///
    /// # Errors
    /// [`Error`].
    pub fn read_at(&mut self, offset: u64, into: &mut [u8]) -> Result<usize, Error> {
        let mut done = 0;
        for piece in into.chunks_mut(PIECE_BYTES) {
            let wanted = piece.len();
            let read = self.read_piece(offset.saturating_add(done as u64), piece)?;
            done += read;
            if read < wanted {
                break;
            }
        }
        Ok(done)
    }

    /// The same into the pages of a buffer, without a copy: at most [`PIECE_BYTES`].
    ///
    /// # Errors
    /// [`Error`].
    pub fn read_buffer(&mut self, offset: u64, into: &mut Buffer) -> Result<usize, Error> {
        self.read_piece(offset, into)
    }

    fn read_piece(
        &mut self,
        offset: u64,
        into: &mut (impl LendBytesMut + ?Sized),
    ) -> Result<usize, Error> {
        let most = into.bytes().len();
        let read = self.call(|handle| handle.read(offset, into))?;
        Ok(usize::try_from(read).unwrap_or(most).min(most))
    }

    /// All of the file from an offset on.
    ///
    /// # Errors
    /// [`Error`].
    pub fn read_rest(&mut self, offset: u64) -> Result<Vec<u8>, Error> {
        let mut all = Vec::new();
        let mut piece = alloc::vec![0; PIECE_BYTES / 8];
        loop {
            let read = self.read_at(offset.saturating_add(all.len() as u64), &mut piece)?;
            all.extend_from_slice(piece.get(..read).unwrap_or(&[]));
            if read < piece.len() {
                return Ok(all);
            }
        }
    }

    /// Writes all bytes at an offset.
    ///
    /// # Errors
    /// [`Error`]; a part may have been written.
    pub fn write_at(&mut self, offset: u64, from: &[u8]) -> Result<(), Error> {
        let mut done = 0_usize;
        while let Some(rest) = from.get(done..).filter(|rest| !rest.is_empty()) {
            let piece = rest.get(..PIECE_BYTES).unwrap_or(rest);
            let written = self.write_piece(offset.saturating_add(done as u64), piece)?;
            if written == 0 {
                return Err(Error::new(&self.path, Cause::Short));
            }
            done += written;
        }
        Ok(())
    }

    /// The same out of the pages of a buffer, without a copy: at most [`PIECE_BYTES`].
    ///
    /// # Errors
    /// [`Error`].
    pub fn write_buffer(&mut self, offset: u64, from: &Buffer) -> Result<usize, Error> {
        self.write_piece(offset, from)
    }

    fn write_piece(
        &mut self,
        offset: u64,
        from: &(impl LendBytes + ?Sized),
    ) -> Result<usize, Error> {
        let most = from.bytes().len();
        let written = self.change(|handle| handle.write(offset, from))?;
        Ok(usize::try_from(written).unwrap_or(most).min(most))
    }

    /// Writes all bytes behind the end of the file: the offset of the first.
    ///
    /// # Errors
    /// [`Error`]; when [`Error::is_uncertain`], they may be there.
    pub fn append(&mut self, from: &[u8]) -> Result<u64, Error> {
        let mut first = None;
        for piece in from.chunks(PIECE_BYTES) {
            let at = self.change(|handle| handle.append(piece))?;
            first.get_or_insert(at);
        }
        match first {
            Some(first) => Ok(first),
            None => Ok(self.metadata()?.len),
        }
    }

    /// Cuts the file, or lengthens it by zeros.
    ///
    /// # Errors
    /// [`Error`].
    pub fn set_len(&mut self, len: u64) -> Result<(), Error> {
        self.change(|handle| handle.set_len(len))
    }

    /// Makes its content, length and name last.
    ///
    /// # Errors
    /// [`Error`]; [`Cause::WritesLost`] when the server was restarted since something was written
    /// that was not synced. A file that this one made is there, perhaps empty. It is told once: a caller that still knows what it wrote writes it again.
    pub fn sync(&mut self) -> Result<(), Error> {
        self.call(|handle| handle.sync())?;
        match core::mem::replace(&mut self.changed, Changed::No) {
            Changed::Before => Err(Error::new(&self.path, Cause::WritesLost)),
            Changed::No | Changed::Yes => Ok(()),
        }
    }

    /// Takes, changes or gives back an advisory lock of the whole file.
    ///
    /// # Errors
    /// [`FilesError::Locked`] while another session has one that does not go with it.
    pub fn lock(&mut self, kind: LockKind) -> Result<(), Error> {
        self.call(|handle| handle.lock(kind))
    }

    /// The same for a call that changes the file.
    fn change<T>(
        &mut self,
        work: impl FnMut(&HandleClient) -> Result<T, CallError<FilesError>>,
    ) -> Result<T, Error> {
        let done = self.call(work);
        // A call that failed may have changed something too.
        if self.changed == Changed::No {
            self.changed = Changed::Yes;
        }
        done
    }

    /// Calls; where the server does not know the session, it was restarted: the file is opened
    /// again, and the call was not carried out.
    fn call<T>(
        &mut self,
        mut work: impl FnMut(&HandleClient) -> Result<T, CallError<FilesError>>,
    ) -> Result<T, Error> {
        let mut pause = PAUSE_NS;
        for _ in 0..TRIES {
            match work(&self.handle) {
                Err(CallError::Refused | CallError::Dead) => {}
                result => return result.map_err(|error| Error::of_call(&self.path, error)),
            }
            if let Err(error) = self.reopen() {
                if error.files().is_some() {
                    return Err(error);
                }
                sys::sleep_for(pause);
                pause = (pause * 2).min(PAUSE_MOST_NS);
            }
        }
        Err(Error::new(&self.path, Cause::Call(CallError::Dead)))
    }

    fn reopen(&mut self) -> Result<(), Error> {
        let client = self.mounted.client(&self.path)?;
        let mut reopened = client.reopen(self.ticket);
        let (path, how) = &self.opened_as;
        if how.create && matches!(reopened, Err(CallError::Service(FilesError::NotSynced))) {
            // This client made it, and is told by `sync` what it has to write again.
            reopened = client.open(path, How { new: false, truncate: false, ..*how });
        }
        let (handle, opened) = reopened.map_err(|error| {
            self.mounted.forget();
            Error::of_call(&self.path, error)
        })?;
        self.handle = handle;
        self.ticket = opened.ticket;
        self.reopened = self.reopened.saturating_add(1);
        if self.changed == Changed::Yes {
            self.changed = Changed::Before;
        }
        Ok(())
    }
}
