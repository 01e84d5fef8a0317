//! Endpoints: calls, sends, receives, replies.

use crate::handle::{copy, created, object};
use crate::message::{received_len, taken};
use crate::raw::{Outcome, Registers, argument, check, exchange, exchange_words, plain};
use crate::{
    Answer, Error, FOREVER, Gifts, Incoming, Message, Notification, Received, Rights, Words,
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
    pub fn call_words(&self, label: u32, words: &Words) -> Result<(u32, Words), Error> {
        let out = exchange_words(Syscall::Call, &self.registers(label, words));
        check(out.status).map(|()| (low_half(out.value1), out.words))
    }

    /// Calls; bytes of the reply go to `buffer`. Moved handles leave the message when
    /// the call was taken.
    pub fn call_with(
        &self,
        message: &mut Message<'_>,
        deadline_ns: u64,
        buffer: &mut [u8],
    ) -> Result<Answer, Error> {
        let mut envelope = Self::envelope(&message.gifts, deadline_ns);
        let registers = self.registers(message.label, &message.words);
        let out = exchange(Syscall::Call, &registers, &mut envelope, message.bytes, buffer);
        check(out.status)?;
        message.gifts.delivered();
        Ok(Answer {
            label: low_half(out.value1),
            words: out.words,
            len: received_len(&envelope),
            handles: taken(&envelope),
        })
    }

    /// Sends words and waits until a receiver has taken them.
    pub fn send(&self, label: u32, words: &Words) -> Result<(), Error> {
        check(exchange_words(Syscall::Send, &self.registers(label, words)).status)
    }

    /// Sends and waits until a receiver has taken it.
    pub fn send_with(&self, message: &mut Message<'_>, deadline_ns: u64) -> Result<(), Error> {
        let mut envelope = Self::envelope(&message.gifts, deadline_ns);
        let registers = self.registers(message.label, &message.words);
        let out = exchange(Syscall::Send, &registers, &mut envelope, message.bytes, &mut []);
        check(out.status)?;
        message.gifts.delivered();
        Ok(())
    }

    /// Waits for a message or the bound notification; bytes go to `buffer`.
    pub fn receive(&self, deadline_ns: u64, buffer: &mut [u8]) -> Result<Received, Error> {
        let mut envelope = Self::envelope(&Gifts::none(), deadline_ns);
        let registers =
            Registers { target: argument(self.handle()), label: 0, words: Words::default() };
        let out = exchange(Syscall::Recv, &registers, &mut envelope, &[], buffer);
        received(&out, &envelope)
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
        let mut envelope = Self::envelope(&message.gifts, deadline_ns);
        let registers = Registers {
            target: token.0,
            label: u64::from(message.label) | argument(self.handle()) << 32,
            words: message.words,
        };
        let out = exchange(Syscall::ReplyRecv, &registers, &mut envelope, message.bytes, buffer);
        // The call is over, but the wait did not begin.
        if out.status == Error::HandlesFull as u64 {
            return self.receive(deadline_ns, buffer);
        }
        give_back(reply, token, &out);
        received(&out, &envelope)
    }

    /// The same with words alone in both directions, as long as it takes: the cheapest way to
    /// serve. A message with bytes or handles is refused to its sender, for there is no room.
    pub fn reply_receive_words(
        &self,
        reply: &mut Option<ReplyRight>,
        label: u32,
        words: &Words,
    ) -> Result<Received, Error> {
        let Some(right) = reply.take() else {
            let out = exchange_words(Syscall::Recv, &self.registers(0, &Words::default()));
            return received(&out, &Envelope::EMPTY);
        };
        let token = right.into_token();
        let registers = Registers {
            target: token.0,
            label: u64::from(label) | argument(self.handle()) << 32,
            words: *words,
        };
        let out = exchange_words(Syscall::ReplyRecv, &registers);
        give_back(reply, token, &out);
        received(&out, &Envelope::EMPTY)
    }

    fn registers(&self, label: u32, words: &Words) -> Registers {
        Registers { target: argument(self.handle()), label: u64::from(label), words: *words }
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
    fn drop(&mut self) {
        // Nobody is left to tell when that fails: the caller is gone.
        let _ = reply_to(self.0, &mut Message::new(Self::ABANDONED, Words::default()));
    }
}

/// From now on the bits are signalled whenever a caller that this process has received stops
/// waiting before it was answered: killed, out of time, interrupted. One notification for
/// the whole process; [`ReplyRight::waits`] tells which caller.
pub fn watch_calls(bell: &Notification, bits: u64) -> Result<(), Error> {
    plain(Syscall::CallsWatch, [argument(bell.handle()), bits, 0, 0, 0, 0]).map(|_| ())
}

fn reply_to(token: ReplyToken, message: &mut Message<'_>) -> Result<(), Error> {
    let mut envelope = Endpoint::envelope(&message.gifts, 0);
    let registers =
        Registers { target: token.0, label: u64::from(message.label), words: message.words };
    let out = exchange(Syscall::Reply, &registers, &mut envelope, message.bytes, &mut []);
    check(out.status)
}

/// The right to answer comes back when the answer was wrong: the call is still open.
fn give_back(reply: &mut Option<ReplyRight>, token: ReplyToken, out: &Outcome) {
    if check(out.status).is_err_and(is_repliers) {
        *reply = Some(ReplyRight::new(token));
    }
}

/// Whether an error of a reply is the replier's own: the call is still open.
fn is_repliers(error: Error) -> bool {
    matches!(
        error,
        Error::TooLong | Error::BadAddress | Error::BadHandle | Error::NoRight | Error::BadArgument
    )
}

fn received(out: &Outcome, envelope: &Envelope) -> Result<Received, Error> {
    check(out.status)?;
    let label = low_half(out.value1);
    if label == NOTIFIED_LABEL {
        return Ok(Received::Notified(out.value0));
    }
    Ok(Received::Message(Incoming {
        badge: out.value0,
        label,
        words: out.words,
        len: received_len(envelope),
        handles: taken(envelope),
        reply: (out.token != 0).then(|| ReplyRight(ReplyToken(out.token))),
    }))
}

/// A label as the kernel returns it, in the low half of a register.
fn low_half(value: u64) -> u32 {
    u32::try_from(value & u64::from(u32::MAX)).unwrap_or(u32::MAX)
}
