//! Deliberate wrongs of 32-bit programs, for test programs alone (feature `hazard`).
//!
//! As for 64-bit programs: a program that turns this on can break itself, and itself only.
//! All assembly is in AT&T syntax, which has words for far jumps between the modes.

pub use crate::raw::Way;
use abi::CompatCall;
use core::arch::naked_asm;

/// The CPU's counter of ticks.
#[must_use]
pub fn ticks() -> u64 {
    // SAFETY: every CPU that runs this has it, and the kernel lets programs read it.
    unsafe { core::arch::x86::_rdtsc() }
}

/// The way in that system calls of this program use on this CPU.
#[must_use]
pub fn way() -> Way {
    crate::raw::way()
}

/// Any system call by any way. The block's address is the test's choice too.
///
/// What the kernel does with memory is the test's choice: programs with this feature pass
/// addresses of buffers that they own, or addresses that must be refused.
pub fn call(way: Way, number: u32, call: &mut CompatCall) -> u32 {
    // SAFETY: 1. on a CPU that does not have the way it is an illegal instruction, which is
    // the test. 2. see above.
    unsafe { crate::raw::enter_by(way, number, call) }
}

/// A handler of upcalls that leaves at once, on whatever stack it is.
#[must_use]
pub fn upcall_return() -> u64 {
    (upcall_handler as *const ()).expose_provenance() as u64
}

/// The frame's address is in `esi`; the block of the call goes below it.
#[unsafe(naked)]
extern "C" fn upcall_handler() -> ! {
    naked_asm!(
        "and $-16, %esp
         sub $80, %esp
         mov %esi, (%esp)
         movl $0, 4(%esp)
         mov %esp, %ebx
         mov ${number}, %eax
         int $0x80
         ud2",
        number = const abi::Syscall::UpcallReturn as u32,
        options(att_syntax),
    )
}

/// What goes into a call and what is found after it, register by register.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
#[expect(missing_docs, reason = "the names of the registers say it all")]
pub struct Probe {
    /// In: the number of the call.
    pub number: u32,
    /// In: the address of its block.
    pub block: u32,
    /// In: flags to be set.
    pub flags: u32,
    /// In: the selector of data segments.
    pub selector: u32,
    pub eax: u32,
    pub ebx: u32,
    pub ecx: u32,
    pub edx: u32,
    pub esi: u32,
    pub edi: u32,
    pub ebp: u32,
    pub eflags: u32,
    pub ds: u32,
    pub es: u32,
}

/// What [`probe`] puts into the registers that a call has no use for.
pub const PATTERN: u32 = 0x5a5a_0f0f;
/// The selector of data segments of all programs.
pub const DATA_SELECTOR: u32 = 0x23;

/// Registers that only 64-bit code sees: `rax rbx rcx rdx rsi rdi rbp rsp`, then `r8` to `r15`.
pub type Wide = [u64; 16];

// Back from 64-bit code by a far jump through memory: QEMU 7.2 takes the far return of a user
// for an access of the kernel, which SMAP forbids.

/// What goes before the instruction of a way: SYSENTER is told the place in `edx`, and in
/// `ecx` the stack as it will be: this number of bytes higher than it is here.
macro_rules! before {
    (sysenter, $bytes:literal) => {
        concat!("lea ", $bytes, "(%esp), %ecx\n mov $7f, %edx")
    };
    ($way:ident, $bytes:literal) => {
        ""
    };
}

/// The instruction of each way.
macro_rules! entry_of {
    (gate) => {
        "int $0x80"
    };
    (sysenter) => {
        "sysenter\n 7:"
    };
    (syscall) => {
        "syscall"
    };
}

macro_rules! probes {
    ($($way:ident $probe:ident $leak:ident,)*) => {$(
        #[unsafe(naked)]
        unsafe extern "C" fn $probe(_probe: *mut Probe) {
            naked_asm!(
                "push %ebp
                 push %ebx
                 push %esi
                 push %edi
                 mov 20(%esp), %esi
                 push %esi
                 pushf
                 pop %ecx
                 or 8(%esi), %ecx
                 push %ecx
                 mov (%esi), %eax
                 mov 4(%esi), %ebx
                 mov 12(%esi), %ecx
                 mov $0x5a5a0f0f, %edx
                 mov %edx, %esi
                 mov %edx, %edi
                 mov %edx, %ebp
                 mov %ecx, %ds
                 mov %ecx, %es
                 mov %edx, %ecx",
                before!($way, "4"),
                // A single step that this turns on is over the way in itself.
                "popf",
                entry_of!($way),
                // esi, flags and the probe's address; the last was pushed above.
                "pushf
                 push %esi
                 push %eax
                 xor %esi, %esi
                 mov %ds, %esi
                 push %esi
                 mov %es, %esi
                 push %esi
                 push $0x202
                 popf
                 mov $0x23, %esi
                 mov %esi, %ds
                 mov %esi, %es
                 mov 20(%esp), %esi
                 mov %ebx, 20(%esi)
                 mov %ecx, 24(%esi)
                 mov %edx, 28(%esi)
                 mov %edi, 36(%esi)
                 mov %ebp, 40(%esi)
                 pop 52(%esi)
                 pop 48(%esi)
                 pop 16(%esi)
                 pop 32(%esi)
                 pop 44(%esi)
                 pop %esi
                 pop %edi
                 pop %esi
                 pop %ebx
                 pop %ebp
                 ret",
                options(att_syntax),
            )
        }

        /// Out of 64-bit code with garbage in everything that only it has, by the way in, and
        /// into 64-bit code again to see what is left.
        #[unsafe(naked)]
        unsafe extern "C" fn $leak(_number: u32, _block: *mut CompatCall, _out: *mut Wide) {
            naked_asm!(
                "push %ebp
                 push %ebx
                 push %esi
                 push %edi
                 mov 20(%esp), %eax
                 mov 24(%esp), %ebx
                 mov 28(%esp), %edi
                 xor %esi, %esi
                 xor %ebp, %ebp
                 ljmp $0x2b, $1f
                 .code64
                 1:
                 movabs $0xdeadbeef00000000, %rcx
                 or %rcx, %rax
                 or %rcx, %rbx
                 or %rcx, %rdi
                 or %rcx, %rsi
                 or %rcx, %rbp
                 mov %rcx, %r8
                 mov %rcx, %r9
                 mov %rcx, %r10
                 mov %rcx, %r11
                 mov %rcx, %r12
                 mov %rcx, %r13
                 mov %rcx, %r14
                 mov %rcx, %r15
                 mov %rcx, %rdx
                 ljmpl *8f(%rip)
                 8: .long 2f
                 .word 0x1b
                 .code32
                 2:",
                before!($way, "0"),
                entry_of!($way),
                "ljmp $0x2b, $3f
                 .code64
                 3:
                 mov %rdi, 40(%edi)
                 mov %edi, %edi
                 mov %rax, (%rdi)
                 mov %rbx, 8(%rdi)
                 mov %rcx, 16(%rdi)
                 mov %rdx, 24(%rdi)
                 mov %rsi, 32(%rdi)
                 mov %rbp, 48(%rdi)
                 mov %rsp, 56(%rdi)
                 mov %r8, 64(%rdi)
                 mov %r9, 72(%rdi)
                 mov %r10, 80(%rdi)
                 mov %r11, 88(%rdi)
                 mov %r12, 96(%rdi)
                 mov %r13, 104(%rdi)
                 mov %r14, 112(%rdi)
                 mov %r15, 120(%rdi)
                 ljmpl *8f(%rip)
                 8: .long 4f
                 .word 0x1b
                 .code32
                 4:
                 pop %edi
                 pop %esi
                 pop %ebx
                 pop %ebp
                 ret",
                options(att_syntax),
            )
        }
    )*};
}

probes! {
    gate probe_gate leak_gate,
    sysenter probe_sysenter leak_sysenter,
    syscall probe_syscall leak_syscall,
}

/// Makes a call with a pattern in all registers: what is in them afterwards.
pub fn probe(way: Way, probe: &mut Probe) {
    // SAFETY: 1. registers, flags and segments are put back. 2. as for `call`.
    unsafe {
        match way {
            Way::Gate => probe_gate(probe),
            Way::Sysenter => probe_sysenter(probe),
            Way::Syscall => probe_syscall(probe),
        }
    }
}

/// Makes a call with garbage in what only 64-bit code has: what is in it afterwards.
pub fn leak(way: Way, number: u32, call: &mut CompatCall) -> Wide {
    let mut wide = [u64::MAX; 16];
    // SAFETY: 1. the code comes back in the mode and with the registers it had. 2. as for
    // `call`.
    unsafe {
        match way {
            Way::Gate => leak_gate(number, call, &raw mut wide),
            Way::Sysenter => leak_sysenter(number, call, &raw mut wide),
            Way::Syscall => leak_syscall(number, call, &raw mut wide),
        }
    }
    wide
}

/// Makes the 64-bit system call `number` out of 64-bit code of this 32-bit program: status
/// and value 0.
#[must_use]
pub fn wide_call(number: u32) -> (u32, u64) {
    #[unsafe(naked)]
    unsafe extern "C" fn enter(_number: u32, _value: *mut u64) -> u32 {
        naked_asm!(
            "push %ebp
             push %ebx
             push %esi
             push %edi
             mov 20(%esp), %eax
             mov 24(%esp), %ebx
             ljmp $0x2b, $1f
             .code64
             1:
             mov %eax, %eax
             xor %edi, %edi
             syscall
             mov %ebx, %ebx
             mov %rdi, (%rbx)
             ljmpl *8f(%rip)
             8: .long 2f
             .word 0x1b
             .code32
             2:
             pop %edi
             pop %esi
             pop %ebx
             pop %ebp
             ret",
            options(att_syntax),
        )
    }
    let mut value = 0;
    // SAFETY: it comes back in the mode and with the registers it had; calls that use memory
    // are the test's choice.
    let status = unsafe { enter(number, &raw mut value) };
    (status, value)
}

/// Executes `int 0x80` in 64-bit code with no number: the status.
#[must_use]
pub fn gate_in_wide_code(number: u32, call: &mut CompatCall) -> u32 {
    #[unsafe(naked)]
    unsafe extern "C" fn enter(_number: u32, _call: *mut CompatCall) -> u32 {
        naked_asm!(
            "push %ebx
             mov 8(%esp), %eax
             mov 12(%esp), %ebx
             ljmp $0x2b, $1f
             .code64
             1:
             int $0x80
             ljmpl *8f(%rip)
             8: .long 2f
             .word 0x1b
             .code32
             2:
             pop %ebx
             ret",
            options(att_syntax),
        )
    }
    // SAFETY: as above.
    unsafe { enter(number, call) }
}

/// Reads a byte at any address.
#[must_use]
pub fn read(address: u32) -> u8 {
    let value;
    // SAFETY: reading harms nothing; where nothing is mapped it faults, which is the test.
    unsafe {
        core::arch::asm!("mov {}, [{}]", out(reg_byte) value, in(reg) address,
            options(nostack, readonly));
    }
    value
}

/// Jumps into 64-bit code at an address that 32-bit code does not have.
pub fn jump_far_away() -> ! {
    // SAFETY: there is nothing: it faults, which is the test.
    unsafe {
        core::arch::asm!(
            "ljmp $0x2b, $1f
             .code64
             1:
             movabs $0x7ffffffff000, %rax
             jmp *%rax
             .code32",
            options(att_syntax, noreturn),
        )
    }
}

/// Makes this number the word at the calling thread's pointer: what is found there.
#[must_use]
pub fn thread_word(word: u32) -> u32 {
    static WORD: core::sync::atomic::AtomicU32 = core::sync::atomic::AtomicU32::new(0);
    WORD.store(word, core::sync::atomic::Ordering::Relaxed);
    let address = (&raw const WORD).expose_provenance() as u64;
    let mut block = CompatCall { values: [0, address], ..CompatCall::default() };
    call(way(), abi::Syscall::ThreadPointer as u32, &mut block);
    let found;
    // SAFETY: reading harms nothing; where nothing is mapped it faults, which is the test.
    unsafe {
        core::arch::asm!("movl %fs:0, {}", out(reg) found, options(att_syntax, nostack, readonly));
    }
    found
}
