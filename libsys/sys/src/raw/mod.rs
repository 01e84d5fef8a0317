//! The two shapes of a system call: plain, and with a message.

#[cfg(target_os = "none")]
mod native;
#[cfg(target_os = "none")]
use native as backend;

#[cfg(not(target_os = "none"))]
pub(crate) mod hosted;
#[cfg(not(target_os = "none"))]
use hosted as backend;

mod convention;

use crate::Error;
use abi::{Envelope, Syscall};
pub use convention::Words;
pub(crate) use convention::{Arguments, Returned, address_of, argument, check, handle_in};

#[cfg(all(target_os = "none", target_arch = "x86", feature = "hazard"))]
pub use native::Way;
#[cfg(all(target_os = "none", target_arch = "x86", feature = "hazard"))]
pub(crate) use native::{enter_by, way};

/// A call with a message. The words that come take the places of those that go. The
/// envelope's addresses are filled here from real slices, which is what makes it safe.
#[inline]
pub(crate) fn exchange(
    number: Syscall,
    arguments: Arguments,
    words: &mut Words,
    envelope: &mut Envelope,
    send: &[u8],
    receive: &mut [u8],
) -> Returned {
    envelope.send_address = address_of(send.as_ptr());
    envelope.send_len = send.len() as u64;
    envelope.receive_address = address_of(receive.as_mut_ptr());
    envelope.receive_capacity = receive.len() as u64;
    // SAFETY: 1. the envelope is a live, exclusive, 8-byte aligned value. 2. its addresses
    // and lengths come from two slices that live until the call returns, the one that the
    // kernel writes being exclusive. 3. message calls touch no other memory.
    unsafe { backend::message(number, arguments, words, Some(envelope)) }
}

/// A call with words and nothing else, in both directions; it waits as long as it takes.
#[inline(always)]
pub(crate) fn exchange_words(number: Syscall, arguments: Arguments, words: &mut Words) -> Returned {
    // SAFETY: message calls without an envelope touch no memory.
    unsafe { backend::message(number, arguments, words, None) }
}

/// A call that names no memory: numbers and handles only. Inlined, so that the check of a number
/// that is known costs nothing, however many callers there are.
#[inline(always)]
pub(crate) fn plain(number: Syscall, arguments: [u64; 6]) -> Result<(u64, u64), Error> {
    if !names_no_memory(number) {
        return Err(Error::BadArgument);
    }
    // SAFETY: `names_no_memory`: the kernel reads and writes no user memory in this call,
    // changes no mapping and starts no code of this process.
    unsafe { backend::plain(number, arguments) }
}

/// A call that may read or write memory, change mappings or start threads.
///
/// # Safety
/// Addresses among the arguments must be good for what the call does with them: readable
/// or exclusively writable for the length given, unused by Rust values when their mapping
/// changes, and the entry of code that keeps to the ABI where they are run.
pub(crate) unsafe fn with_memory(
    number: Syscall,
    arguments: [u64; 6],
) -> Result<(u64, u64), Error> {
    // SAFETY: the caller's duty is the same.
    unsafe { backend::plain(number, arguments) }
}

/// Whether the call takes no address, so that it can do no harm to memory safety.
const fn names_no_memory(number: Syscall) -> bool {
    matches!(
        number,
        Syscall::HandleClose
            | Syscall::HandleCopy
            | Syscall::HandleGive
            | Syscall::HandleInfo
            | Syscall::EndpointCreate
            | Syscall::NotificationCreate
            | Syscall::Signal
            | Syscall::Wait
            | Syscall::Bind
            | Syscall::UpcallMask
            | Syscall::MemoryCreate
            | Syscall::MemoryDevice
            | Syscall::MemoryInfo
            | Syscall::MemoryLend
            | Syscall::ProcessFaults
            | Syscall::ProcessKill
            | Syscall::ProcessSuspend
            | Syscall::ProcessResume
            | Syscall::ProcessThread
            | Syscall::ProcessTrace
            | Syscall::ProcessFilter
            | Syscall::ProcessDispatch
            | Syscall::ThreadResume
            | Syscall::ThreadSuspend
            | Syscall::ThreadKill
            | Syscall::ThreadPriority
            | Syscall::ThreadAffinity
            | Syscall::ThreadClock
            | Syscall::ContextCreate
            | Syscall::ContextConfigure
            | Syscall::ContextBind
            | Syscall::ContextInfo
            | Syscall::ThreadPassive
            | Syscall::PortAllow
            | Syscall::ProcessFind
            | Syscall::Yield
            | Syscall::Sleep
            | Syscall::TimerCreate
            | Syscall::LifelineCreate
            | Syscall::LifelineHeld
            | Syscall::ReplyWaits
            | Syscall::CallsWatch
            | Syscall::TimerArm
            | Syscall::Clock
            | Syscall::IrqCreate
            | Syscall::IrqAck
            | Syscall::IrqInfo
            | Syscall::MsiCreate
            | Syscall::IoSpaceCreate
            | Syscall::IoMap
            | Syscall::IoUnmap
            | Syscall::IoSpaceClear
            | Syscall::PortCreate
            | Syscall::PortRead
            | Syscall::PortWrite
            | Syscall::Shutdown
    )
}
