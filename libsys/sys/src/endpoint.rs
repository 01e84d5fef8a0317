//! Endpoints: calls, sends, receives, replies.

use crate::handle::{copy, created, object};
use crate::message::{received_len, taken};
use crate::raw::{Arguments, Returned, argument, check, exchange, exchange_words, plain};
use crate::{
    Answer, Error, FOREVER, Incoming, Message, Notification, Received, ReceivedWords, Rights,
    Transfers, Words,
};
use abi::{Envelope, NOTIFIED_LABEL, ReplyToken, Syscall};

object! {
    /// A meeting point of callers and receivers.
    ///
    /// Which of the methods work depends on the handle's rights: `SEND` for calls and
    /// sends, `RECEIVE` for receives, `MINT` for badged copies.
    Endpoint
}

impl Endpoint {
    /// A new endpoint; the handle has all rights.
    pub fn create() -> Result<Self, Error> {
        created(plain(Syscall::EndpointCreate, [0; 6])).map(Self)
    }

    /// A copy whose messages arrive with this badge.
    pub fn badged(&self, rights: Rights, badge: u64) -> Result<Self, Error> {
        copy(self.handle(), rights, badge).map(Self)
    }

    /// Calls with words only and waits for the reply as long as it takes; handles can come
    /// with it.
    pub fn call(&self, label: u32, words: &Words) -> Result<Answer, Error> {
        self.call_with(&mut Message::new(label, *words), FOREVER, &mut [])
    }

    /// Calls with words, for words: the cheapest call. The reply's label and words; one with
    /// handles is [`Error::HandlesFull`], one with bytes [`Error::TooLong`].
    #[inline]
    pub fn call_words(&self, label: u32, words: &Words) -> Result<(u32, Words), Error> {
        let mut words = *words;
        let out = exchange_words(Syscall::Call, self.arguments(label), &mut words);
        check(out.status).map(|()| (low_half(out.value1), words))
    }

    /// Calls with words and bytes, for words and bytes: the words of the reply take the places
    /// of those that went, its bytes go to `buffer`. Returns its label and its length; handles
    /// that come with it are closed.
    #[inline]
    pub fn call_bytes(
        &self,
        label: u32,
        words: &mut Words,
        bytes: &[u8],
        buffer: &mut [u8],
    ) -> Result<(u32, usize), Error> {
        let (arguments, mut envelope) = (self.arguments(label), Envelope::EMPTY);
        let out = exchange(Syscall::Call, arguments, words, &mut envelope, bytes, buffer);
        check(out.status).map(|()| (low_half(out.value1), bytes_alone(&envelope)))
    }

    /// Calls; bytes of the reply go to `buffer`. Moved handles leave the message when
    /// the call was taken.
    #[inline]
    pub fn call_with(
        &self,
        message: &mut Message<'_>,
        deadline_ns: u64,
        buffer: &mut [u8],
    ) -> Result<Answer, Error> {
        let mut envelope = Self::envelope(&message.transfers, deadline_ns);
        let (arguments, mut words) = (self.arguments(message.label), message.words);
        let out =
            exchange(Syscall::Call, arguments, &mut words, &mut envelope, message.bytes, buffer);
        check(out.status)?;
        message.transfers.delivered();
        Ok(Answer {
            label: low_half(out.value1),
            words,
            len: received_len(&envelope),
            handles: taken(&envelope),
        })
    }

    /// Sends words and waits until a receiver has taken them.
    pub fn send(&self, label: u32, words: &Words) -> Result<(), Error> {
        check(exchange_words(Syscall::Send, self.arguments(label), &mut { *words }).status)
    }

    /// Sends and waits until a receiver has taken it.
    pub fn send_with(&self, message: &mut Message<'_>, deadline_ns: u64) -> Result<(), Error> {
        let mut envelope = Self::envelope(&message.transfers, deadline_ns);
        let (arguments, mut words) = (self.arguments(message.label), message.words);
        let out =
            exchange(Syscall::Send, arguments, &mut words, &mut envelope, message.bytes, &mut []);
        check(out.status)?;
        message.transfers.delivered();
        Ok(())
    }

    /// Waits for a message or the bound notification; bytes go to `buffer`.
    pub fn receive(&self, deadline_ns: u64, buffer: &mut [u8]) -> Result<Received, Error> {
        let mut envelope = Self::envelope(&Transfers::none(), deadline_ns);
        let mut words = Words::default();
        let out =
            exchange(Syscall::Recv, self.arguments(0), &mut words, &mut envelope, &[], buffer);
        received(&out, words, &envelope)
    }

    /// Answers one call and waits for the next message, in one system call.
    ///
    /// A caller that is gone or has no room for the answer is no error here. When the
    /// answer itself is wrong (too long, a handle that may not travel) the error comes with
    /// the right left in `reply`, so that another answer can follow.
    ///
    /// Handles of the answer are closed with the message if they were not taken.
    pub fn reply_receive(
        &self,
        reply: &mut Option<ReplyRight>,
        message: &mut Message<'_>,
        deadline_ns: u64,
        buffer: &mut [u8],
    ) -> Result<Received, Error> {
        let Some(right) = reply.take() else {
            return self.receive(deadline_ns, buffer);
        };
        let token = right.into_token();
        let mut envelope = Self::envelope(&message.transfers, deadline_ns);
        let (arguments, mut words) = (self.answer(token, message.label), message.words);
        let number = Syscall::ReplyRecv;
        let out = exchange(number, arguments, &mut words, &mut envelope, message.bytes, buffer);
        // The call is over, but the wait did not begin.
        if out.status == Error::HandlesFull as u64 {
            return self.receive(deadline_ns, buffer);
        }
        *reply = still_open(token, out.status);
        received(&out, words, &envelope)
    }

    /// The same with words alone in both directions, as long as it takes: the cheapest way to
    /// serve. The words of the next message take the places of the answer's, and the right to
    /// answer it that of the one before. A message with bytes or handles is refused to its
    /// sender, for there is no room.
    #[inline]
    pub fn reply_receive_words(
        &self,
        reply: &mut Option<ReplyRight>,
        label: u32,
        words: &mut Words,
    ) -> Result<ReceivedWords, Error> {
        self.answer_and_wait(reply, label, |number, arguments| {
            exchange_words(number, arguments, words)
        })
    }

    /// The same with bytes in both directions, and the length received. Handles that come with a
    /// message are closed.
    #[inline]
    pub fn reply_receive_bytes(
        &self,
        reply: &mut Option<ReplyRight>,
        label: u32,
        words: &mut Words,
        bytes: &[u8],
        buffer: &mut [u8],
    ) -> Result<(ReceivedWords, usize), Error> {
        let mut envelope = Envelope::EMPTY;
        let received = self.answer_and_wait(reply, label, |number, arguments| {
            exchange(number, arguments, words, &mut envelope, bytes, buffer)
        })?;
        Ok((received, bytes_alone(&envelope)))
    }

    /// Answers, if there is something to answer, and waits, by a call that exchanges messages.
    #[inline(always)]
    fn answer_and_wait(
        &self,
        reply: &mut Option<ReplyRight>,
        label: u32,
        exchange: impl FnOnce(Syscall, Arguments) -> Returned,
    ) -> Result<ReceivedWords, Error> {
        let token = reply.take().map(ReplyRight::into_token);
        let out = match token {
            None => exchange(Syscall::Recv, self.arguments(0)),
            Some(token) => exchange(Syscall::ReplyRecv, self.answer(token, label)),
        };
        if out.status != 0 {
            *reply = token.and_then(|token| still_open(token, out.status));
            check(out.status)?;
        }
        let label = low_half(out.value1);
        if label == NOTIFIED_LABEL {
            return Ok(ReceivedWords::Notified(out.value0));
        }
        *reply = right(&out);
        Ok(ReceivedWords::Message { badge: out.value0, label })
    }

    fn arguments(&self, label: u32) -> Arguments {
        [argument(self.handle()), u64::from(label)]
    }

    /// Arguments of an answer after which the next message is received here.
    fn answer(&self, token: ReplyToken, label: u32) -> Arguments {
        [token.0, u64::from(label) | argument(self.handle()) << 32]
    }
}

/// The right to answer one call, once.
///
/// Dropping it answers with the label [`ReplyRight::ABANDONED`] and nothing else, so
/// that the caller gets an error instead of waiting for ever.
#[derive(Debug)]
#[must_use = "the caller waits; dropping it answers that the call was abandoned"]
pub struct ReplyRight(ReplyToken);

impl ReplyRight {
    /// The label of the answer that dropping gives.
    pub const ABANDONED: u32 = 5;

    pub(crate) fn new(token: ReplyToken) -> Self {
        Self(token)
    }

    /// Answers. With [`Error::BadReply`] the caller is gone; when the answer itself is wrong
    /// (too long, a handle that may not travel) the right comes back with the error.
    ///
    /// Handles of the answer are closed with the message if they were not taken.
    pub fn reply(self, message: &mut Message<'_>) -> Result<(), (Error, Option<Self>)> {
        let token = self.into_token();
        reply_to(token, message).map_err(|error| (error, is_repliers(error).then(|| Self(token))))
    }

    /// Whether the caller still waits. It may stop at any moment: see [`watch_calls`].
    #[must_use]
    pub fn waits(&self) -> bool {
        plain(Syscall::ReplyWaits, [self.0.0, 0, 0, 0, 0, 0]).is_ok_and(|(waits, _)| waits != 0)
    }

    fn into_token(self) -> ReplyToken {
        let token = self.0;
        core::mem::forget(self);
        token
    }
}

impl Drop for ReplyRight {
    // Inlined, so that a right whose address is nowhere else stays in registers.
    #[inline]
    fn drop(&mut self) {
        abandon(self.0);
    }
}

#[cold]
#[inline(never)]
fn abandon(token: ReplyToken) {
    // When that fails the caller is gone already.
    let _ = reply_to(token, &mut Message::new(ReplyRight::ABANDONED, Words::default()));
}

/// From now on the bits are signalled whenever a caller that this process has received stops
/// waiting before it was answered: killed, out of time, interrupted. One notification for
/// the whole process; [`ReplyRight::waits`] tells which caller.
pub fn watch_calls(bell: &Notification, bits: u64) -> Result<(), Error> {
    plain(Syscall::CallsWatch, [argument(bell.handle()), bits, 0, 0, 0, 0]).map(|_| ())
}

fn reply_to(token: ReplyToken, message: &mut Message<'_>) -> Result<(), Error> {
    let mut envelope = Endpoint::envelope(&message.transfers, 0);
    let (arguments, mut words) = ([token.0, u64::from(message.label)], message.words);
    let number = Syscall::Reply;
    let out = exchange(number, arguments, &mut words, &mut envelope, message.bytes, &mut []);
    check(out.status)
}

/// The right to answer once more, when the answer was wrong: the call is still open.
fn still_open(token: ReplyToken, status: u64) -> Option<ReplyRight> {
    check(status).is_err_and(is_repliers).then(|| ReplyRight::new(token))
}

/// Whether an error of a reply is the replier's own: the call is still open.
fn is_repliers(error: Error) -> bool {
    matches!(
        error,
        Error::TooLong | Error::BadAddress | Error::BadHandle | Error::NoRight | Error::BadArgument
    )
}

/// The length received; handles are closed.
#[inline(always)]
fn bytes_alone(envelope: &Envelope) -> usize {
    if envelope.taken != [0; abi::MESSAGE_HANDLES] {
        drop(taken(envelope));
    }
    received_len(envelope)
}

/// The right to answer the message, if it was a call.
fn right(out: &Returned) -> Option<ReplyRight> {
    (out.token != 0).then(|| ReplyRight(ReplyToken(out.token)))
}

fn received(out: &Returned, words: Words, envelope: &Envelope) -> Result<Received, Error> {
    check(out.status)?;
    let label = low_half(out.value1);
    if label == NOTIFIED_LABEL {
        return Ok(Received::Notified(out.value0));
    }
    Ok(Received::Message(Incoming {
        badge: out.value0,
        label,
        words,
        len: received_len(envelope),
        handles: taken(envelope),
        reply: right(out),
    }))
}

/// A label as the kernel returns it, in the low half of a register.
fn low_half(value: u64) -> u32 {
    u32::try_from(value & u64::from(u32::MAX)).unwrap_or(u32::MAX)
}
