//! What stands in the rings: records of a fixed layout.
//!
//! Both carry a seal, a fold of their other words: a record with a flipped bit is refused, not
//! obeyed. It is no defence against a peer that lies; all fields are checked for that.

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

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

/// The bits of an id that are the slot's number; those above change with each use of it.
const SLOT_BITS: u32 = 16;

/// The slot that an id names.
pub(crate) fn slot_of(id: u32) -> u16 {
    let [low, high, ..] = id.to_le_bytes();
    u16::from_le_bytes([low, high])
}

/// The id of a slot's next use.
pub(crate) fn next_id(id: u32) -> u32 {
    id.wrapping_add(1 << SLOT_BITS)
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
        fold([self.id, self.epoch, pair(self.operation, self.bytes)])
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
        Self { id, epoch, status, bytes, seal: fold([id, epoch, pair(status, bytes)]) }
    }

    /// Whether it is as the driver sealed it.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.seal == fold([self.id, self.epoch, pair(self.status, self.bytes)])
    }
}

fn pair(low: u16, high: u16) -> u32 {
    u32::from(high) << 16 | u32::from(low)
}

/// Changes with each single bit of the words. Not 0 for zeros: blank memory is no record.
fn fold(words: [u32; 3]) -> u32 {
    words.iter().fold(0x5eed_f4a3, |seal, word| (seal ^ word).rotate_left(5))
}

#[cfg(test)]
mod tests {
    use super::{Completion, Operation, Request, next_id, slot_of};
    use zerocopy::{FromBytes, IntoBytes};

    /// All records that differ from this one in one bit.
    fn damaged<T: IntoBytes + FromBytes + zerocopy::Immutable + Copy>(record: T) -> Vec<T> {
        let flip = |bit: usize| {
            let mut bytes = record.as_bytes().to_vec();
            bytes[bit / 8] ^= 1 << (bit % 8);
            T::read_from_bytes(&bytes).unwrap()
        };
        (0..size_of::<T>() * 8).map(flip).collect()
    }

    #[test]
    fn a_flipped_bit_breaks_the_seal() {
        let request = Request::new(7 << 16 | 3, 9, Operation::Transmit, 1514);
        assert!(request.is_whole());
        assert!(damaged(request).iter().all(|request| !request.is_whole()));
        let completion = Completion::new(3, 9, Some(60));
        assert!(completion.is_whole());
        assert!(damaged(completion).iter().all(|completion| !completion.is_whole()));
    }

    #[test]
    fn blank_memory_is_no_record_and_records_have_a_fixed_size() {
        assert!(!Request::default().is_whole());
        assert!(!Completion::default().is_whole());
        assert_eq!((size_of::<Request>(), size_of::<Completion>()), (16, 16));
    }

    #[test]
    fn an_id_changes_with_each_use_of_its_slot() {
        let id = next_id(next_id(17));
        assert_eq!((slot_of(id), id), (17, 2 << 16 | 17));
        assert_eq!(slot_of(next_id(u32::MAX)), u16::MAX);
    }
}
