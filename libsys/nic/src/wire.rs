//! What stands in the rings: records of a fixed layout.
//!
//! Both carry a seal, a fold of their other words: a record with a flipped bit is refused, not
//! obeyed. It is no defence against a peer that lies; all fields are checked for that.

use driver::fold;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Where the fold of a seal starts.
const START: u32 = 0x5eed_f4a3;

/// What is done with a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum Operation {
    /// The next received frame is written into it.
    Fill = 1,
    /// The frame in it is transmitted.
    Transmit = 2,
}

impl Operation {
    /// The operation with this number.
    #[must_use]
    pub fn from_number(number: u16) -> Option<Self> {
        match number {
            1 => Some(Self::Fill),
            2 => Some(Self::Transmit),
            _ => None,
        }
    }
}

/// A slot on its way to the driver.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout,
)]
#[repr(C)]
pub struct Request {
    /// The slot, and above it a number that changes with each use. Comes back in the completion.
    pub id: u32,
    /// The epoch of the attachment.
    pub epoch: u32,
    /// The number of an [`Operation`].
    pub operation: u16,
    /// The length of a frame to be transmitted.
    pub bytes: u16,
    pub(crate) seal: u32,
}

impl Request {
    /// A sealed request.
    #[must_use]
    pub fn new(id: u32, epoch: u32, operation: Operation, bytes: u16) -> Self {
        Self { id, epoch, operation: operation as u16, bytes, seal: 0 }.sealed()
    }

    /// The request with the seal of its fields.
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
        fold(START, [self.id, self.epoch, pair(self.operation, self.bytes)])
    }
}

/// A slot on its way back.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout,
)]
#[repr(C)]
pub struct Completion {
    /// The id of the request.
    pub id: u32,
    /// The epoch of the attachment.
    pub epoch: u32,
    /// 0; 1: the device failed with this frame.
    pub status: u16,
    /// The length of a received frame.
    pub bytes: u16,
    pub(crate) seal: u32,
}

impl Completion {
    /// The end of the request with this id.
    #[must_use]
    pub fn new(id: u32, epoch: u32, frame: Option<u16>) -> Self {
        let (status, bytes) = frame.map_or((1, 0), |bytes| (0, bytes));
        Self { id, epoch, status, bytes, seal: fold(START, [id, epoch, pair(status, bytes)]) }
    }

    /// Whether it is as the driver sealed it.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.seal == fold(START, [self.id, self.epoch, pair(self.status, self.bytes)])
    }
}

fn pair(low: u16, high: u16) -> u32 {
    u32::from(high) << 16 | u32::from(low)
}

#[cfg(test)]
mod tests {
    use super::{Completion, Operation, Request};
    use zerocopy::{FromBytes, Immutable, IntoBytes};

    /// All records that differ from this one in one bit.
    fn damaged<T: IntoBytes + FromBytes + Immutable>(record: &T) -> impl Iterator<Item = T> {
        let flipped = testkit::with_each_bit_flipped(record.as_bytes());
        flipped.map(|bytes| T::read_from_bytes(&bytes).unwrap())
    }

    #[test]
    fn a_flipped_bit_breaks_the_seal() {
        let request = Request::new(7 << 16 | 3, 9, Operation::Transmit, 1514);
        assert!(request.is_whole());
        assert!(damaged(&request).all(|request| !request.is_whole()));
        let completion = Completion::new(3, 9, Some(60));
        assert!(completion.is_whole());
        assert!(damaged(&completion).all(|completion| !completion.is_whole()));
    }

    #[test]
    fn blank_memory_is_no_record_and_records_have_a_fixed_size() {
        assert!(!Request::default().is_whole());
        assert!(!Completion::default().is_whole());
        assert_eq!((size_of::<Request>(), size_of::<Completion>()), (16, 16));
    }
}
