//! User memory: an allegation until checked.
//!
//! The kernel never dereferences a user address. It translates page by page through the
//! program's own table and works on physical memory, so a wrong address is an error code
//! and never a fault in the kernel.

use super::Memory;
use crate::machine::{Access, Machine, Phys};
use crate::number;
use crate::object::{ProcessId, ThreadId};
use abi::{Error, PAGE_SIZE, USER_END};
use core::marker::PhantomData;

/// Marks a slice that the kernel may read.
#[derive(Debug)]
pub enum Readable {}
/// Marks a slice that the kernel may write.
#[derive(Debug)]
pub enum Writable {}

/// The kind of access to a slice.
pub trait AccessMark {
    /// The access to check for.
    const ACCESS: Access;
}
impl AccessMark for Readable {
    const ACCESS: Access = Access::Read;
}
impl AccessMark for Writable {
    const ACCESS: Access = Access::Write;
}

/// Bytes that a user program says are its own.
#[derive(Debug)]
pub struct UserSlice<A> {
    address: u64,
    len: usize,
    access: PhantomData<A>,
}

impl<A> Clone for UserSlice<A> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<A> Copy for UserSlice<A> {}

impl<A: AccessMark> UserSlice<A> {
    /// An allegation whose range at least lies in user space.
    ///
    /// # Errors
    /// `BadAddress` when it does not.
    pub fn new(address: u64, len: u64) -> Result<Self, Error> {
        match address.checked_add(len) {
            Some(end) if end <= USER_END => {
                Ok(Self { address, len: number::size(len), access: PhantomData })
            }
            _ => Err(Error::BadAddress),
        }
    }

    /// Its length in bytes.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether it has no bytes.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    fn in_one_page(&self) -> bool {
        self.len <= room_in_page(self.address)
    }

    /// Makes sure that every byte may be accessed so, in this table.
    #[inline(always)]
    pub(crate) fn check<M: Machine>(self, machine: &M, table: &M::PageTable) -> Option<Checked<A>> {
        if self.is_empty() {
            return Some(Checked { slice: self, first: Phys::ZERO });
        }
        let first = machine.translate(table, self.address, A::ACCESS)?;
        if !self.in_one_page() {
            self.check_later_pages(machine, table)?;
        }
        Some(Checked { slice: self, first })
    }

    #[inline(never)]
    fn check_later_pages<M: Machine>(self, machine: &M, table: &M::PageTable) -> Option<()> {
        let mut later = self.pieces().skip(1);
        later.try_for_each(|(at, _)| machine.translate(table, at, A::ACCESS).map(drop))
    }

    /// Its consecutive parts of at most `most` bytes.
    pub fn parts(self, most: usize) -> impl Iterator<Item = Self> {
        (0..self.len).step_by(most.max(1)).map(move |done| Self {
            address: self.address + done as u64,
            len: most.min(self.len - done),
            access: PhantomData,
        })
    }

    /// Its pieces within single pages, as (address, length).
    fn pieces(self) -> impl Iterator<Item = (u64, usize)> {
        let mut at = self.address;
        let mut left = self.len;
        core::iter::from_fn(move || {
            let piece = left.min(room_in_page(at));
            (piece > 0).then(|| {
                let found = (at, piece);
                at += piece as u64;
                left -= piece;
                found
            })
        })
    }
}

/// A slice that was checked, and where its first byte lies: what is done with it at once needs
/// to look only for its later pages again.
pub(crate) struct Checked<A> {
    slice: UserSlice<A>,
    first: Phys,
}

impl<A> Clone for Checked<A> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<A> Copy for Checked<A> {}

impl<A> Checked<A> {
    /// Its length in bytes.
    pub(crate) fn len(&self) -> usize {
        self.slice.len
    }

    fn cursor(self, process: ProcessId) -> Cursor {
        Cursor { process, address: self.slice.address, place: Some(self.first) }
    }
}

/// A place in a program's memory that moves on.
struct Cursor {
    process: ProcessId,
    address: u64,
    /// Where that is; not known at the begin of a page.
    place: Option<Phys>,
}

impl Cursor {
    fn advance(&mut self, at: Phys, len: usize) {
        self.address += len as u64;
        let in_page = !self.address.is_multiple_of(PAGE_SIZE);
        self.place = in_page.then_some(at.plus(len as u64));
    }
}

pub(crate) fn room_in_page(address: u64) -> usize {
    number::size(PAGE_SIZE - address % PAGE_SIZE)
}

impl<M: Machine> Memory<'_, M> {
    pub(crate) fn place(
        &self,
        process: ProcessId,
        address: u64,
        access: Access,
    ) -> Result<Phys, Error> {
        let table =
            self.objects.processes[process].space.table.as_ref().ok_or(Error::BadAddress)?;
        self.machine.translate(table, address, access).ok_or(Error::BadAddress)
    }

    /// Makes sure that every byte of the slice may be accessed so.
    pub(crate) fn check_user<A: AccessMark>(
        &self,
        process: ProcessId,
        slice: UserSlice<A>,
    ) -> Result<Checked<A>, Error> {
        let table =
            self.objects.processes[process].space.table.as_ref().ok_or(Error::BadAddress)?;
        slice.check(self.machine, table).ok_or(Error::BadAddress)
    }

    fn place_of(&self, cursor: &Cursor, access: Access) -> Result<Phys, Error> {
        match cursor.place {
            Some(place) => Ok(place),
            None => self.place(cursor.process, cursor.address, access),
        }
    }

    /// Reads a whole slice; `into` has its length.
    pub(crate) fn read_user(
        &self,
        process: ProcessId,
        slice: UserSlice<Readable>,
        into: &mut [u8],
    ) -> Result<(), Error> {
        let mut done = 0;
        for (at, len) in slice.pieces() {
            let from = self.place(process, at, Access::Read)?;
            let piece = into.get_mut(done..done + len).ok_or(Error::BadArgument)?;
            self.machine.read(from, piece);
            done += len;
        }
        Ok(())
    }

    /// Writes a whole slice; `bytes` has its length. All or nothing.
    pub(crate) fn write_user(
        &mut self,
        process: ProcessId,
        slice: UserSlice<Writable>,
        bytes: &[u8],
    ) -> Result<(), Error> {
        let checked = self.check_user(process, slice)?;
        self.write_checked(process, checked, bytes)
    }

    /// Reads a record in the caller's own memory.
    pub(crate) fn read_record(
        &self,
        me: ThreadId,
        address: u64,
        record: &mut [u8],
    ) -> Result<(), Error> {
        let slice = UserSlice::new(address, record.len() as u64)?;
        self.read_user(self.objects.threads[me].process, slice, record)
    }

    /// Writes a record into the caller's own memory, all or nothing.
    pub(crate) fn write_record(
        &mut self,
        me: ThreadId,
        address: u64,
        record: &[u8],
    ) -> Result<(), Error> {
        let slice = UserSlice::new(address, record.len() as u64)?;
        self.write_user(self.objects.threads[me].process, slice, record)
    }

    /// Writes a checked slice; `bytes` has its length.
    pub(crate) fn write_checked(
        &mut self,
        process: ProcessId,
        checked: Checked<Writable>,
        bytes: &[u8],
    ) -> Result<(), Error> {
        let mut cursor = checked.cursor(process);
        let mut done = 0;
        for (_, len) in checked.slice.pieces() {
            let to = self.place_of(&cursor, Access::Write)?;
            let piece = bytes.get(done..done + len).ok_or(Error::BadArgument)?;
            self.machine.write(to, piece);
            cursor.advance(to, len);
            done += len;
        }
        Ok(())
    }

    /// Copies from one program's memory to another's; the target is at least as long as the
    /// source.
    #[inline(always)]
    pub(crate) fn copy_user(
        &mut self,
        from: (ProcessId, Checked<Readable>),
        to: (ProcessId, Checked<Writable>),
    ) -> Result<(), Error> {
        let (read, write) = (&from.1, &to.1);
        if read.slice.in_one_page() && write.slice.in_one_page() {
            self.machine.copy(read.first, write.first, read.slice.len);
            return Ok(());
        }
        self.copy_pages(from, to)
    }

    #[inline(never)]
    fn copy_pages(
        &mut self,
        from: (ProcessId, Checked<Readable>),
        to: (ProcessId, Checked<Writable>),
    ) -> Result<(), Error> {
        let mut left = from.1.len();
        let (mut source, mut target) = (from.1.cursor(from.0), to.1.cursor(to.0));
        while left > 0 {
            let room = room_in_page(source.address).min(room_in_page(target.address));
            let len = left.min(room);
            let read = self.place_of(&source, Access::Read)?;
            let write = self.place_of(&target, Access::Write)?;
            self.machine.copy(read, write, len);
            source.advance(read, len);
            target.advance(write, len);
            left -= len;
        }
        Ok(())
    }
}
