//! Threads of this process as the other side of a call.

use crate::bench::Outcome;
use alloc::boxed::Box;
use alloc::vec;
use sys::{Endpoint, FOREVER, Failure, Incoming, Message, Priority, Received, Words};
use sys::{Notification, Rights, trace};

/// The label that ends a server.
const STOP: u32 = 0xdead;
/// More urgent than the checks: it waits again before they go on.
pub(crate) const URGENT: Priority = Priority(41);
/// As urgent as the checks.
pub(crate) const EQUAL: Priority = Priority(40);
/// Less urgent than the checks.
pub(crate) const PATIENT: Priority = Priority(20);
/// As a mask of CPUs.
pub(crate) const FIRST_CPU: u64 = 1;
/// Pages of a peer's stack.
pub(crate) const STACK: u64 = 8;

/// A server in a thread of this process; ended on drop.
pub(crate) struct Peer {
    /// The way to call it.
    pub(crate) endpoint: Endpoint,
}

impl Peer {
    /// Starts a server that does this with each message.
    pub(crate) fn serve(
        mut answer: impl FnMut(Incoming, &[u8]) + Send + 'static,
    ) -> Result<Self, Failure> {
        let endpoint = Endpoint::create()?;
        let own = endpoint.copy(sys::Rights::ALL)?;
        let work = move || {
            let mut buffer = vec![0; abi::MESSAGE_MAX];
            while let Ok(Received::Message(message)) = own.receive(FOREVER, &mut buffer) {
                if message.label == STOP {
                    break;
                }
                let len = message.len.min(buffer.len());
                answer(message, &buffer[..len]);
            }
        };
        let _thread = sys::spawn_thread(STACK, URGENT, work)?;
        Ok(Self { endpoint })
    }

    /// A server that answers with the same label, words and bytes.
    pub(crate) fn echo() -> Result<Self, Failure> {
        Self::serve(|message, bytes| {
            let answer = Message::new(message.label, message.words).with_bytes(bytes);
            reply(message, answer);
        })
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.endpoint.call(STOP, &Words::default());
    }
}

/// Answers, if it was a call.
pub(crate) fn reply(message: Incoming, mut answer: Message<'_>) {
    if let Some(right) = message.reply {
        let _ = right.reply(&mut answer);
    }
}

/// Runs something in another thread of this priority.
pub(crate) fn run(
    priority: Priority,
    work: impl FnOnce() + Send + 'static,
) -> Result<sys::Thread, Failure> {
    let work: Box<dyn FnOnce() + Send> = Box::new(work);
    Ok(sys::spawn_thread(STACK, priority, work)?)
}

/// As [`run`], on the first CPU and no other. When this returns it has not begun, unless
/// it is more urgent than the caller, who must be on that CPU as well: see [`on_one_cpu`].
pub(crate) fn run_beside(
    priority: Priority,
    work: impl FnOnce() + Send + 'static,
) -> Result<sys::Thread, Failure> {
    let (here, begin) = (Notification::create()?, Notification::create()?);
    let (own_here, own_begin) = (here.copy(Rights::ALL)?, begin.copy(Rights::ALL)?);
    let thread = run(priority, move || {
        let _ = trace::set_affinity(FIRST_CPU);
        let _ = own_here.signal(1);
        let _ = own_begin.wait(FOREVER);
        work();
    })?;
    here.wait(FOREVER)?;
    begin.signal(1)?;
    Ok(thread)
}

/// Does something on the first CPU alone: who runs when is a matter of one CPU.
pub(crate) fn on_one_cpu(work: impl FnOnce() -> Outcome) -> Outcome {
    let all = trace::set_affinity(FIRST_CPU)?;
    let outcome = work();
    trace::set_affinity(all)?;
    outcome
}
