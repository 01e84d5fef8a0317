//! I/O ports.

use x86_64::instructions::port::{PortRead, PortWrite};

/// Reads a port.
pub(crate) fn read<T: PortRead>(port: u16) -> T {
    // SAFETY: 1. `in` touches no memory. 2. The port is one of the kernel's own devices, or one
    // that `abi::reserved` lets a program have.
    unsafe { T::read_from_port(port) }
}

/// Writes a port.
pub(crate) fn write<T: PortWrite>(port: u16, value: T) {
    // SAFETY: as for `read`; no device that the kernel or its filter names does DMA by a
    // mere port write.
    unsafe { T::write_to_port(port, value) }
}

/// Writes all bytes to one port, by a single instruction: QEMU takes them in one go.
pub(crate) fn write_bytes(port: u16, bytes: &[u8]) {
    // SAFETY: `rep outsb` reads `rcx` bytes at `rsi`, which is exactly the slice; DF is
    // clear in all Rust code.
    unsafe {
        core::arch::asm!(
            "rep outsb",
            in("dx") port,
            inout("rsi") bytes.as_ptr() => _,
            inout("rcx") bytes.len() => _,
            options(nostack, readonly, preserves_flags),
        );
    }
}
