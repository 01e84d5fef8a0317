//! Pushing and popping the registers of a frame, for the stubs.

/// Saves what the CPU did not, below vector and error code.
macro_rules! push_registers {
    () => {
        "push r14
         push r13
         push r12
         push r9
         push r8
         push r10
         push rdx
         push rax
         push rbx
         push rcx
         push rsi
         push rdi
         push rbp
         push r11
         push r15"
    };
}

/// The mirror of `push_registers`; then `rsp` is at the vector.
macro_rules! pop_registers {
    () => {
        "pop r15
         pop r11
         pop rbp
         pop rdi
         pop rsi
         pop rcx
         pop rbx
         pop rax
         pop rdx
         pop r10
         pop r8
         pop r9
         pop r12
         pop r13
         pop r14"
    };
}

/// Nothing that a user chose stays in a register where the CPU could speculate with it.
macro_rules! clear_registers {
    () => {
        "xor eax, eax
         xor ebx, ebx
         xor ecx, ecx
         xor edx, edx
         xor esi, esi
         xor edi, edi
         xor ebp, ebp
         xor r8d, r8d
         xor r9d, r9d
         xor r10d, r10d
         xor r11d, r11d
         xor r12d, r12d
         xor r13d, r13d
         xor r14d, r14d
         xor r15d, r15d"
    };
}

/// Flags of kernel code: none but the bit that is always set.
pub(super) const KERNEL_FLAGS: u64 = 1 << 1;

pub(super) use {clear_registers, pop_registers, push_registers};
