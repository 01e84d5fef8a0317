//! Upcalls: bits of a notification divert a thread to a handler. What signals are made of.
//!
//! One handler per process; it runs on the stack of the thread that registered it, or on a
//! [`Stack`] of its own, with all bits masked, and may allocate, log and call. A blocking
//! call that it cut short returns [`Error::Interrupted`]. It may use floating point in
//! programs that are built for it: what the thread had in those registers is put back.
//!
//! ```no_run
//! use std::sync::atomic::{AtomicU64, Ordering};
//! static SEEN: AtomicU64 = AtomicU64::new(0);
//! let bell = sys::Notification::create()?;
//! sys::upcall::register(&bell, |bits, _| SEEN.store(bits, Ordering::Relaxed), 0)?;
//! bell.signal(1 << 2)?;
//! # Ok::<(), sys::Error>(())
//! ```

mod mask;
#[cfg(all(target_os = "none", target_feature = "sse2"))]
mod vectors;

use crate::raw::{address_of, argument, plain, with_memory};
use crate::{Error, Mapping, Memory, Notification, PAGE_SIZE, Protection};
pub use abi::SavedFrame;
use abi::Syscall;
use core::sync::atomic::{AtomicPtr, Ordering};
#[cfg(target_os = "none")]
pub(crate) use mask::Masked;
pub use mask::mask;
#[cfg(all(target_os = "none", target_feature = "sse2"))]
use vectors::entry;

/// What runs for the bits. It sees the registers of the interrupted thread.
pub type Handler = fn(bits: u64, interrupted: &SavedFrame);

/// The registered [`Handler`]; null: none.
static HANDLER: AtomicPtr<()> = AtomicPtr::new(core::ptr::null_mut());

/// Diverts the calling thread to the handler for bits of the notification; bits set in
/// `mask` stay pending.
pub fn register(bell: &Notification, handler: Handler, mask: u64) -> Result<(), Error> {
    HANDLER.store(handler as *mut (), Ordering::Release);
    mask::activate();
    let entry = address_of(entry as *const ());
    let arguments = [argument(bell.handle()), entry, 0, mask, 0, 0];
    // SAFETY: 1. `entry` has the convention that the kernel enters handlers with (two
    // arguments, stack as after a call) and never returns. 2. stack 0 means the current
    // stack, below the red zone: memory that no Rust value uses.
    unsafe { with_memory(Syscall::UpcallRegister, arguments) }.map(|_| ())
}

/// The same; for these bits the handler runs on this stack, unless the thread is on it
/// already. The stack is the handler's for good.
pub fn register_on(
    bell: &Notification,
    handler: Handler,
    mask: u64,
    stack: Stack,
    bits: u64,
) -> Result<(), Error> {
    register(bell, handler, mask)?;
    let entry = address_of(entry as *const ());
    let Stack { top, bytes, mapping } = stack;
    let arguments = [argument(bell.handle()), entry, top, mask, bytes, bits];
    // SAFETY: 1. as above. 2. nothing else uses the stack, and it is never unmapped once it
    // is registered.
    unsafe { with_memory(Syscall::UpcallRegister, arguments) }?;
    core::mem::forget(mapping);
    Ok(())
}

/// A stack for handlers. Where there is a kernel, the page below it is never mapped.
#[derive(Debug)]
pub struct Stack {
    top: u64,
    bytes: u64,
    mapping: Mapping,
}

impl Stack {
    /// One of `pages` pages.
    pub fn create(pages: u64) -> Result<Self, Error> {
        let with_guard = pages.checked_add(1).ok_or(Error::BadArgument)?;
        let memory = Memory::create(with_guard)?;
        let mapping = memory.map_own(Protection::ReadWrite)?;
        guard(mapping.address())?;
        let bytes = pages * PAGE_SIZE;
        Ok(Self { top: mapping.address() + PAGE_SIZE + bytes, bytes, mapping })
    }
}

/// Unmaps the lowest page of a stack; its addresses stay taken.
#[cfg(target_os = "none")]
fn guard(address: u64) -> Result<(), Error> {
    // SAFETY: the page was mapped for the stack a moment ago, and nothing is in it.
    unsafe { with_memory(Syscall::Unmap, [0, address, 1, 0, 0, 0]) }.map(|_| ())
}

#[cfg(not(target_os = "none"))]
fn guard(_: u64) -> Result<(), Error> {
    Ok(())
}

/// Sleeps until then; [`Error::Interrupted`] when a handler cut it short.
pub fn sleep_until(deadline_ns: u64) -> Result<(), Error> {
    plain(Syscall::Sleep, [deadline_ns, 0, 0, 0, 0, 0]).map(|_| ())
}

/// Ends upcalls of the calling thread.
pub fn unregister() -> Result<(), Error> {
    // SAFETY: handle 0 only removes a registration.
    unsafe { with_memory(Syscall::UpcallRegister, [0; 6]) }.map(|_| ())
}

/// Where the kernel enters, in programs without vector registers.
#[cfg(not(any(target_arch = "x86", all(target_os = "none", target_feature = "sse2"))))]
extern "C" fn entry(bits: u64, frame: *mut SavedFrame) -> ! {
    handle(bits, frame);
    leave(frame)
}

/// Where the kernel enters 32-bit code: the frame's address is in `esi`; the convention of
/// functions wants it on the stack.
#[cfg(target_arch = "x86")]
#[unsafe(naked)]
extern "C" fn entry() -> ! {
    core::arch::naked_asm!(
        "and esp, -16",
        "sub esp, 12",
        "push esi",
        "call {narrow}",
        "ud2",
        narrow = sym narrow_entry,
    )
}

/// All bits are in the frame; a register has room for half of them.
#[cfg(target_arch = "x86")]
extern "C" fn narrow_entry(frame: *mut SavedFrame) -> ! {
    // SAFETY: the kernel wrote a whole frame there.
    let bits = unsafe { (*frame).bits };
    handle(bits, frame);
    leave(frame)
}

/// Goes back to what the frame holds.
#[cfg(not(all(target_os = "none", target_feature = "sse2")))]
fn leave(frame: *const SavedFrame) -> ! {
    loop {
        // SAFETY: the frame is the kernel's own, unchanged: the thread goes on where it was.
        let _ = unsafe { with_memory(Syscall::UpcallReturn, [address_of(frame), 0, 0, 0, 0, 0]) };
    }
}

/// Runs the handler.
extern "C" fn handle(bits: u64, frame: *mut SavedFrame) {
    let handler = HANDLER.load(Ordering::Acquire);
    if !handler.is_null() {
        // SAFETY: only `register` stores here, and only values of type `Handler`.
        let handler = unsafe { core::mem::transmute::<*mut (), Handler>(handler) };
        // SAFETY: the kernel wrote a whole frame there, on this thread's stack above the
        // current frame, and nothing else uses it.
        handler(bits, unsafe { &*frame });
    }
}
