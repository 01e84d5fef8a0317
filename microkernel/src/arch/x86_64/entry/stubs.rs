//! The first instructions of the kernel: into a frame. The last ones are in `leave`.
//!
//! ```text
//! a frame, as every stub leaves it          pushed by
//!   end (16-aligned) = gs:[frame_end] = TSS.rsp0
//!   ss rsp rflags cs rip                    CPU, or `syscall_entry`
//!   error code (or 0)                       CPU, or stub
//!   vector (or mark)                        stub
//!   r14 r13 r12 r9 r8 r10 rdx               PUSH: the message words
//!   rax rbx rcx rsi rdi rbp r11 r15         PUSH
//!   gs base, fs base                        Rust
//! ```
//! From user mode the frame is the thread's own; then the stack is the CPU's kernel
//! stack, empty. From kernel mode it lies on the stack that was in use.

use super::super::cpu::block::CpuBlock;
use super::super::cpu::frame::{SYSCALL_MARK, Trap};
use super::super::cpu::tables::{USER_CODE, USER_DATA};
use super::super::cpu::vectors;
use super::super::mm::layout::{STACK_SLOT, STACK_TOP_RESERVE};
use super::registers::{KERNEL_FLAGS, clear_registers, pop_registers, push_registers};
use super::{arrivals, in_kernel};
use core::arch::{global_asm, naked_asm};
use core::mem::offset_of;

/// From SYSCALL on: rcx = rip, r11 = rflags, rsp and gs still the user's, interrupts off by
/// the flag mask. Arguments: the user's code segment, the mark, the instructions that go on, and
/// their operands.
macro_rules! syscall_body {
    ($code:expr, $mark:expr, [$($go:expr),*], $($operands:tt)*) => {
        ::core::arch::naked_asm!(
            "swapgs",
            "mov gs:[{user_stack}], rsp",
            "mov rsp, gs:[{frame_end}]",
            // rsp = end of the thread's frame: the same picture as the CPU's own push.
            "push {user_data}",
            "push gs:[{user_stack}]",
            "push r11",
            "push {user_code}",
            "push rcx",
            "push 0",
            "push {mark}",
            push_registers!(),
            clear_registers!(),
            "mov rsp, gs:[{kernel_stack}]",
            $($go,)*
            "ud2",
            user_stack = const offset_of!(CpuBlock, user_stack),
            frame_end = const offset_of!(CpuBlock, frame_end),
            kernel_stack = const offset_of!(CpuBlock, kernel_stack),
            user_data = const USER_DATA.0,
            user_code = const $code.0,
            mark = const $mark,
            $($operands)*
        )
    };
}

pub(super) use syscall_body;

/// SYSCALL of 64-bit code arrives here.
#[unsafe(naked)]
pub(crate) extern "C" fn syscall_entry() -> ! {
    syscall_body!(
        USER_CODE,
        SYSCALL_MARK,
        ["call {arrived}"],
        arrived = sym arrivals::syscall_arrived
    )
}

/// From user mode, gs swapped, rsp at the vector in the thread's frame.
macro_rules! arrive_from_user {
    () => {
        concat!(
            push_registers!(),
            "\n",
            clear_registers!(),
            "\n",
            // An interrupt gate leaves the user's AC (a hole in SMAP) and DF as they were.
            "mov rsp, gs:[{kernel_stack}]
             push {flags}
             popfq
             call {user}
             ud2"
        )
    };
}

/// Most stubs come here: rsp at the vector, error code above it.
#[unsafe(naked)]
extern "C" fn interrupt_entry() -> ! {
    naked_asm!(
        "test byte ptr [rsp + {cs}], 3",
        "jz 1f",
        // From user mode. The fence keeps the CPU from running on with the user's gs
        // when it guesses this branch wrong (CVE-2019-1125).
        "swapgs",
        "lfence",
        arrive_from_user!(),
        // From kernel mode: idle, a window for interrupts, or a bug.
        "1:",
        "lfence",
        push_registers!(),
        "cld",
        "mov rdi, rsp",
        "call {kernel}",
        pop_registers!(),
        "add rsp, {marks}",
        "iretq",
        cs = const offset_of!(Trap, cs) - offset_of!(Trap, vector),
        kernel_stack = const offset_of!(CpuBlock, kernel_stack),
        flags = const KERNEL_FLAGS,
        user = sym arrivals::interrupt_arrived,
        kernel = sym in_kernel::interrupt_in_kernel,
        marks = const offset_of!(Trap, rip) - offset_of!(Trap, vector),
    )
}

/// Debug exceptions and machine checks come here, on stacks of their own: they may hit any
/// instruction of the kernel. From user mode the frame is moved into the thread's, and all
/// goes on as for an interrupt. Until it is moved another debug exception would overwrite it,
/// so nothing is watched for until `traps` has taken what fired.
#[unsafe(naked)]
extern "C" fn own_stack_entry() -> ! {
    naked_asm!(
        "test byte ptr [rsp + {cs}], 3",
        "jz {paranoid}",
        "push rax",
        "mov rax, dr7",
        "push rax",
        "xor eax, eax",
        "mov dr7, rax",
        "pop rax",
        "swapgs",
        "lfence",
        "mov gs:[{debug_control}], rax",
        "mov rax, rsp",
        "mov rsp, gs:[{frame_end}]",
        "push [rax + {ss}]",
        "push [rax + {rsp}]",
        "push [rax + {rflags}]",
        "push [rax + {user_cs}]",
        "push [rax + {rip}]",
        "push [rax + {error}]",
        "push [rax + {vector}]",
        "mov rax, [rax]",
        arrive_from_user!(),
        paranoid = sym paranoid_entry,
        debug_control = const offset_of!(CpuBlock, debug_control),
        frame_end = const offset_of!(CpuBlock, frame_end),
        cs = const offset_of!(Trap, cs) - offset_of!(Trap, vector),
        // From here on there is rax below the vector.
        ss = const offset_of!(Trap, ss) - offset_of!(Trap, vector) + 8,
        rsp = const offset_of!(Trap, rsp) - offset_of!(Trap, vector) + 8,
        rflags = const offset_of!(Trap, rflags) - offset_of!(Trap, vector) + 8,
        user_cs = const offset_of!(Trap, cs) - offset_of!(Trap, vector) + 8,
        rip = const offset_of!(Trap, rip) - offset_of!(Trap, vector) + 8,
        error = const offset_of!(Trap, error) - offset_of!(Trap, vector) + 8,
        vector = const 8,
        kernel_stack = const offset_of!(CpuBlock, kernel_stack),
        flags = const KERNEL_FLAGS,
        user = sym arrivals::interrupt_arrived,
    )
}

/// Non-maskable interrupt, double fault, and from kernel mode debug exception and machine
/// check: at any instruction, so gs may be the user's. The CPU block's address is the word at the top of the stack in use.
#[unsafe(naked)]
extern "C" fn paranoid_entry() -> ! {
    naked_asm!(
        push_registers!(),
        "cld",
        "mov rdi, rsp",
        "mov rsi, rsp",
        "or rsi, {in_slot}",
        "mov rsi, [rsi - {in_slot} + {owner}]",
        "call {paranoid}",
        pop_registers!(),
        "add rsp, {marks}",
        "iretq",
        in_slot = const STACK_SLOT - 1,
        owner = const STACK_SLOT - STACK_TOP_RESERVE,
        paranoid = sym in_kernel::paranoid_arrived,
        marks = const offset_of!(Trap, rip) - offset_of!(Trap, vector),
    )
}

// One stub for each vector, all of one size.
global_asm!(
    r#"
    .pushsection .text.stubs, "ax"
    .balign {STUB}
    .global interrupt_stubs
interrupt_stubs:
    .set vector, 0
    .rept 256
    .balign {STUB}
    .if (vector < 32) && (({WITH_ERROR_CODE} >> vector) & 1)
    .else
    pushq $0
    .endif
    pushq $vector
    .if (vector == {NMI}) || (vector == {DOUBLE_FAULT})
    jmp {paranoid}
    .elseif (vector == {DEBUG}) || (vector == {MACHINE_CHECK})
    jmp {own_stack}
    .else
    jmp {common}
    .endif
    .set vector, vector + 1
    .endr
    .popsection
    "#,
    STUB = const STUB,
    WITH_ERROR_CODE = const vectors::WITH_ERROR_CODE,
    NMI = const vectors::NMI,
    DEBUG = const vectors::DEBUG,
    DOUBLE_FAULT = const vectors::DOUBLE_FAULT,
    MACHINE_CHECK = const vectors::MACHINE_CHECK,
    paranoid = sym paranoid_entry,
    own_stack = sym own_stack_entry,
    common = sym interrupt_entry,
    options(att_syntax)
);

/// Bytes of one stub.
const STUB: u64 = 16;

unsafe extern "C" {
    safe static interrupt_stubs: u8;
}

/// Where a vector's stub begins.
pub(crate) fn stub_address(vector: u8) -> u64 {
    (&raw const interrupt_stubs).expose_provenance() as u64 + STUB * u64::from(vector)
}
