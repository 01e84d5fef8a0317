//! System calls of 32-bit code: the values in a [`CompatCall`] on the stack, and the fastest
//! way in that the CPU has.

use crate::Error;
use crate::raw::convention::{Arguments, Returned, Words, check, envelope_register};
use abi::{CompatCall, Envelope, Syscall};
use core::arch::naked_asm;
use core::arch::x86::__cpuid;
use core::sync::atomic::{AtomicU8, Ordering::Relaxed};

/// A way into the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Way {
    /// `int 0x80`: every CPU.
    Gate = 1,
    /// `sysenter`: Intel's CPUs.
    Sysenter = 2,
    /// `syscall`: AMD's CPUs.
    Syscall = 3,
}

/// The way that was chosen; 0: not yet.
static CHOSEN: AtomicU8 = AtomicU8::new(0);

/// The way of this CPU.
pub(crate) fn way() -> Way {
    match CHOSEN.load(Relaxed) {
        1 => Way::Gate,
        2 => Way::Sysenter,
        3 => Way::Syscall,
        _ => {
            let way = by_vendor();
            CHOSEN.store(way as u8, Relaxed);
            way
        }
    }
}

fn by_vendor() -> Way {
    let [intel, amd] = [*b"GenuineIntel", *b"AuthenticAMD"];
    let leaf = __cpuid(0);
    let mut vendor = [0; 12];
    for (place, register) in vendor.chunks_exact_mut(4).zip([leaf.ebx, leaf.edx, leaf.ecx]) {
        place.copy_from_slice(&register.to_le_bytes());
    }
    match vendor {
        vendor if vendor == intel => Way::Sysenter,
        vendor if vendor == amd => Way::Syscall,
        _ => Way::Gate,
    }
}

/// Makes the call by this way: the status.
///
/// # Safety
/// 1. The CPU has the way. 2. See [`crate::raw::with_memory`].
pub(crate) unsafe fn enter_by(way: Way, number: u32, call: &mut CompatCall) -> u32 {
    // SAFETY: the caller's promises; the block is a live, exclusive, aligned value.
    unsafe {
        match way {
            Way::Gate => by_gate(number, call),
            Way::Sysenter => by_sysenter(number, call),
            Way::Syscall => by_syscall(number, call),
        }
    }
}

#[unsafe(naked)]
unsafe extern "C" fn by_gate(_number: u32, _call: *mut CompatCall) -> u32 {
    naked_asm!(
        "push ebx",
        "mov eax, [esp + 8]",
        "mov ebx, [esp + 12]",
        "int 0x80",
        "pop ebx",
        "ret",
    )
}

#[unsafe(naked)]
unsafe extern "C" fn by_sysenter(_number: u32, _call: *mut CompatCall) -> u32 {
    // AT&T syntax, since the other has no word for the address of a numbered label.
    naked_asm!(
        "push %ebx",
        "mov 8(%esp), %eax",
        "mov 12(%esp), %ebx",
        // The kernel is told the stack and the place; the instruction keeps neither.
        "mov %esp, %ecx",
        "mov $2f, %edx",
        "sysenter",
        "2:",
        "pop %ebx",
        "ret",
        options(att_syntax),
    )
}

#[unsafe(naked)]
unsafe extern "C" fn by_syscall(_number: u32, _call: *mut CompatCall) -> u32 {
    naked_asm!(
        "push ebx",
        "mov eax, [esp + 8]",
        "mov ebx, [esp + 12]",
        // Destroys ecx, which the caller does not keep.
        "syscall",
        "pop ebx",
        "ret",
    )
}

/// The status, which has few values.
unsafe fn enter(number: Syscall, call: &mut CompatCall) -> u64 {
    // SAFETY: 1. `way` asked the CPU. 2. The caller's promise.
    u64::from(unsafe { enter_by(way(), number as u32, call) })
}

/// A call without a message.
///
/// # Safety
/// See [`crate::raw::with_memory`].
pub(crate) unsafe fn plain(number: Syscall, arguments: [u64; 6]) -> Result<(u64, u64), Error> {
    let [a0, a1, a2, a3, a4, a5] = arguments;
    let mut call = CompatCall { values: [a0, a1], words: [a2, a3, a4, a5, 0, 0, 0], envelope: 0 };
    // SAFETY: memory that the call touches is the caller's duty.
    let status = unsafe { enter(number, &mut call) };
    check(status).map(|()| (call.values[0], call.values[1]))
}

/// A call with a message; without an envelope words alone can go and come. Those that come
/// take the places of those that go.
///
/// # Safety
/// The envelope's addresses must be good for its lengths until the call returns.
pub(crate) unsafe fn message(
    number: Syscall,
    values: Arguments,
    words: &mut Words,
    envelope: Option<&mut Envelope>,
) -> Returned {
    let mut call = CompatCall { values, words: *words, envelope: envelope_register(envelope) };
    // SAFETY: message calls touch the envelope and what it names, and no other memory.
    let status = unsafe { enter(number, &mut call) };
    let CompatCall { values: [value0, value1], envelope: token, .. } = call;
    *words = call.words;
    Returned { status, value0, value1, token }
}
