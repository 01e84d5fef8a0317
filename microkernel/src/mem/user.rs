//! User memory: an allegation until checked.
//!
//! The kernel never dereferences a user address. It translates page by page through the
//! program's own table and works on physical memory, so a wrong address is an error code
//! and never a fault in the kernel.

use crate::kernel::Kernel;
use crate::machine::{Access, Machine, Phys};
use crate::number;
use crate::object::ProcessId;
use abi::{Error, PAGE_SIZE, USER_END};
use core::marker::PhantomData;

/// Marks a slice that the kernel may read.
#[derive(Debug)]
pub enum Readable {}
/// Marks a slice that the kernel may write.
#[derive(Debug)]
pub enum Writable {}

/// How a slice is to be accessed.
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

    /// Its consecutive parts of at most so many bytes.
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

pub(crate) fn room_in_page(address: u64) -> usize {
    number::size(PAGE_SIZE - address % PAGE_SIZE)
}

impl<M: Machine> Kernel<M> {
    pub(crate) fn place(
        &self,
        process: ProcessId,
        address: u64,
        access: Access,
    ) -> Result<Phys, Error> {
        let table = self.processes[process].table.as_ref().ok_or(Error::BadAddress)?;
        self.machine.translate(table, address, access).ok_or(Error::BadAddress)
    }

    /// Whether every byte of the slice may be accessed so.
    pub(crate) fn check_user<A: AccessMark>(
        &self,
        process: ProcessId,
        slice: UserSlice<A>,
    ) -> Result<(), Error> {
        slice.pieces().try_for_each(|(at, _)| self.place(process, at, A::ACCESS).map(drop))
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
        self.check_user(process, slice)?;
        let mut done = 0;
        for (at, len) in slice.pieces() {
            let to = self.place(process, at, Access::Write)?;
            let piece = bytes.get(done..done + len).ok_or(Error::BadArgument)?;
            self.machine.write(to, piece);
            done += len;
        }
        Ok(())
    }

    /// Copies from one program's memory to another's. Both were checked; the target is at
    /// least as long as the source.
    pub(crate) fn copy_user(
        &mut self,
        from: (ProcessId, UserSlice<Readable>),
        to: (ProcessId, UserSlice<Writable>),
    ) -> Result<(), Error> {
        let (mut source, mut target) = (from.1.address, to.1.address);
        let mut left = from.1.len;
        while left > 0 {
            let len = left.min(room_in_page(source)).min(room_in_page(target));
            let read = self.place(from.0, source, Access::Read)?;
            let write = self.place(to.0, target, Access::Write)?;
            self.machine.copy(read, write, len);
            source += len as u64;
            target += len as u64;
            left -= len;
        }
        Ok(())
    }
}
