//! One call on its way through a dispatch, and its answer.

use crate::codec::{CodecError, decode, encode, split};
use crate::{Refusal, Reply};
use alloc::vec::Vec;
use serde::{Serialize, de::DeserializeOwned};
use sys::{Gifts, Message, OwnedHandle, ReplyRight, Words};

/// Who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller {
    badge: u64,
}

impl Caller {
    /// A caller with this badge: for calling a server's methods directly, as tests do.
    #[must_use]
    pub fn with_badge(badge: u64) -> Self {
        Self { badge }
    }

    /// The badge of the handle it calls through. It cannot choose it.
    #[must_use]
    pub fn badge(&self) -> u64 {
        self.badge
    }
}

/// One call on its way through a dispatch. The attribute's code uses it; servers see their
/// own arguments.
#[derive(Debug)]
pub struct Call<'a> {
    pub(crate) caller: Caller,
    pub(crate) words: Words,
    pub(crate) bytes: &'a [u8],
    pub(crate) handles: [Option<OwnedHandle>; abi::GIFTS],
    pub(crate) right: &'a mut Option<ReplyRight>,
    pub(crate) answer: &'a mut Outgoing,
}

impl Call<'_> {
    /// Who calls.
    #[must_use]
    pub fn caller(&self) -> Caller {
        self.caller
    }

    /// The arguments, as a tuple.
    ///
    /// # Errors
    /// When the message holds something else.
    pub fn arguments<A: DeserializeOwned>(&self) -> Result<A, Refusal> {
        decode(&self.words, self.bytes).map_err(|_| Refusal::Malformed)
    }

    /// The handle at this place.
    ///
    /// # Errors
    /// When none came.
    pub fn handle<H: From<OwnedHandle>>(&mut self, place: usize) -> Result<H, Refusal> {
        let handle = self.handles.get_mut(place).and_then(Option::take);
        handle.map(H::from).ok_or(Refusal::Malformed)
    }

    /// Answers with a value.
    pub fn answer<T: Serialize, E: Serialize>(&mut self, result: &Result<T, E>) {
        self.answer.set(result);
    }

    /// Answers with a handle.
    pub fn answer_handle<H: Into<OwnedHandle>, E: Serialize>(&mut self, result: Result<H, E>) {
        self.answer_handle_and(result.map(|handle| (handle, ())));
    }

    /// Answers with a handle and a value.
    pub fn answer_handle_and<H: Into<OwnedHandle>, T: Serialize, E: Serialize>(
        &mut self,
        result: Result<(H, T), E>,
    ) {
        let result = result.map(|(handle, value)| {
            // There is room: it is the first.
            let _ = self.answer.gifts.push(handle);
            value
        });
        self.answer.set(&result);
    }

    /// Takes the right to answer, for later.
    pub fn later<T>(&mut self) -> Reply<T> {
        Reply::new(self.right.take())
    }
}

/// An answer that waits for the next system call.
#[derive(Debug, Default)]
pub(crate) struct Outgoing {
    label: u32,
    encoded: Vec<u8>,
    gifts: Gifts,
}

impl Outgoing {
    fn set<T: Serialize>(&mut self, value: &T) {
        self.label = 0;
        match encode(value, &mut self.encoded) {
            Ok(()) => {}
            Err(CodecError::TooLong) => self.refuse(Refusal::TooLong),
            Err(CodecError::Malformed) => self.refuse(Refusal::Malformed),
        }
    }

    pub(crate) fn refuse(&mut self, refusal: Refusal) {
        self.label = refusal as u32;
        self.encoded.clear();
        self.gifts = Gifts::none();
    }

    /// Whether it refuses instead of answering.
    pub(crate) fn refuses(&self) -> bool {
        self.label != 0
    }

    pub(crate) fn message(&mut self) -> Message<'_> {
        let (words, bytes) = split(&self.encoded);
        Message { label: self.label, words, bytes, gifts: core::mem::take(&mut self.gifts) }
    }
}
