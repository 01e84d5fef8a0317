//! The two shapes of a system call: plain, and with a message.

#[cfg(target_os = "none")]
mod native;
#[cfg(target_os = "none")]
use native as backend;

#[cfg(not(target_os = "none"))]
use crate::host as backend;

use crate::{Error, Words};
use abi::{Envelope, Handle, Syscall};

#[cfg(all(target_os = "none", target_arch = "x86", feature = "hazard"))]
pub use native::Way;
#[cfg(all(target_os = "none", target_arch = "x86", feature = "hazard"))]
pub(crate) use native::{enter_by, way};

/// What a message call takes beside its words: argument 0, an endpoint or a reply token, and
/// argument 1, the label, and for `ReplyRecv` the endpoint.
pub(crate) type Arguments = [u64; 2];

/// What a message call gives back beside the words.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Outcome {
    /// 0 or an error's number.
    pub(crate) status: u64,
    /// Value 0: badge, bits or label.
    pub(crate) value0: u64,
    /// Value 1: label.
    pub(crate) value1: u64,
    /// The reply token.
    pub(crate) token: u64,
}

/// Status to result. A number that the ABI does not know counts as [`Error::NoSuchCall`].
pub(crate) fn check(status: u64) -> Result<(), Error> {
    match status {
        0 => Ok(()),
        other => Err(Error::from_status(other).unwrap_or(Error::NoSuchCall)),
    }
}

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
) -> Outcome {
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
pub(crate) fn exchange_words(number: Syscall, arguments: Arguments, words: &mut Words) -> Outcome {
    // SAFETY: message calls without an envelope touch no memory.
    unsafe { backend::message(number, arguments, words, None) }
}

/// What travels for an envelope in a register.
#[cfg(target_os = "none")]
pub(crate) fn envelope_register(envelope: Option<&mut Envelope>) -> u64 {
    envelope.map_or(0, |envelope| {
        let address = address_of(core::ptr::from_mut(envelope));
        envelope.register(address)
    })
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

/// The value of a handle as an argument.
pub(crate) fn argument(handle: Handle) -> u64 {
    u64::from(handle.0)
}

/// The handle in a result.
pub(crate) fn handle_in(value: u64) -> Result<Handle, Error> {
    u32::try_from(value).map(Handle).map_err(|_| Error::BadHandle)
}

/// A pointer as the kernel wants it; the memory counts as reachable by the kernel.
pub(crate) fn address_of<T>(pointer: *const T) -> u64 {
    pointer.expose_provenance() as u64
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
            | Syscall::PortCreate
            | Syscall::PortRead
            | Syscall::PortWrite
            | Syscall::Shutdown
    )
}

/// Maps pages of a memory object into this process, at an address of the backend's choice.
pub(crate) fn map_own(
    memory: Handle,
    first: u64,
    pages: u64,
    protection: abi::Protection,
) -> Result<u64, Error> {
    backend::map_own(memory, first, pages, protection)
}

/// Unmaps what [`map_own`] mapped; the caller has no reference to it any more.
pub(crate) fn unmap_own(address: u64, pages: u64) {
    backend::unmap_own(address, pages);
}
