//! The kernel's half of every address space.
//!
//! ```text
//! ffff_8000_0000_0000  physmap: RAM, read-write, no execution
//! ffff_a000_0000_0000  device registers, uncached
//! ffff_b000_0000_0000  stacks: each at the end of a slot of its own, nothing below it
//! ffff_c000_0000_0000  used by the disk images' boot loader until the kernel has its own tables
//! ffff_d000_0000_0000  objects: slices that grow
//! ffff_ffff_8000_0000  the image: text, rodata, data
//! ```
//! Each range begins in a top-level slot of its own, which all spaces share.

/// Physical address 0 as the kernel sees it.
pub(crate) const PHYSMAP: u64 = 0xffff_8000_0000_0000;
/// Device registers.
pub(crate) const DEVICES: u64 = 0xffff_a000_0000_0000;
/// Stacks.
pub(crate) const STACKS: u64 = 0xffff_b000_0000_0000;
/// Where the boot loader may map what it likes.
pub(crate) const LOADER_START: u64 = 0xffff_c000_0000_0000;
/// The end of that.
pub(crate) const LOADER_END: u64 = 0xffff_cfff_ffff_ffff;
/// Slices that grow.
pub(crate) const GROWING: u64 = 0xffff_d000_0000_0000;
/// What the image is linked above; the linker script has the same.
pub(crate) const KERNEL_BASE: u64 = 0xffff_ffff_8000_0000;

/// A stack slot: at least one guard page, and the stack above it, up to the slot's end. A power of two and aligned to
/// itself, so that a stack's top can be computed from any address in it.
pub(crate) const STACK_SLOT: u64 = 64 * 1024;
/// The least part of a slot that is never mapped.
pub(crate) const STACK_GUARD: u64 = abi::PAGE_SIZE;
/// Pages of the largest stack that fits.
pub(crate) const STACK_PAGES: u64 = (STACK_SLOT - STACK_GUARD) / abi::PAGE_SIZE;
/// Bytes kept at the top of each stack: the CPU block's address is the first word there.
pub(crate) const STACK_TOP_RESERVE: u64 = 16;
