//! System calls of the host: to the kernel's core on its hosted machine, by the calling
//! thread's seat.

mod pointers;
pub(crate) mod seat;

use super::convention::{Arguments, Returned, Words};
use crate::Error;
use abi::{Envelope, Syscall};
use seat::with_seat;

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
    values: Arguments,
    words: &mut Words,
    envelope: Option<&mut Envelope>,
) -> Returned {
    let mut none = Envelope::EMPTY;
    let envelope = envelope.unwrap_or(&mut none);
    // SAFETY: the caller promises both.
    let (send, receive) =
        unsafe { (pointers::send_buffer(envelope), pointers::receive_buffer(envelope)) };
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
            Returned { status: done.status, value0, value1, token: done.token }
        }
        Ok(Err(_gone)) => {
            seat::unwind(Returned { status: Error::BadState as u64, ..Default::default() })
        }
        Err(error) => Returned { status: error as u64, ..Returned::default() },
    }
}
