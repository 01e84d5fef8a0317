//! The first instructions of a CPU that is not the boot CPU.
//!
//! ```text
//!  state                 where            what it does                       leaves by
//!  real mode, 16 bits    page, cs:0       finds its page, loads the GDT      PE, far jump to_32
//!  protected, 32 bits    page, flat       tables, long mode, NX, paging      PG, far jump to_64
//!  long mode, 64 bits    page, identity   stack of its own                   jump to `entered`
//!  long mode, 64 bits    kernel image     kernel's own tables                never
//! ```
//! A startup interrupt makes a CPU begin at a page below 1 MiB, in real mode, with paging
//! off. The code is copied there, and what it must know lies at the page's end ([`Orders`]).
//! It switches paging on with a root of its own: the kernel's half, and this one page where
//! it lies. Nothing is linked to an address: the code finds its page in `cs`.
//!
//! Source: Intel SDM 3A, 8.4 "Multiple-Processor Initialization", 9.8.5 "Initializing
//! IA-32e Mode"; 3A, table 9-1 for CR0 after INIT: caches may be off in it.

use super::super::mm::boot_frames::BootFrames;
use super::super::mm::entry::Entry;
use super::super::mm::physmap;
use super::super::mm::space::share_kernel_half;
use super::super::mm::table::Table;
use abi::Protection;
use core::arch::global_asm;
use core::mem::offset_of;
use core_kernel::machine::Phys;

/// A far pointer, as `ljmp` reads it.
#[repr(C)]
#[derive(Clone, Copy)]
struct Far {
    offset: u32,
    selector: u16,
}

/// What the code must know; at [`ORDERS`] in its page.
#[repr(C)]
#[derive(Clone, Copy)]
struct Orders {
    segments: [u64; 4],
    to_32: Far,
    to_64: Far,
    /// Limit, base.
    segments_pointer: [u16; 3],
    start_root: u32,
    kernel_root: u64,
    stack: u64,
    /// In the kernel image.
    entered: u64,
}

const ORDERS: usize = 0xf00;
const _: () = assert!(ORDERS + size_of::<Orders>() <= 4096);

const CODE_32: u16 = 8;
const DATA: u16 = 16;
const CODE_64: u16 = 24;
/// Nothing; flat 32-bit code; flat data; 64-bit code.
const SEGMENTS: [u64; 4] = [0, 0x00cf_9a00_0000_ffff, 0x00cf_9200_0000_ffff, 0x0020_9a00_0000_0000];
/// The last byte of the segments.
const SEGMENTS_LIMIT: u16 = 8 * 4 - 1;
const _: () = assert!(offset_of!(Orders, segments) == 0);

unsafe extern "C" {
    safe static trampoline_start: u8;
    safe static trampoline_32: u8;
    safe static trampoline_64: u8;
    safe static trampoline_end: u8;
}

/// Bytes from the start of the code.
fn distance(to: &u8) -> usize {
    core::ptr::from_ref(to).addr() - (&raw const trampoline_start).addr()
}

fn low32(value: u64) -> u32 {
    // NOFAIL: start pages lie below 1 MiB, boot frames below 4 GiB.
    u32::try_from(value).unwrap_or(0)
}

/// A page with the code in it, and a root that maps it where it lies.
pub(super) struct Trampoline {
    page: Phys,
    start_root: Table,
    kernel_root: Table,
}

impl Trampoline {
    /// Takes a page below 1 MiB that nothing else uses.
    pub(super) fn new(page: Phys, kernel_root: Table, frames: &mut BootFrames) -> Self {
        // SAFETY: a boot frame is zeroed RAM that is ours.
        let start_root = unsafe { Table::new(frames.take(1)) };
        share_kernel_half(kernel_root, start_root);
        // Global, but no CPU that uses it has global pages on.
        let leaf = Entry::kernel(page, Protection::ReadExecute, false);
        // NOFAIL: boot frames never say no, they end the boot.
        // SAFETY: the root is for starting CPUs alone, which run the code in this page there.
        let _ = unsafe { start_root.put(page.address(), 0, leaf, || Some(frames.take(1))) };
        // SAFETY: the code is a part of the image's rodata, that long.
        let code = unsafe {
            core::slice::from_raw_parts(&raw const trampoline_start, distance(&trampoline_end))
        };
        // SAFETY: the page is RAM in the physmap that nothing else uses; the code is shorter.
        unsafe { physmap::write(page, &code[..code.len().min(ORDERS)]) };
        Self { page, start_root, kernel_root }
    }

    /// The page as a startup interrupt names it.
    pub(super) fn number(&self) -> u8 {
        (self.page.address() >> 12).to_le_bytes()[0]
    }

    /// The next CPU that comes gets this stack and goes there.
    pub(super) fn prepare(&self, stack: u64, entered: u64) {
        let page = low32(self.page.address());
        let at = |place: &u8| page + low32(distance(place) as u64);
        let [a, b, c, d] = (page + low32(ORDERS as u64)).to_le_bytes();
        let orders = Orders {
            segments: SEGMENTS,
            to_32: Far { offset: at(&trampoline_32), selector: CODE_32 },
            to_64: Far { offset: at(&trampoline_64), selector: CODE_64 },
            segments_pointer: [
                SEGMENTS_LIMIT,
                u16::from_le_bytes([a, b]),
                u16::from_le_bytes([c, d]),
            ],
            start_root: low32(self.start_root.frame().address()),
            kernel_root: self.kernel_root.frame().address(),
            stack,
            entered,
        };
        let place = physmap::pointer(self.page.plus(ORDERS as u64)).cast::<Orders>();
        // SAFETY: inside our page, aligned; volatile, because another CPU will read it.
        unsafe { place.write_volatile(orders) };
    }

    /// No CPU starts any more: nothing executable stays writable elsewhere.
    pub(super) fn close(self) {
        if let Some(leaf) = self.start_root.leaf(self.page.address()) {
            // SAFETY: no CPU starts there any more.
            unsafe { leaf.set(Entry::NONE) };
        }
    }
}

global_asm!(
    r#"
    .pushsection .rodata.trampoline, "a"
    .balign 16
    .global trampoline_start
    .global trampoline_32
    .global trampoline_64
    .global trampoline_end

    .code16
trampoline_start:                       // cs = page >> 4, ip = 0; no stack
    cli
    cld
    movw %cs, %ax
    movw %ax, %ds
    xorl %ebx, %ebx
    movw %ax, %bx
    shll $4, %ebx                       // ebx = the page, from here on
    lgdtl {segments_pointer}
    movl %cr0, %eax
    orl ${CR0_PROTECTED}, %eax
    movl %eax, %cr0
    ljmpl *{to_32}

    .code32
trampoline_32:                          // flat segments; no stack
    movw ${DATA}, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %ss
    movl ${CR4_PAE}, %eax
    movl %eax, %cr4
    movl {start_root}(%ebx), %eax
    movl %eax, %cr3
    movl ${MSR_EFER}, %ecx
    rdmsr
    orl ${EFER_LONG_NX}, %eax
    wrmsr
    movl ${CR0_PAGING}, %eax
    movl %eax, %cr0
    ljmpl *{to_64}(%ebx)

    .code64
trampoline_64:                          // mapped where it lies; then a stack
    xorl %eax, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    movl %eax, %fs
    movl %eax, %gs
    movl %ebx, %ebx                     // the upper half is undefined
    movq {stack}(%rbx), %rsp
    movq {kernel_root}(%rbx), %rdi
    movq {entered}(%rbx), %rax
    xorl %ebp, %ebp                     // the end of every backtrace
    jmpq *%rax
trampoline_end:
    .popsection
    "#,
    segments_pointer = const ORDERS + offset_of!(Orders, segments_pointer),
    to_32 = const ORDERS + offset_of!(Orders, to_32),
    to_64 = const ORDERS + offset_of!(Orders, to_64),
    start_root = const ORDERS + offset_of!(Orders, start_root),
    kernel_root = const ORDERS + offset_of!(Orders, kernel_root),
    stack = const ORDERS + offset_of!(Orders, stack),
    entered = const ORDERS + offset_of!(Orders, entered),
    DATA = const DATA,
    CR0_PROTECTED = const 1,
    CR4_PAE = const 1 << 5,
    MSR_EFER = const 0xc000_0080_u32,
    // LME, NXE.
    EFER_LONG_NX = const 1 << 8 | 1 << 11,
    // PG, WP, NE, ET, PE: with caches, without emulation.
    CR0_PAGING = const 0x8001_0031_u32,
    options(att_syntax)
);
