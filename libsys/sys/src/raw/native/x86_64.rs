//! The `SYSCALL` instruction, written once for each register convention.

use crate::Error;
use crate::raw::convention::{Arguments, Returned, Words, check, envelope_register};
use abi::{Envelope, Syscall};
use core::arch::asm;

/// A call without a message.
///
/// # Safety
/// See [`crate::raw::with_memory`].
#[inline(always)]
pub(crate) unsafe fn plain(number: Syscall, arguments: [u64; 6]) -> Result<(u64, u64), Error> {
    let [a0, a1, a2, a3, a4, a5] = arguments;
    let (status, value0, value1);
    // SAFETY: 1. the registers are those of the ABI; all that the kernel changes are
    // declared as outputs. 2. it uses no user stack but below the red zone of an upcall.
    // 3. memory it touches is the caller's duty; without `nomem` the compiler keeps
    // memory in order around it.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") number as u64 => status,
            inlateout("rdi") a0 => value0,
            inlateout("rsi") a1 => value1,
            in("rdx") a2,
            in("r10") a3,
            in("r8") a4,
            in("r9") a5,
            lateout("rcx") _,
            lateout("r11") _,
            options(nostack),
        );
    }
    check(status).map(|()| (value0, value1))
}

/// A call with a message; without an envelope words alone can go and come. Those that come
/// take the places of those that go.
///
/// # Safety
/// The envelope's addresses must be good for its lengths until the call returns.
#[inline(always)]
pub(crate) unsafe fn message(
    number: Syscall,
    [target, label]: Arguments,
    words: &mut Words,
    envelope: Option<&mut Envelope>,
) -> Returned {
    let mut out = Returned::default();
    // SAFETY: as in `plain`; message calls also return words and a token in the
    // registers listed.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") number as u64 => out.status,
            inlateout("rdi") target => out.value0,
            inlateout("rsi") label => out.value1,
            inlateout("rdx") words[0],
            inlateout("r10") words[1],
            inlateout("r8") words[2],
            inlateout("r9") words[3],
            inlateout("r12") words[4],
            inlateout("r13") words[5],
            inlateout("r14") words[6],
            inlateout("r15") envelope_register(envelope) => out.token,
            lateout("rcx") _,
            lateout("r11") _,
            options(nostack),
        );
    }
    out
}
