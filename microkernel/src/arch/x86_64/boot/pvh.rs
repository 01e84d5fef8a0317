//! The direct boot: from PVH's 32-bit entry to Rust in the high half.
//!
//! The image is linked high and loaded low, so code that runs before paging names symbols
//! less the base: `symbol + LOW`, because `LOW` is the base's negative modulo 2^32.
//!
//! Source: Xen, "x86/HVM direct boot ABI"; QEMU `hw/i386/pc` (ebx = `hvm_start_info`,
//! flat 32-bit segments, paging off).

use super::pvh_info;
use core::arch::global_asm;

/// Bytes of the stack that is used until the kernel's own exists.
const BOOT_STACK: usize = 64 * 1024;

/// Called by the trampoline: paging on, first 4 GiB mapped low, at the physmap and
/// the first GiB at the kernel's base.
extern "C" fn pvh_entered(start_info: u64) -> ! {
    // SAFETY: the trampoline calls this once, with what the loader left in ebx, and
    // nothing has been allocated yet.
    let info = unsafe { pvh_info::boot_info(start_info) };
    crate::start(info)
}

global_asm!(
    r#"
    .pushsection .note.pvh, "a", @note
    .balign 4
    .long 2f - 1f                       // length of the name
    .long 4f - 3f                       // length of the description
    .long {NOTE_PHYS32_ENTRY}
1:  .asciz "Xen"
2:  .balign 4
3:  .long pvh_start + {LOW}
4:  .balign 4
    .popsection

    .pushsection .text.pvh, "ax"
    .code32
    .global pvh_start
pvh_start:                              // no stack yet; ebx = hvm_start_info
    cli
    cld
    movl %ebx, %esi

    // 2,048 large pages: the first 4 GiB.
    movl $pvh_directories + {LOW}, %edi
    movl ${LARGE_PAGE}, %eax
    movl ${LARGE_PAGES}, %ecx
5:  movl %eax, (%edi)
    movl $0, 4(%edi)
    addl ${LARGE_BYTES}, %eax
    addl $8, %edi
    decl %ecx
    jnz 5b

    movl $pvh_directories + {LOW} + {TABLE}, pvh_low + {LOW}
    movl $pvh_directories + {LOW} + {TABLE} + 0x1000, pvh_low + {LOW} + 8
    movl $pvh_directories + {LOW} + {TABLE} + 0x2000, pvh_low + {LOW} + 16
    movl $pvh_directories + {LOW} + {TABLE} + 0x3000, pvh_low + {LOW} + 24
    movl $pvh_directories + {LOW} + {TABLE}, pvh_high + {LOW} + 8 * {KERNEL_GIB}
    movl $pvh_low + {LOW} + {TABLE}, pvh_root + {LOW}
    movl $pvh_low + {LOW} + {TABLE}, pvh_root + {LOW} + 8 * {PHYSMAP_SLOT}
    movl $pvh_high + {LOW} + {TABLE}, pvh_root + {LOW} + 8 * {KERNEL_SLOT}

    movl $pvh_root + {LOW}, %eax
    movl %eax, %cr3
    movl %cr4, %eax
    orl ${CR4_PAE}, %eax
    movl %eax, %cr4
    movl ${MSR_EFER}, %ecx
    rdmsr
    orl ${EFER_LME}, %eax
    wrmsr
    movl %cr0, %eax
    orl ${CR0_PAGING}, %eax
    movl %eax, %cr0
    lgdt pvh_gdt_pointer + {LOW}
    ljmp $8, $pvh_long + {LOW}

    .code64
pvh_long:                               // identity-mapped; now to the high half
    xorl %eax, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    movl %eax, %fs
    movl %eax, %gs
    movabsq $pvh_stack_top, %rsp
    xorl %ebp, %ebp                     // the end of every backtrace
    movl %esi, %edi
    movabsq ${pvh_entered}, %rax
    callq *%rax
    ud2
    .popsection

    .pushsection .rodata.pvh, "a"
    .balign 8
pvh_gdt:
    .quad 0
    .quad {CODE_64}
pvh_gdt_pointer:
    .short 15
    .long pvh_gdt + {LOW}
    .popsection

    .pushsection .bss.pvh, "aw", @nobits
    .balign 4096
pvh_root:        .skip 4096
pvh_low:         .skip 4096
pvh_high:        .skip 4096
pvh_directories: .skip 4 * 4096
    .balign 16
pvh_stack:       .skip {BOOT_STACK}
pvh_stack_top:
    .popsection
    "#,
    NOTE_PHYS32_ENTRY = const 18,
    LOW = const 0x8000_0000_u32,
    // Present, writable, large.
    LARGE_PAGE = const 0x83,
    LARGE_PAGES = const 2048,
    LARGE_BYTES = const 0x20_0000,
    // Present, writable.
    TABLE = const 3,
    KERNEL_GIB = const (super::super::mm::layout::KERNEL_BASE >> 30) & 511,
    KERNEL_SLOT = const (super::super::mm::layout::KERNEL_BASE >> 39) & 511,
    PHYSMAP_SLOT = const (super::super::mm::layout::PHYSMAP >> 39) & 511,
    CR4_PAE = const 1 << 5,
    MSR_EFER = const 0xc000_0080_u32,
    EFER_LME = const 1 << 8,
    // PG, WP, PE.
    CR0_PAGING = const 0x8001_0001_u32,
    // Present, code, readable, long.
    CODE_64 = const 0x0020_9a00_0000_0000_u64,
    BOOT_STACK = const BOOT_STACK,
    pvh_entered = sym pvh_entered,
    options(att_syntax)
);
