//! Threads of this process as the other side of a call.

use alloc::boxed::Box;
use alloc::vec;
use sys::{Endpoint, FOREVER, Failure, Incoming, Message, Priority, Received, Words};

/// The label that ends a server.
const STOP: u32 = 0xdead;
/// More urgent than the checks: it waits again before they go on.
pub(crate) const URGENT: Priority = Priority(41);
/// As urgent as the checks.
pub(crate) const EQUAL: Priority = Priority(40);
/// Less urgent than the checks.
pub(crate) const PATIENT: Priority = Priority(20);
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
