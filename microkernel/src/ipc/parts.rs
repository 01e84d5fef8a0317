//! The parts of a message's way that all ways have: what the two threads see of it.

use crate::machine::Frame;
use crate::object::{IpcBuffer, Pending, State, Thread, ThreadId};
use crate::sched::NextThread;
use abi::Handle;
use core::ops::DerefMut;

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Done {
    /// With these values.
    Values(u64, u64),
    /// The frame was or will be taken care of: a message arrived.
    Elsewhere,
    /// The same, and another thread may run next: this one blocked, woke one, or yields.
    Next(NextThread),
}

impl Done {
    /// Nothing to tell.
    pub(crate) const NOTHING: Self = Self::Values(0, 0);
    /// A new handle.
    pub(crate) fn handle(handle: Handle) -> Self {
        Self::Values(u64::from(handle.0), 0)
    }
}

/// Whether words are all that can pass between the two, with no receipt.
#[inline(always)]
pub(super) fn words_alone<F>(sender: &Thread<F>, receiver: &Thread<F>) -> bool {
    sender.ipc.buffer.sends_nothing() && receiver.ipc.buffer.sends_nothing()
}

/// Those words, in registers.
#[inline(always)]
pub(super) fn copy_registers<F: DerefMut<Target: Frame>>(
    sender: &mut Thread<F>,
    receiver: &mut Thread<F>,
) {
    receiver.frame.words_mut().copy_from_slice(sender.frame.words());
}

/// The words of a message: those in the sender's registers, or of its fault.
#[inline(always)]
pub(super) fn copy_words<F: DerefMut<Target: Frame>>(sender: &Thread<F>, receiver: &mut Thread<F>) {
    *receiver.frame.words_mut() = match &sender.faults.unanswered {
        Some(fault) => fault.words,
        None => *sender.frame.words(),
    };
}

/// What sender and receiver are told of a message whose content was moved. The caller of this
/// function then puts a calling sender among its server's callers.
#[inline(always)]
pub(super) fn arrive<F: DerefMut<Target: Frame>>(
    sender: &mut Thread<F>,
    from: ThreadId,
    receiver: &mut Thread<F>,
    pending: &Pending,
) {
    let mut token = 0;
    if pending.call {
        sender.ipc.token = sender.ipc.token.next();
        sender.state = State::AwaitReply(receiver.process);
        token = sender.ipc.token.value();
    } else {
        sender.ipc.buffer = IpcBuffer::Nothing;
        sender.frame.set_status(0);
    }
    receiver.sched.serving = Some(from);
    receiver.frame.set_status(0);
    receiver.frame.set_values(pending.badge, u64::from(pending.label));
    receiver.frame.set_token(token);
}

/// A caller that is in no list any more has its answer.
#[inline(always)]
pub(super) fn answered<F: DerefMut<Target: Frame>>(
    caller: &mut Thread<F>,
    status: u64,
    label: u32,
) {
    caller.ipc.buffer = IpcBuffer::Nothing;
    caller.frame.set_status(status);
    caller.frame.set_values(0, u64::from(label));
    caller.state = State::Ready;
}
