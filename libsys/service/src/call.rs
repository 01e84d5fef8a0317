//! One call on its way through a dispatch, and its answer.

use crate::codec::{CodecError, Payload, encode, encode_beside};
use crate::lent::{Borrowed, BorrowedMut, Bytes};
use crate::request::take;
use crate::session::{Opening, Session, Sessions};
use crate::{Interface, Lending, Refusal, Reply};
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};
use sys::{Endpoint, Handles, Message, OwnedHandle, ReplyRight, Transfers, Words};

/// The caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller {
    badge: u64,
    session: Option<Session>,
}

impl Caller {
    /// A caller with this badge: for calling a server's methods directly, as tests do.
    #[must_use]
    pub fn with_badge(badge: u64) -> Self {
        Self { badge, session: None }
    }

    /// The same caller in a session that it opened.
    #[must_use]
    pub fn in_session(self, session: Session) -> Self {
        Self { session: Some(session), ..self }
    }

    /// The badge of the handle it calls through, in a session of the one it opened it
    /// through. It cannot choose it.
    #[must_use]
    pub fn badge(&self) -> u64 {
        self.badge
    }

    /// The session in which it calls: always one that is open, was opened for this interface
    /// and by this caller. Methods of interfaces with `session` always have one.
    #[must_use]
    pub fn session(&self) -> Option<Session> {
        self.session
    }
}

/// One call on its way through a dispatch. The attribute's code uses it; servers see their
/// own arguments.
#[derive(Debug)]
pub struct Call<'a> {
    pub(crate) caller: Caller,
    pub(crate) payload: Payload<'a>,
    pub(crate) handles: [Option<OwnedHandle>; abi::MESSAGE_HANDLES],
    pub(crate) right: &'a mut Option<ReplyRight>,
    pub(crate) answer: &'a mut Outgoing,
    pub(crate) endpoint: &'a Endpoint,
    pub(crate) sessions: Option<&'a mut Sessions>,
}

impl<'a> Call<'a> {
    /// The caller.
    #[must_use]
    pub fn caller(&self) -> Caller {
        self.caller
    }

    /// The arguments, as a tuple.
    ///
    /// # Errors
    /// When the message holds something else.
    pub fn arguments<A: Deserialize<'a>>(&self) -> Result<A, Refusal> {
        self.payload.decode().map_err(|_| Refusal::Malformed)
    }

    /// The next handles.
    ///
    /// # Errors
    /// When too few came.
    pub fn handles<H: Handles>(&mut self) -> Result<H, Refusal> {
        take(&mut self.handles).ok_or(Refusal::Malformed)
    }

    /// The interface of the session in which the caller calls, if it does. From here on it is
    /// known by the badge with which it opened it.
    pub(crate) fn enter_session(&mut self) -> Result<Option<&'static Interface>, Refusal> {
        let Some(session) = Session::of_badge(self.caller.badge) else { return Ok(None) };
        let open = self.sessions.as_ref().and_then(|sessions| sessions.find(session));
        let (client, interface) = open.ok_or(Refusal::Refused)?;
        self.caller = Caller::with_badge(client).in_session(session);
        Ok(Some(interface))
    }

    /// Prepares a session of this interface for the caller.
    ///
    /// # Errors
    /// When the server has no sessions, or the caller too many.
    pub fn open(&mut self, interface: &'static Interface) -> Result<Opening, Refusal> {
        let sessions = self.sessions.as_mut().ok_or(Refusal::Refused)?;
        sessions.prepare(self.endpoint, self.caller.badge, interface)
    }

    /// Opens the session if all is well, and answers with it and the value.
    pub fn answer_opened<T: Serialize, E: Serialize>(
        &mut self,
        opening: Opening,
        result: &Result<T, E>,
    ) {
        if result.is_ok()
            && let Some(sessions) = &mut self.sessions
        {
            // There is room: they are the first two.
            let _ = sessions.open(opening, &mut self.answer.transfers);
        }
        self.answer.set(result);
    }

    /// What is lent for reading.
    ///
    /// # Errors
    /// When it is no such loan, or larger than the interface allows.
    pub fn borrow(
        &mut self,
        lending: Lending<Bytes<'a>>,
        most: usize,
    ) -> Result<Borrowed<'a>, Refusal> {
        Borrowed::new(lending, most, || self.handles())
    }

    /// What is lent for writing.
    ///
    /// # Errors
    /// As for [`Call::borrow`].
    pub fn borrow_mut(
        &mut self,
        lending: Lending<u64>,
        most: usize,
    ) -> Result<BorrowedMut, Refusal> {
        let room = core::mem::take(&mut self.answer.bytes);
        BorrowedMut::new(lending, most, room, || self.handles())
    }

    /// Answers with a value and what was written to lent bytes.
    pub fn answer_filled<T: Serialize, E: Serialize>(
        &mut self,
        result: &Result<T, E>,
        filled: BorrowedMut,
    ) {
        self.answer.bytes = filled.into_filled();
        self.answer.set_beside(result);
    }

    /// Answers with a value.
    pub fn answer<T: Serialize, E: Serialize>(&mut self, result: &Result<T, E>) {
        self.answer.set(result);
    }

    /// Answers with handles.
    pub fn answer_handles<H: Handles, E: Serialize>(&mut self, result: Result<H, E>) {
        self.answer_handles_and(result.map(|handles| (handles, ())));
    }

    /// Answers with handles and a value.
    pub fn answer_handles_and<H: Handles, T: Serialize, E: Serialize>(
        &mut self,
        result: Result<(H, T), E>,
    ) {
        let result = result.map(|(handles, value)| {
            const { crate::few_enough(H::COUNT) };
            // There is room: they are the first.
            let _ = self.answer.transfers.push_all(handles);
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
    words: Words,
    bytes: Vec<u8>,
    transfers: Transfers,
}

impl Outgoing {
    fn set<T: Serialize>(&mut self, value: &T) {
        let encoded = encode(value, &mut self.bytes);
        self.set_encoded(encoded);
    }

    /// The same beside the bytes that are there.
    fn set_beside<T: Serialize>(&mut self, value: &T) {
        let encoded = encode_beside(value, &mut self.bytes);
        self.set_encoded(encoded);
    }

    fn set_encoded(&mut self, encoded: Result<Words, CodecError>) {
        self.label = 0;
        match encoded {
            Ok(words) => self.words = words,
            Err(CodecError::TooLong) => self.refuse(Refusal::TooLong),
            Err(CodecError::Malformed) => self.refuse(Refusal::Malformed),
        }
    }

    pub(crate) fn refuse(&mut self, refusal: Refusal) {
        self.label = refusal as u32;
        self.words = Words::default();
        self.bytes.clear();
        self.transfers = Transfers::none();
    }

    /// Whether it refuses instead of answering.
    pub(crate) fn refuses(&self) -> bool {
        self.label != 0
    }

    pub(crate) fn message(&mut self) -> Message<'_> {
        let transfers = core::mem::take(&mut self.transfers);
        Message { label: self.label, words: self.words, bytes: &self.bytes, transfers }
    }
}
