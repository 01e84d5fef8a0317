//! What `virtio-drivers` allocates and translates by.

use crate::state;
use core::ptr::NonNull;
use virtio_drivers::{BufferDirection, PAGE_SIZE, PhysAddr};

/// The pool of this process, as `virtio-drivers` wants it.
#[derive(Clone, Copy, Debug)]
pub struct Hal;

// SAFETY: `dma_alloc` gives out pages of the pool: zeroed when it was made, mapped for good,
// aligned, and each once ever, so that they alias nothing.
unsafe impl virtio_drivers::Hal for Hal {
    fn dma_alloc(pages: usize, _: BufferDirection) -> (PhysAddr, NonNull<u8>) {
        let taken = pages
            .checked_mul(PAGE_SIZE)
            .and_then(|bytes| state::with(|state| state.pool_byte(state.take(bytes, PAGE_SIZE)?)));
        // The address 0 is how this interface says that there is none.
        taken.map_or((0, NonNull::dangling()), |(pointer, device)| (device, pointer))
    }

    unsafe fn dma_dealloc(_: PhysAddr, _: NonNull<u8>, _: usize) -> i32 {
        // Not given out again: the device may still know the address.
        0
    }

    unsafe fn mmio_phys_to_virt(_: PhysAddr, _: usize) -> NonNull<u8> {
        // NOFAIL: only transports that map BARs themselves call it.
        panic!("registers are mapped by `pci`")
    }

    unsafe fn share(buffer: NonNull<[u8]>, _: BufferDirection) -> PhysAddr {
        let start = buffer.cast::<u8>().addr().get();
        let found = state::with(|state| state.translate(start, buffer.len()));
        // NOFAIL: `Ring` makes slices of the pool and of the stand-in only.
        found.unwrap_or_else(|| panic!("a buffer that the device does not reach"))
    }

    unsafe fn unshare(_: PhysAddr, _: NonNull<[u8]>, _: BufferDirection) {}
}
