//! A small kernel inside the process, so that programs' logic can be tested on the host.
//!
//! It has endpoints, notifications, memory, sleep and the clock, shared by all threads of
//! the test; other calls answer [`Error::NoSuchCall`]. All threads count as one process.
//! What a test of libsys or of a server's logic needs, not a model of the real kernel:
//! that is `core_kernel` with its hosted machine.

mod endpoint;
mod kernel;
mod memory;

use crate::raw::{Outcome, Registers};
use crate::{Error, Object};
use abi::{Envelope, Handle, Protection, Syscall};
use core::cell::Cell;
use kernel::KERNEL;

thread_local! {
    static STARTUP: Cell<&'static [u8]> = const { Cell::new(&[]) };
    /// Which of its handles were taken.
    static TAKEN: Cell<u64> = const { Cell::new(0) };
}

/// Sets the startup block that this thread's program sees.
pub fn set_startup(text: &str) {
    STARTUP.set(Box::leak(text.as_bytes().into()));
    TAKEN.set(0);
}

pub(crate) fn mark_taken(bits: u64) -> u64 {
    TAKEN.replace(TAKEN.get() | bits)
}

pub(crate) fn startup_bytes() -> &'static [u8] {
    STARTUP.get()
}

/// Lets all callers of the endpoint fail as if the server had died: those who wait for an
/// answer, and those who were not yet received when `queued` says so.
pub fn fail_calls(endpoint: &crate::Endpoint, queued: bool) {
    KERNEL.lock().fail_calls(endpoint.handle(), queued);
}

/// How many handles are open: for tests that nothing leaks.
#[must_use]
pub fn open_handles() -> usize {
    KERNEL.lock().open_handles()
}

/// Whether the handle of this object is still open.
#[must_use]
pub fn is_open(object: &impl Object) -> bool {
    KERNEL.lock().is_open(object.handle())
}

/// A call without a message.
///
/// # Safety
/// See [`crate::raw::with_memory`].
pub(crate) unsafe fn plain(number: Syscall, arguments: [u64; 6]) -> Result<(u64, u64), Error> {
    kernel::plain(number, arguments)
}

/// A call with a message.
///
/// # Safety
/// The envelope's addresses must be good for its lengths until the call returns.
pub(crate) unsafe fn message(
    number: Syscall,
    registers: &Registers,
    envelope: &mut Envelope,
) -> Outcome {
    let done = match number {
        Syscall::Call | Syscall::Send => {
            endpoint::send(number == Syscall::Call, registers, envelope)
        }
        Syscall::Recv => endpoint::receive(registers.target, envelope),
        Syscall::Reply => endpoint::reply(registers, envelope).map(|()| Outcome::default()),
        Syscall::ReplyRecv => endpoint::reply_receive(registers, envelope),
        _ => Err(Error::NoSuchCall),
    };
    done.unwrap_or_else(|error| Outcome { status: error as u64, ..Outcome::default() })
}

/// Maps: the address of the object's bytes.
pub(crate) fn map_own(
    memory: Handle,
    first: u64,
    pages: u64,
    _protection: Protection,
) -> Result<u64, Error> {
    KERNEL.lock().map(memory, first, pages)
}

/// Unmaps.
pub(crate) fn unmap_own(address: u64, pages: u64) {
    KERNEL.lock().unmap(address, pages);
}
