//! Calls without an object: time, log, information, the end.

use crate::raw::{address_of, plain, with_memory};
use crate::{Error, FaultKind, SystemInfo};
use abi::Syscall;

/// Time since boot in nanoseconds.
#[must_use]
#[inline]
pub fn clock() -> u64 {
    plain(Syscall::Clock, [0; 6]).map_or(0, |(now, _)| now)
}

/// Sleeps until a time. An upcall does not cut it short.
pub fn sleep_until(deadline_ns: u64) {
    while plain(Syscall::Sleep, [deadline_ns, 0, 0, 0, 0, 0]) == Err(Error::Interrupted) {}
}

/// Sleeps for `ns` nanoseconds.
pub fn sleep_for(ns: u64) {
    sleep_until(clock().saturating_add(ns));
}

/// Lets other threads of the same priority run.
pub fn yield_now() {
    let _ = plain(Syscall::Yield, [0; 6]);
}

/// The machine as the kernel sees it.
pub fn system_info() -> Result<SystemInfo, Error> {
    let mut info = SystemInfo::default();
    let address = address_of(&raw mut info);
    // SAFETY: 1. the kernel writes one `SystemInfo` to an exclusive, live value.
    // 2. it is plain numbers: every bit pattern is a value of it.
    unsafe { with_memory(Syscall::SystemInfo, [address, 0, 0, 0, 0, 0]) }?;
    Ok(info)
}

/// Writes a piece of this program's defmt stream to the system log, 1,024 bytes at a time.
pub fn log_write(bytes: &[u8]) -> Result<(), Error> {
    for piece in bytes.chunks(1024) {
        let arguments = [address_of(piece.as_ptr()), piece.len() as u64, 0, 0, 0, 0];
        // SAFETY: the kernel only reads `piece`, which lives until the call returns.
        unsafe { with_memory(Syscall::LogWrite, arguments) }?;
    }
    Ok(())
}

/// Reports a fault of this program's own to its handler, which may let it go on.
/// Only the first 256 bytes of the text are told.
pub fn raise_fault(kind: FaultKind, text: &str) -> Result<(), Error> {
    let bytes = &text.as_bytes()[..text.len().min(256)];
    let arguments = [kind as u64, address_of(bytes.as_ptr()), bytes.len() as u64, 0, 0, 0];
    // SAFETY: the kernel only reads `bytes`, which lives until the call returns.
    unsafe { with_memory(Syscall::FaultRaise, arguments) }.map(|_| ())
}

/// Ends this process.
pub fn exit(status: u64) -> ! {
    loop {
        let _ = plain(Syscall::ProcessKill, [0, status, 0, 0, 0, 0]);
    }
}
