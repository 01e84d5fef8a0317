//! Bytes that are lent for a call: the server's side.
//!
//! **Trust.** None. The client's other threads may write the bytes while they are read here, so
//! they are copied before they are looked at, and what was read twice may differ. Their number
//! is fixed, and a client that dies or takes them back early leaves blank bytes, never a fault.

use crate::{Lending, Refusal};
use alloc::vec;
use alloc::vec::Vec;
use sys::{Error, Mapping, Memory, PAGE_SIZE, Protection, Shared};

/// Bytes that a client lends for reading. It cannot be kept: the loan ends with the call.
#[derive(Clone, Copy, Debug)]
pub struct Lent<'call>(Window<'call>);

#[derive(Clone, Copy, Debug)]
enum Window<'call> {
    Inline(&'call [u8]),
    Mapped(Shared<'call>, usize),
}

impl Lent<'_> {
    /// The number of bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        match self.0 {
            Window::Inline(bytes) => bytes.len(),
            Window::Mapped(_, len) => len,
        }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Copies bytes out.
    ///
    /// # Errors
    /// [`Error::BadAddress`] when they are not all there.
    pub fn read(&self, offset: usize, into: &mut [u8]) -> Result<(), Error> {
        inside(self.len(), offset, into.len())?;
        match self.0 {
            Window::Inline(bytes) => {
                into.copy_from_slice(&bytes[offset..offset + into.len()]);
                Ok(())
            }
            Window::Mapped(shared, _) => shared.read(offset, into),
        }
    }

    /// All of them, copied.
    #[must_use]
    pub fn to_vec(&self) -> Vec<u8> {
        let mut copy = vec![0; self.len()];
        // They are all there: the length is theirs.
        let _ = self.read(0, &mut copy);
        copy
    }
}

/// Bytes that a client lends for reading and writing. It cannot be kept.
#[derive(Debug)]
pub struct LentMut<'call>(WindowMut<'call>);

#[derive(Debug)]
enum WindowMut<'call> {
    Inline(&'call mut [u8]),
    Mapped(Shared<'call>, usize),
}

impl LentMut<'_> {
    /// The same for reading.
    #[must_use]
    pub fn as_lent(&self) -> Lent<'_> {
        Lent(match &self.0 {
            WindowMut::Inline(bytes) => Window::Inline(bytes),
            WindowMut::Mapped(shared, len) => Window::Mapped(*shared, *len),
        })
    }

    /// The number of bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.as_lent().len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Copies bytes out.
    ///
    /// # Errors
    /// As for [`Lent::read`].
    pub fn read(&self, offset: usize, into: &mut [u8]) -> Result<(), Error> {
        self.as_lent().read(offset, into)
    }

    /// Copies bytes in.
    ///
    /// # Errors
    /// [`Error::BadAddress`] when there is no room for all of them.
    pub fn write(&mut self, offset: usize, bytes: &[u8]) -> Result<(), Error> {
        inside(self.len(), offset, bytes.len())?;
        match &mut self.0 {
            WindowMut::Inline(room) => {
                room[offset..offset + bytes.len()].copy_from_slice(bytes);
                Ok(())
            }
            WindowMut::Mapped(shared, _) => shared.write(offset, bytes),
        }
    }
}

fn inside(len: usize, offset: usize, count: usize) -> Result<(), Error> {
    match offset.checked_add(count) {
        Some(end) if end <= len => Ok(()),
        _ => Err(Error::BadAddress),
    }
}

/// What a call has borrowed; unmapped when it is dropped, which is before the answer goes out.
#[derive(Debug)]
pub struct Borrowed(Source);

#[derive(Debug)]
enum Source {
    Inline(Vec<u8>),
    Mapped(Mapping, usize),
}

impl Borrowed {
    pub(crate) fn new(
        lending: Lending<Vec<u8>>,
        most: usize,
        protection: Protection,
        loan: impl FnOnce() -> Result<Memory, Refusal>,
    ) -> Result<Self, Refusal> {
        let len = match lending {
            Lending::Inline(bytes) => return Ok(Self(Source::Inline(bytes))),
            Lending::Loan(len) => len,
        };
        let bytes = usize::try_from(len).ok().filter(|len| *len <= most);
        let bytes = bytes.ok_or(Refusal::TooLong)?;
        // What it is, and whether it is there, the kernel says.
        let mapping = loan()?.map_part(0, len.div_ceil(PAGE_SIZE), protection);
        Ok(Self(Source::Mapped(mapping.map_err(|_| Refusal::Malformed)?, bytes)))
    }

    /// The bytes, as long as this lives.
    #[must_use]
    pub fn lent(&self) -> Lent<'_> {
        Lent(match &self.0 {
            Source::Inline(bytes) => Window::Inline(bytes),
            Source::Mapped(mapping, len) => Window::Mapped(mapping.shared(), *len),
        })
    }

    /// The same for writing.
    #[must_use]
    pub fn lent_mut(&mut self) -> LentMut<'_> {
        LentMut(match &mut self.0 {
            Source::Inline(bytes) => WindowMut::Inline(bytes),
            Source::Mapped(mapping, len) => WindowMut::Mapped(mapping.shared(), *len),
        })
    }

    /// What goes back with the answer: nothing of a loan.
    #[must_use]
    pub fn into_back(self) -> Vec<u8> {
        match self.0 {
            Source::Inline(bytes) => bytes,
            Source::Mapped(..) => Vec::new(),
        }
    }
}
