//! The messages of a thread: what it sends, and what it can receive.

use super::super::{CallToken, NotificationId};
use abi::{Envelope, RECEIVES_ONLY, SENDS_BYTES};

/// The tag in the low bits of the envelope's address: what the envelope does, before it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EnvelopeTag {
    /// There is no envelope.
    Nothing,
    /// One that only receives, at this address.
    Receives(u64),
    /// One that sends bytes alone, and receives.
    SendsBytes(u64),
    /// One that must be read to know.
    Anything(u64),
}

impl EnvelopeTag {
    /// The tag of the value in the envelope's register.
    #[inline(always)]
    pub fn of(register: u64) -> Self {
        match register {
            0 => Self::Nothing,
            _ if register % 8 == RECEIVES_ONLY => Self::Receives(register - RECEIVES_ONLY),
            _ if register % 8 == SENDS_BYTES => Self::SendsBytes(register - SENDS_BYTES),
            _ => Self::Anything(register),
        }
    }

    /// Whether words are all that is sent.
    #[inline(always)]
    pub fn sends_nothing(self) -> bool {
        matches!(self, Self::Nothing | Self::Receives(_))
    }

    /// The envelope that receives, when nothing is left to be sent.
    #[inline(always)]
    pub fn room(self) -> Option<u64> {
        match self {
            Self::Nothing | Self::Anything(_) => None,
            Self::Receives(address) | Self::SendsBytes(address) => Some(address),
        }
    }
}

/// The memory of a thread's message: bytes and handles go through it, words do not.
#[derive(Clone, Copy, Debug, Default, Hash)]
pub enum IpcBuffer {
    /// Nothing: neither bytes nor handles can go or come.
    #[default]
    Nothing,
    /// An envelope that sends nothing, at this address, to be read when something comes.
    Unread(u64),
    /// An envelope: where it lies (0: the kernel made it) and what it says.
    Read(u64, Envelope),
}

impl IpcBuffer {
    /// An envelope that only receives, or none.
    #[inline(always)]
    pub fn that_receives(envelope: Option<u64>) -> Self {
        envelope.map_or(Self::Nothing, Self::Unread)
    }

    /// Whether nothing can come of it but words.
    #[inline(always)]
    pub fn sends_nothing(&self) -> bool {
        !matches!(self, Self::Read(..))
    }

    /// What it says, as far as it was read.
    pub fn envelope(&self) -> Envelope {
        match self {
            Self::Read(_, envelope) => *envelope,
            Self::Nothing | Self::Unread(_) => Envelope::EMPTY,
        }
    }
}

/// A message that waits for its receiver.
#[derive(Clone, Copy, Debug, Hash)]
pub struct Pending {
    /// Badge of the handle it was sent with.
    pub badge: u64,
    /// Its label.
    pub label: u32,
    /// The sender waits for a reply.
    pub call: bool,
}

/// The IPC state of a thread.
#[derive(Clone, Copy, Debug, Default, Hash)]
pub struct IpcState {
    /// The message that waits for a receiver.
    pub pending: Option<Pending>,
    /// The memory of the message.
    pub buffer: IpcBuffer,
    /// The name of the last call: counts the calls.
    pub token: CallToken,
    /// The notification for which `Recv` also returns.
    pub bound: Option<NotificationId>,
}
