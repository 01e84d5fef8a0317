//! Upcalls: how the exit loop diverts a thread to its handler.
//!
//! The kernel writes a [`SavedFrame`] below the thread's stack pointer (leaving
//! [`UPCALL_REDZONE`] bytes) or at the top of the registered stack, 16-byte aligned
//! and enters the handler with `rdi` = pending bits, `rsi` = address of the frame and
//! `rsp` = address of the frame - 8. All bits are masked until `UpcallReturn`.
//!
//! Floating point and vector registers are not in the frame: the handler finds them as the
//! thread left them, and leaves its own to the thread. A handler that uses them saves them
//! first; `sys` does so in programs that are built for them.
//!
//! 32-bit threads: the same frame, with zeros in what they do not have; `edi` holds the
//! low half of the bits, [`SavedFrame::bits`] all of them; `esp` = address of the frame - 8.

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Bytes below the stack pointer that an upcall leaves alone.
pub const UPCALL_REDZONE: u64 = 128;

/// The registers of a diverted thread. The handler may change them; what is not
/// safe for user mode is repaired or refused at `UpcallReturn`.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, Default, FromBytes, Immutable, IntoBytes, KnownLayout,
)]
#[repr(C, align(8))]
#[expect(missing_docs, reason = "the names of the registers say it all")]
pub struct SavedFrame {
    pub rax: u64,
    pub rbx: u64,
    pub rcx: u64,
    pub rdx: u64,
    pub rsi: u64,
    pub rdi: u64,
    pub rbp: u64,
    pub rsp: u64,
    pub r8: u64,
    pub r9: u64,
    pub r10: u64,
    pub r11: u64,
    pub r12: u64,
    pub r13: u64,
    pub r14: u64,
    pub r15: u64,
    pub rip: u64,
    pub rflags: u64,
    /// The upcall mask to go back to.
    pub mask: u64,
    /// The bits that are being delivered.
    pub bits: u64,
}

const _: () = assert!(size_of::<SavedFrame>() == 20 * 8);
