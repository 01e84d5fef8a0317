//! Bytes that are lent for a call: the server's side.
//!
//! **Trust.** None. The client's other threads may write the bytes while they are read here, so
//! they are copied before they are looked at, and what was read twice may differ. Their number
//! is fixed, and a client that dies or takes them back early leaves blank bytes, never a fault.

use crate::{Lending, Refusal};
use abi::MESSAGE_MAX;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;
use serde::de::{Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use sys::{Error, Mapping, Memory, PAGE_SIZE, Protection, Shared};

/// Bytes in a message: on the wire a list of them, copied at once instead of one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bytes<'a>(pub &'a [u8]);

impl Serialize for Bytes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Bytes<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Borrow;

        impl<'de> Visitor<'de> for Borrow {
            type Value = Bytes<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }

            fn visit_borrowed_bytes<E: serde::de::Error>(
                self,
                bytes: &'de [u8],
            ) -> Result<Bytes<'de>, E> {
                Ok(Bytes(bytes))
            }

            fn visit_bytes<E: serde::de::Error>(self, _: &[u8]) -> Result<Bytes<'de>, E> {
                Err(E::custom("bytes that do not last"))
            }
        }

        deserializer.deserialize_bytes(Borrow)
    }
}

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

/// Bytes that a client lends for writing. It cannot be kept.
#[derive(Debug)]
pub struct LentMut<'call>(WindowMut<'call>);

#[derive(Debug)]
enum WindowMut<'call> {
    /// Room in the answer: what was written so far, and the most.
    Answer(&'call mut Vec<u8>, usize),
    Mapped(Shared<'call>, usize),
}

impl LentMut<'_> {
    /// The number of bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        match self.0 {
            WindowMut::Answer(_, len) | WindowMut::Mapped(_, len) => len,
        }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Copies bytes in. The client's bytes before them that were never written become zero.
    ///
    /// # Errors
    /// [`Error::BadAddress`] when there is no room for all of them.
    pub fn write(&mut self, offset: usize, bytes: &[u8]) -> Result<(), Error> {
        inside(self.len(), offset, bytes.len())?;
        let room = match &mut self.0 {
            WindowMut::Answer(room, _) => room,
            WindowMut::Mapped(shared, _) => return shared.write(offset, bytes),
        };
        // In order, as most write: without zeros first.
        if offset == room.len() {
            room.extend_from_slice(bytes);
            return Ok(());
        }
        let end = offset + bytes.len();
        room.resize(end.max(room.len()), 0);
        room[offset..end].copy_from_slice(bytes);
        Ok(())
    }
}

fn inside(len: usize, offset: usize, count: usize) -> Result<(), Error> {
    match offset.checked_add(count) {
        Some(end) if end <= len => Ok(()),
        _ => Err(Error::BadAddress),
    }
}

/// What a call has borrowed for reading; unmapped when it is dropped, which is before the answer
/// goes out.
#[derive(Debug)]
pub struct Borrowed<'call>(Source<'call>);

#[derive(Debug)]
enum Source<'call> {
    Inline(&'call [u8]),
    Mapped(Mapping, usize),
}

impl<'call> Borrowed<'call> {
    pub(crate) fn new(
        lending: Lending<Bytes<'call>>,
        most: usize,
        loan: impl FnOnce() -> Result<Memory, Refusal>,
    ) -> Result<Self, Refusal> {
        let len = match lending {
            Lending::Inline(Bytes(bytes)) => return Ok(Self(Source::Inline(bytes))),
            Lending::Loan(len) => len,
        };
        let (mapping, len) = mapped(len, most, Protection::Read, loan)?;
        Ok(Self(Source::Mapped(mapping, len)))
    }

    /// The bytes, as long as this lives.
    #[must_use]
    pub fn lent(&self) -> Lent<'_> {
        Lent(match &self.0 {
            Source::Inline(bytes) => Window::Inline(bytes),
            Source::Mapped(mapping, len) => Window::Mapped(mapping.shared(), *len),
        })
    }
}

/// The same for writing.
#[derive(Debug)]
pub struct BorrowedMut(Target);

#[derive(Debug)]
enum Target {
    Answer(Vec<u8>, usize),
    Mapped(Mapping, usize),
}

impl BorrowedMut {
    pub(crate) fn new(
        lending: Lending<u64>,
        most: usize,
        mut room: Vec<u8>,
        loan: impl FnOnce() -> Result<Memory, Refusal>,
    ) -> Result<Self, Refusal> {
        let len = match lending {
            Lending::Inline(len) => {
                let len = usize::try_from(len).ok().filter(|len| *len <= MESSAGE_MAX);
                room.clear();
                return Ok(Self(Target::Answer(room, len.ok_or(Refusal::TooLong)?)));
            }
            Lending::Loan(len) => len,
        };
        let (mapping, len) = mapped(len, most, Protection::ReadWrite, loan)?;
        Ok(Self(Target::Mapped(mapping, len)))
    }

    /// The bytes, as long as this lives.
    #[must_use]
    pub fn lent_mut(&mut self) -> LentMut<'_> {
        LentMut(match &mut self.0 {
            Target::Answer(room, len) => WindowMut::Answer(room, *len),
            Target::Mapped(mapping, len) => WindowMut::Mapped(mapping.shared(), *len),
        })
    }

    /// What goes back with the answer: nothing of a loan.
    pub(crate) fn into_filled(self) -> Vec<u8> {
        match self.0 {
            Target::Answer(room, _) => room,
            Target::Mapped(..) => Vec::new(),
        }
    }
}

/// The loan that came with a call, mapped, and its length.
fn mapped(
    len: u64,
    most: usize,
    protection: Protection,
    loan: impl FnOnce() -> Result<Memory, Refusal>,
) -> Result<(Mapping, usize), Refusal> {
    let bytes = usize::try_from(len).ok().filter(|len| *len <= most);
    let bytes = bytes.ok_or(Refusal::TooLong)?;
    // What it is, and whether it is there, the kernel says.
    let mapping = loan()?.map_part(0, len.div_ceil(PAGE_SIZE), protection);
    Ok((mapping.map_err(|_| Refusal::Malformed)?, bytes))
}
