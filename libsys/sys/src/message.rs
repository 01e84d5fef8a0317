//! What is sent and what comes back.

use crate::{Endpoint, Error, Handles, Object, OwnedHandle, ReplyRight, Rights, Words};
use abi::{Envelope, Handle, HandleTransfer, MESSAGE_HANDLES};

/// Handles to send: some are moved, some copied.
#[derive(Debug, Default)]
pub struct Transfers {
    transfers: [HandleTransfer; MESSAGE_HANDLES],
    moved: [Option<OwnedHandle>; MESSAGE_HANDLES],
    count: usize,
}

impl Transfers {
    /// None.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Adds a handle that goes away from here with the message, with all its rights.
    /// Closed when there is no place for it ([`Error::TooLong`]).
    pub fn push(&mut self, object: impl Into<OwnedHandle>) -> Result<(), Error> {
        self.push_narrowed(object, Rights::ALL)
    }

    /// The same with at most these rights.
    pub fn push_narrowed(
        &mut self,
        object: impl Into<OwnedHandle>,
        rights: Rights,
    ) -> Result<(), Error> {
        let owned = object.into();
        let transfer = HandleTransfer { handle: owned.handle().0, rights: rights.bits(), moved: 1 };
        self.add(transfer, Some(owned))
    }

    /// Adds all handles of something, to go away with the message.
    pub fn push_all(&mut self, things: impl Handles) -> Result<(), Error> {
        things.into_handles().into_iter().try_for_each(|handle| self.push(handle))
    }

    /// Adds a copy with at most these rights.
    pub fn push_copy(&mut self, object: &impl Object, rights: Rights) -> Result<(), Error> {
        self.add(
            HandleTransfer {
                handle: object.as_handle().handle().0,
                rights: rights.bits(),
                moved: 0,
            },
            None,
        )
    }

    fn add(&mut self, transfer: HandleTransfer, owned: Option<OwnedHandle>) -> Result<(), Error> {
        let place = self.count;
        *self.transfers.get_mut(place).ok_or(Error::TooLong)? = transfer;
        self.moved[place] = owned;
        self.count += 1;
        Ok(())
    }

    pub(crate) fn raw(&self) -> [HandleTransfer; MESSAGE_HANDLES] {
        self.transfers
    }

    /// The message went out: moved handles are the receiver's now.
    pub(crate) fn delivered(&mut self) {
        if self.count == 0 {
            return;
        }
        for owned in core::mem::take(self).moved.into_iter().flatten() {
            let _ = owned.into_raw();
        }
    }
}

/// A message to send.
#[derive(Debug, Default)]
pub struct Message<'a> {
    /// What it is about. Labels from `0xffff_0000` on are the kernel's.
    pub label: u32,
    /// Words in registers.
    pub words: Words,
    /// Bytes beside them.
    pub bytes: &'a [u8],
    /// Handles. Emptied when the message went out.
    pub transfers: Transfers,
}

impl<'a> Message<'a> {
    /// A label and words, nothing more.
    #[must_use]
    pub fn new(label: u32, words: Words) -> Self {
        Self { label, words, ..Self::default() }
    }

    /// The same with these bytes.
    #[must_use]
    pub fn with_bytes(self, bytes: &'a [u8]) -> Self {
        Self { bytes, ..self }
    }
}

/// The reply to a call.
#[derive(Debug)]
pub struct Answer {
    /// The replier's label.
    pub label: u32,
    /// Words in registers.
    pub words: Words,
    /// The number of bytes in the buffer.
    pub len: usize,
    /// Handles that came with it.
    pub handles: [Option<OwnedHandle>; MESSAGE_HANDLES],
}

/// A message that was received.
#[derive(Debug)]
pub struct Incoming {
    /// The badge of the sender's handle.
    pub badge: u64,
    /// What it is about.
    pub label: u32,
    /// Words in registers.
    pub words: Words,
    /// The number of bytes in the buffer.
    pub len: usize,
    /// Handles that came with it.
    pub handles: [Option<OwnedHandle>; MESSAGE_HANDLES],
    /// The right to answer; none when it was sent, not called.
    pub reply: Option<ReplyRight>,
}

/// What a receive returns for.
#[derive(Debug)]
pub enum Received {
    /// A message.
    Message(Incoming),
    /// Bits of the notification that is bound to this thread.
    Notified(u64),
}

/// What a receive of words alone returns for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReceivedWords {
    /// A message.
    Message {
        /// The badge of the sender's handle.
        badge: u64,
        /// What it is about.
        label: u32,
    },
    /// Bits of the notification that is bound to this thread.
    Notified(u64),
}

/// The handles that came in an envelope.
pub(crate) fn taken(envelope: &Envelope) -> [Option<OwnedHandle>; MESSAGE_HANDLES] {
    envelope.taken.map(|number| {
        // SAFETY: the kernel put these handles into the table with this message, for its
        // receiver alone, and each envelope is asked once.
        (number != 0).then(|| unsafe { OwnedHandle::from_raw(Handle(number)) })
    })
}

/// Bytes that the kernel says it wrote, never more than there was room for.
pub(crate) fn received_len(envelope: &Envelope) -> usize {
    let len = envelope.received_len.min(envelope.receive_capacity);
    usize::try_from(len).unwrap_or(0)
}

impl Endpoint {
    /// An envelope that carries these handles and waits until the deadline.
    pub(crate) fn envelope(transfers: &Transfers, deadline_ns: u64) -> Envelope {
        Envelope { transfers: transfers.raw(), deadline_ns, ..Envelope::EMPTY }
    }
}
