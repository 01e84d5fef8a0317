//! The user half of the address space.

/// Bytes in a page and a frame.
pub const PAGE_SIZE: u64 = 4096;
/// Where programs are linked.
pub const IMAGE_BASE: u64 = 0x40_0000;
/// Where the run-time library puts the heap.
pub const HEAP_BASE: u64 = 0x1000_0000_0000;
/// Where the run-time library puts other mappings.
pub const MAP_BASE: u64 = 0x2000_0000_0000;
/// The first thread's stack ends here and grows down; the page above is never mapped.
pub const STACK_TOP: u64 = 0x7000_0000_0000;
/// Where the startup block is mapped read-only.
pub const STARTUP_ADDRESS: u64 = 0x7100_0000_0000;
/// Its size in bytes.
pub const STARTUP_SIZE: u64 = PAGE_SIZE;
/// The first address that is not user space.
pub const USER_END: u64 = 0x7fff_ffff_f000;
