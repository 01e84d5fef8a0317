//! System calls of 32-bit programs.
//!
//! The same calls as of 64-bit programs, with the same enter and exit; only the values
//! travel in memory, since 32-bit code has neither enough registers nor wide enough ones.
//!
//! | register | in | out |
//! |---|---|---|
//! | eax | number ([`Syscall`](crate::Syscall)) | status: 0, or an [`Error`](crate::Error) |
//! | ebx | address of a [`CompatCall`] | as it was |
//!
//! Number and address are zero-extended. The kernel reads the block when the call begins
//! and writes it when the call is over, before an upcall may divert the thread: so a call
//! that was [`Interrupted`](crate::Error::Interrupted) can be made again with the same block.
//! A block that cannot be read, or is not aligned to 8, is
//! [`BadAddress`](crate::Error::BadAddress) in eax; one that cannot be written when the call
//! is over is a page fault of the thread.
//!
//! **Three ways in.** Which of the two fast ones a CPU has depends on its vendor; `int 0x80`
//! always works.
//!
//! | instruction | on | beside eax | returns to |
//! |---|---|---|---|
//! | `int 0x80` | all | all others as they were | the next instruction |
//! | `sysenter` | Intel | ecx, edx as they were | the address in edx, with the stack in ecx |
//! | `syscall` | AMD | ecx destroyed | the next instruction |
//!
//! `sysenter` keeps neither stack pointer nor place, so the caller gives them. Only threads
//! of 32 bits ([`ThreadMode`](crate::ThreadMode)) may call so. For others `int 0x80` is the
//! [`Protection`](crate::FaultKind::Protection) fault of a gate that is not for them, and
//! `sysenter` an [`IllegalInstruction`](crate::FaultKind::IllegalInstruction).

use crate::WORDS;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// What a system call of 32-bit code takes and gives beside its number and status: the
/// registers of the 64-bit convention, by their roles.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Default, FromBytes, Immutable, IntoBytes, KnownLayout,
)]
#[repr(C, align(8))]
pub struct CompatCall {
    /// Arguments 0 and 1, then value 0 and value 1 (`rdi`, `rsi`).
    pub values: [u64; 2],
    /// Arguments 2 to 5 and message words (`rdx r10 r8 r9 r12 r13 r14`).
    pub words: [u64; WORDS],
    /// The address of an [`Envelope`](crate::Envelope) or 0, then the reply token (`r15`).
    pub envelope: u64,
}

impl CompatCall {
    /// Its size in bytes.
    pub const SIZE: usize = size_of::<Self>();
}

/// The interrupt vector of the gate that 32-bit threads may call through.
pub const COMPAT_VECTOR: u8 = 0x80;

const _: () = assert!(CompatCall::SIZE == 80);
