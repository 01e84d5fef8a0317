//! The parts of a message.

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Words that travel in registers with every message.
pub const WORDS: usize = 7;
/// Bytes that fit into those words.
pub const INLINE_BYTES: usize = WORDS * 8;
/// The longest byte payload of one message.
pub const MESSAGE_MAX: usize = 64 * 1024;
/// Handles that fit into one message.
pub const MESSAGE_HANDLES: usize = 4;
/// A deadline that never comes.
pub const FOREVER: u64 = u64::MAX;
/// Beside the address of an [`Envelope`], in its lowest bit: it sends nothing and has no
/// deadline. The kernel reads it only when bytes or handles come, and writes `received_len`
/// and `taken` only then: they must be zero before.
pub const RECEIVES_ONLY: u64 = 1;
/// The same for one that sends bytes, and neither handles nor has a deadline: what it says
/// about those is not looked at.
pub const SENDS_BYTES: u64 = 2;
/// Labels from here on are the kernel's: of notifications, faults and stops. A send or call
/// with one is refused with `BadArgument`.
pub const KERNEL_LABELS: u32 = 0xffff_0000;
/// The label with which `Recv` returns for a bound notification.
pub const NOTIFIED_LABEL: u32 = u32::MAX;

/// The right to answer one call, once: names the caller and its call. 0 is none
/// (the message was sent, not called).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[repr(transparent)]
pub struct ReplyToken(pub u64);

/// A handle that travels with a message.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, Default, FromBytes, Immutable, IntoBytes, KnownLayout,
)]
#[repr(C)]
pub struct HandleTransfer {
    /// The giver's handle; 0 for none.
    pub handle: u32,
    /// Rights of the receiver's handle: at most the giver's.
    pub rights: u16,
    /// 1: the giver's handle is closed (move); 0: it stays (copy).
    pub moved: u16,
}

/// What a message carries beside its words: bytes, handles, a deadline.
///
/// Lies in the program's memory, 8-byte aligned; its address travels in `r15`, with
/// [`RECEIVES_ONLY`] or [`SENDS_BYTES`] where it is so.
/// A sender fills `send_*`, `transfers` and `deadline_ns`; a receiver `receive_address`,
/// `receive_capacity` and `deadline_ns`; the kernel writes `received_len` and `taken`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, FromBytes, Immutable, IntoBytes, KnownLayout)]
#[repr(C, align(8))]
pub struct Envelope {
    /// Bytes to send: address.
    pub send_address: u64,
    /// Bytes to send: count.
    pub send_len: u64,
    /// Where received bytes go.
    pub receive_address: u64,
    /// The capacity there, in bytes.
    pub receive_capacity: u64,
    /// The deadline of the wait for the other side, as time since boot; 0 never waits.
    pub deadline_ns: u64,
    /// Handles to send; those with handle 0 are skipped.
    pub transfers: [HandleTransfer; MESSAGE_HANDLES],
    /// Written by the kernel: bytes received.
    pub received_len: u64,
    /// Written by the kernel: handles received; 0 for none.
    pub taken: [u32; MESSAGE_HANDLES],
}

impl Envelope {
    /// Its size in bytes.
    pub const SIZE: usize = size_of::<Self>();
    /// Nothing to send, no room to receive, no deadline.
    pub const EMPTY: Self = Self {
        send_address: 0,
        send_len: 0,
        receive_address: 0,
        receive_capacity: 0,
        deadline_ns: FOREVER,
        transfers: [HandleTransfer { handle: 0, rights: 0, moved: 0 }; MESSAGE_HANDLES],
        received_len: 0,
        taken: [0; MESSAGE_HANDLES],
    };

    /// What travels in `r15` for this envelope at this address.
    #[must_use]
    #[inline]
    pub fn register(&self, address: u64) -> u64 {
        let transfers = self.transfers.iter().any(|transfer| transfer.handle != 0);
        if transfers || self.deadline_ns != FOREVER {
            address
        } else if self.send_len > 0 {
            address | SENDS_BYTES
        } else {
            address | RECEIVES_ONLY
        }
    }
}

const _: () = assert!(Envelope::SIZE == 96);

#[cfg(test)]
mod tests {
    use super::{Envelope, HandleTransfer};
    use zerocopy::FromBytes;

    #[test]
    fn the_fields_of_an_envelope_lie_in_order() {
        let bytes: [u8; Envelope::SIZE] = core::array::from_fn(|index| index.to_le_bytes()[0]);
        let envelope = Envelope::read_from_bytes(&bytes).unwrap();
        assert_eq!(envelope.send_address, 0x0706_0504_0302_0100);
        assert_eq!(envelope.deadline_ns, 0x2726_2524_2322_2120);
        let transfer = HandleTransfer { handle: 0x3332_3130, rights: 0x3534, moved: 0x3736 };
        assert_eq!(envelope.transfers[1], transfer);
        assert_eq!(envelope.received_len, 0x4f4e_4d4c_4b4a_4948);
        assert_eq!(envelope.taken[3], 0x5f5e_5d5c);
    }
}
