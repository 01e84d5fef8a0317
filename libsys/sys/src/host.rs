//! The real kernel, inside the process: programs run on the host as they are.
//!
//! System calls of host threads go to the kernel's own core on its hosted machine, so
//! endpoints, rights, quotas, deaths and deadlines are the real ones. Every thread belongs to
//! a process: by itself to one that all threads of a test binary share; inside [`in_system`]
//! to one of a system of its own; started by [`spawn_in`] to a process that a test made.
//!
//! **What differs.** Mapped memory is the host's: its pages are counted by the kernel, and a
//! loan that is revoked stays readable. There are no upcalls and no devices. A killed thread
//! unwinds at its next system call. A handle is a number in the table of the process whose
//! thread uses it: what another process is to have is given to it ([`give`]), never moved into
//! its thread.

mod given;
mod memory;
mod panic;
mod pointers;
mod seat;

pub use given::{Given, give};
pub(crate) use seat::spawn_own;
pub use seat::{advance, away, balance, in_system, killed, spawn_in};

use crate::raw::{self, Outcome};
use crate::{Error, Object, OwnedHandle, Resource, Words};
use abi::{Envelope, Handle, Protection, Syscall};
use core::cell::Cell;
use seat::with_seat;

thread_local! {
    static STARTUP: Cell<&'static [u8]> = const { Cell::new(&[]) };
    /// Which of its handles were taken.
    static TAKEN: Cell<u64> = const { Cell::new(0) };
}

/// Sets the startup block that this thread's program sees: lines, and the handles under their
/// names.
///
/// # Panics
/// When a line names a handle itself: a number is not one.
pub fn set_startup(lines: &str, handles: impl IntoIterator<Item = (String, OwnedHandle)>) {
    assert!(!lines.lines().any(|line| line.starts_with("handle ")), "handles are given beside");
    let mut text = lines.to_owned();
    for (name, handle) in handles {
        text.push_str(&format!("handle {name} {}\n", handle.into_raw().0));
    }
    STARTUP.set(Box::leak(text.into_bytes().into()));
    TAKEN.set(0);
}

pub(crate) fn mark_taken(bits: u64) -> u64 {
    TAKEN.replace(TAKEN.get() | bits)
}

pub(crate) fn unmark_taken(bits: u64) {
    TAKEN.set(TAKEN.get() & !bits);
}

pub(crate) fn startup_bytes() -> &'static [u8] {
    STARTUP.get()
}

/// How many handles the thread's process has open: for tests that nothing leaks.
#[must_use]
pub fn open_handles() -> usize {
    with_seat(|seat| Ok(seat.handles() as usize)).unwrap_or(0)
}

/// Whether the handle of this object is still open.
#[must_use]
pub fn is_open(object: &impl Object) -> bool {
    let handle = object.as_handle().handle();
    with_seat(|seat| Ok(seat.is_open(handle))).unwrap_or(false)
}

/// The right that init's program has on a machine: a new handle of it, for a test.
pub fn resource() -> Result<Resource, Error> {
    let handle = with_seat(|seat| seat.resource())?;
    // SAFETY: the kernel made it for this call.
    Ok(unsafe { OwnedHandle::from_raw(handle) }.into())
}

/// A call without a message.
///
/// # Safety
/// See [`crate::raw::with_memory`].
pub(crate) unsafe fn plain(number: Syscall, arguments: [u64; 6]) -> Result<(u64, u64), Error> {
    if number == Syscall::ProcessKill && arguments[0] == 0 && seat::is_default() {
        // The shared process is the test binary itself.
        std::process::exit(i32::try_from(arguments[1]).unwrap_or(i32::MAX));
    }
    // SAFETY: the caller's duty is the same.
    unsafe { pointers::call(number, arguments) }
}

/// A call with a message.
///
/// # Safety
/// The envelope's addresses must be good for its lengths until the call returns.
pub(crate) unsafe fn message(
    number: Syscall,
    values: raw::Arguments,
    words: &mut Words,
    envelope: Option<&mut Envelope>,
) -> Outcome {
    let mut none = Envelope::EMPTY;
    let envelope = envelope.unwrap_or(&mut none);
    // SAFETY: the caller promises both.
    let (send, receive) = unsafe { (pointers::sent(envelope), pointers::room(envelope)) };
    let mut arguments = [0; 9];
    arguments[..2].copy_from_slice(&values);
    arguments[2..].copy_from_slice(words);
    let capacity = envelope.receive_capacity;
    let done =
        with_seat(|seat| Ok(seat.exchange(number as u64, &arguments, envelope, send, receive)));
    envelope.receive_capacity = capacity;
    match done {
        Ok(Ok(done)) => {
            *words = done.words;
            let (value0, value1) = done.values;
            Outcome { status: done.status, value0, value1, token: done.token }
        }
        Ok(Err(_gone)) => {
            seat::unwind(Outcome { status: Error::BadState as u64, ..Default::default() })
        }
        Err(error) => Outcome { status: error as u64, ..Outcome::default() },
    }
}

/// Maps: the address of the object's bytes.
pub(crate) fn map_own(
    memory: Handle,
    first: u64,
    pages: u64,
    protection: Protection,
) -> Result<u64, Error> {
    memory::map(memory, first, pages, protection)
}

/// Unmaps.
pub(crate) fn unmap_own(address: u64, pages: u64) {
    memory::unmap(address, pages);
}
