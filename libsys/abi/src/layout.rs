//! The user half of the address space.
//!
//! ```text
//!                64-bit programs      32-bit programs
//! never mapped   0 to 0x1_0000        0 to 0x1_0000
//! image          0x40_0000            0x40_0000
//! heap           0x1000_0000_0000     0x1000_0000
//! mappings       0x2000_0000_0000     0x4000_0000
//! thread stacks  0x3000_0000_0000     0xa000_0000
//! first stack    0x7000_0000_0000     0xf000_0000     (its end)
//! startup block  0x7100_0000_0000     0xf100_0000
//! end            0x7fff_ffff_f000     0xffff_f000
//! ```

/// Bytes in a page and a frame.
pub const PAGE_SIZE: u64 = 4096;
/// Where programs are linked.
pub const IMAGE_BASE: u64 = 0x40_0000;
/// The first address that can be mapped: a pointer that is null, with an offset below 64 KiB,
/// always faults.
pub const USER_START: u64 = 0x1_0000;
/// The first address that is not user space.
pub const USER_END: u64 = 0x7fff_ffff_f000;

/// Where the parts of a program lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Where the run-time library puts the heap; programs are linked below.
    pub heap_base: u64,
    /// Where the run-time library puts other mappings.
    pub map_base: u64,
    /// Where the run-time library puts the stacks of further threads.
    pub stacks_base: u64,
    /// The first thread's stack ends here and grows down; the page above is never mapped.
    pub stack_top: u64,
    /// Where the startup block is mapped read-only.
    pub startup: u64,
    /// The first address that is not the program's.
    pub end: u64,
}

impl Layout {
    /// Of 64-bit programs.
    pub const BITS_64: Self = Self {
        heap_base: 0x1000_0000_0000,
        map_base: 0x2000_0000_0000,
        stacks_base: 0x3000_0000_0000,
        stack_top: 0x7000_0000_0000,
        startup: 0x7100_0000_0000,
        end: USER_END,
    };
    /// Of 32-bit programs. Their last page is never mapped, so that no address wraps.
    pub const BITS_32: Self = Self {
        heap_base: 0x1000_0000,
        map_base: 0x4000_0000,
        stacks_base: 0xa000_0000,
        stack_top: 0xf000_0000,
        startup: 0xf100_0000,
        end: 0xffff_f000,
    };
    /// Of the program that this is compiled into.
    pub const OWN: Self =
        if cfg!(target_pointer_width = "32") { Self::BITS_32 } else { Self::BITS_64 };
}

/// Where this program's heap begins.
pub const HEAP_BASE: u64 = Layout::OWN.heap_base;
/// Where this program's other mappings begin.
pub const MAP_BASE: u64 = Layout::OWN.map_base;
/// Where the stacks of this program's further threads begin.
pub const STACKS_BASE: u64 = Layout::OWN.stacks_base;
/// Where this program's first stack ends.
pub const STACK_TOP: u64 = Layout::OWN.stack_top;
/// Where this program's startup block is.
pub const STARTUP_ADDRESS: u64 = Layout::OWN.startup;
/// The size of a startup block in bytes: the kernel command line takes up to a quarter of it.
pub const STARTUP_SIZE: u64 = 2 * PAGE_SIZE;
/// The longest kernel command line in bytes. Every program finds it in its startup block, whose
/// rest is for the program's own arguments and handles; the loader of a direct boot holds 4095
/// bytes and writes past that.
pub const CMDLINE_MAX: usize = 2048;

#[cfg(test)]
mod tests {
    use super::{IMAGE_BASE, Layout, USER_START};

    #[test]
    fn the_parts_of_a_program_stand_in_order() {
        for layout in [Layout::BITS_64, Layout::BITS_32] {
            let Layout { heap_base, map_base, stacks_base, stack_top, startup, end } = layout;
            let parts =
                [USER_START, IMAGE_BASE, heap_base, map_base, stacks_base, stack_top, startup, end];
            assert!(parts.is_sorted(), "{layout:x?}");
            assert!(parts.iter().all(|part| part.is_multiple_of(super::PAGE_SIZE)));
        }
        const { assert!(Layout::BITS_32.end < 1 << 32) };
    }
}
