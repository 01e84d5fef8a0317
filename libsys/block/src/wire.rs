//! What stands in the rings: records of a fixed layout.
//!
//! Both carry a seal, a fold of their other words: a record with a flipped bit is refused, not
//! obeyed. It is no defence against a peer that lies; all fields are checked for that.

use crate::BlockError;
use driver::fold;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Where the fold of a seal starts.
const START: u32 = 0x5eed_b10c;

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Operation {
    /// Fills the buffer with sectors of the disk.
    Read = 1,
    /// Writes the buffer to the disk. Other requests see it when it is completed; it outlives a
    /// loss of power after a flush.
    Write = 2,
    /// Makes all writes last that were completed before this was submitted. No sectors, no buffer.
    Flush = 3,
    /// Says that the content of the sectors is of no use any more: they read as anything. No
    /// buffer.
    Discard = 4,
}

impl Operation {
    /// The operation with this number.
    #[must_use]
    pub fn from_number(number: u32) -> Option<Self> {
        match number {
            1 => Some(Self::Read),
            2 => Some(Self::Write),
            3 => Some(Self::Flush),
            4 => Some(Self::Discard),
            _ => None,
        }
    }

    /// Whether a buffer in the pool goes with it.
    #[must_use]
    pub fn has_buffer(self) -> bool {
        matches!(self, Self::Read | Self::Write)
    }

    /// Whether it changes what the disk holds.
    #[must_use]
    pub fn changes(self) -> bool {
        matches!(self, Self::Write | Self::Discard)
    }
}

/// A request of a client.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout,
)]
#[repr(C)]
pub struct Request {
    /// The first sector, counted from the start of the client's range.
    pub lba: u64,
    /// The client's name for it: comes back in the completion.
    pub id: u32,
    /// The epoch of the attachment.
    pub epoch: u32,
    /// The number of an [`Operation`].
    pub operation: u32,
    /// Where the buffer begins in the client's pool, in bytes.
    pub offset: u32,
    /// The number of sectors.
    pub sectors: u32,
    pub(crate) seal: u32,
}

impl Request {
    /// The request with its seal.
    #[must_use]
    pub fn sealed(mut self) -> Self {
        self.seal = self.fold();
        self
    }

    /// Whether it is as its client sealed it.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.seal == self.fold()
    }

    fn fold(&self) -> u32 {
        let [low, high] = halves(self.lba);
        fold(START, [low, high, self.id, self.epoch, self.operation, self.offset, self.sectors])
    }
}

/// The end of a request.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout,
)]
#[repr(C)]
pub struct Completion {
    /// The client's name for the request.
    pub id: u32,
    /// The epoch of the attachment.
    pub epoch: u32,
    /// 0, or the number of a [`BlockError`].
    pub status: u32,
    seal: u32,
}

impl Completion {
    /// The end of the request with this name.
    #[must_use]
    pub fn new(id: u32, epoch: u32, result: Result<(), BlockError>) -> Self {
        let status = result.map_or_else(BlockError::number, |()| 0);
        Self { id, epoch, status, seal: fold(START, [id, epoch, status]) }
    }

    /// Whether it is as the driver sealed it.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.seal == fold(START, [self.id, self.epoch, self.status])
    }

    /// How the request ended.
    ///
    /// # Errors
    /// What the driver says; [`BlockError::Protocol`] for a number that it does not have.
    pub fn result(&self) -> Result<(), BlockError> {
        match self.status {
            0 => Ok(()),
            number => Err(BlockError::from_number(number).unwrap_or(BlockError::Protocol)),
        }
    }
}

fn halves(value: u64) -> [u32; 2] {
    let [a, b, c, d, e, f, g, h] = value.to_le_bytes();
    [u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h])]
}

#[cfg(test)]
mod tests {
    use super::{Completion, Operation, Request};
    use crate::BlockError;
    use zerocopy::{FromBytes, Immutable, IntoBytes};

    /// All records that differ from this one in one bit.
    fn damaged<T: IntoBytes + FromBytes + Immutable>(record: &T) -> impl Iterator<Item = T> {
        let flipped = testkit::with_each_bit_flipped(record.as_bytes());
        flipped.map(|bytes| T::read_from_bytes(&bytes).unwrap())
    }

    #[test]
    fn a_flipped_bit_breaks_the_seal() {
        let operation = Operation::Write as u32;
        let request =
            Request { lba: 7 << 33, id: 3, epoch: 9, operation, sectors: 8, ..Request::default() };
        let request = request.sealed();
        assert!(request.is_whole());
        assert!(damaged(&request).all(|request| !request.is_whole()));
        let completion = Completion::new(3, 9, Err(BlockError::Device));
        assert!(completion.is_whole());
        assert!(damaged(&completion).all(|completion| !completion.is_whole()));
    }

    #[test]
    fn blank_memory_is_no_record() {
        assert!(!Request::default().is_whole());
        assert!(!Completion::default().is_whole());
    }

    #[test]
    fn records_have_a_fixed_size() {
        assert_eq!((size_of::<Request>(), size_of::<Completion>()), (32, 16));
    }

    #[test]
    fn results_come_back_as_they_were() {
        for result in [Ok(()), Err(BlockError::Device), Err(BlockError::ReadOnly)] {
            assert_eq!(Completion::new(1, 2, result).result(), result);
        }
        let unknown = Completion { status: 9_999, ..Completion::default() };
        assert_eq!(unknown.result(), Err(BlockError::Protocol));
    }
}
