//! What crates on `dma-api` allocate and translate by.

use crate::{FOREIGN_MAX, state};
use core::alloc::Layout;
use core::num::NonZeroUsize;
use core::ptr::NonNull;
use dma_api::{
    CpuDmaBuffer, DeviceDma, DmaAddr, DmaAllocHandle, DmaCoherency, DmaConstraints, DmaDeviceInfo,
    DmaDirection, DmaDomainId, DmaError, DmaMapHandle, DmaOp,
};
use sys::DeviceAddress;

/// All addresses are good for the device: those that are not never reach it.
const INFO: DmaDeviceInfo =
    DmaDeviceInfo::new(DmaDomainId::Direct, DmaCoherency::Coherent, DmaConstraints::new(u64::MAX));

/// The pool of this process, as crates on `dma-api` want it.
#[must_use]
pub fn device_memory() -> DeviceDma {
    DeviceDma::new(INFO, &OF_POOL)
}

/// A buffer that is not mapped here, for a request of such a crate.
///
/// # Errors
/// [`DmaError::NoMemory`] for more than [`FOREIGN_MAX`] bytes, and without a [`Pool`](crate::Pool).
pub fn foreign_buffer(
    address: DeviceAddress,
    bytes: NonZeroUsize,
    direction: DmaDirection,
) -> Result<CpuDmaBuffer, DmaError> {
    state::with(|state| state.set_foreign(address));
    CpuDmaBuffer::new_zero(&DeviceDma::new(INFO, &STAND_IN), bytes, 1, direction)
}

/// Allocates by this function, and frees nothing.
struct Op(fn(Layout) -> Option<(NonNull<u8>, u64)>);

/// Memory of the pool, each byte once ever.
static OF_POOL: Op =
    Op(|layout| state::with(|state| state.pool_byte(state.take(layout.size(), layout.align())?)));

/// The stand-in, for as many buffers at a time as there are.
static STAND_IN: Op = Op(|layout| {
    let pointer = state::with(state::State::stand_in)?;
    let start = pointer.addr().get();
    let device = state::with(|state| state.translate(start, layout.size()))?;
    (layout.size() <= FOREIGN_MAX).then_some((pointer, device))
});

impl DmaOp for Op {
    fn page_size(&self) -> usize {
        virtio_drivers::PAGE_SIZE
    }

    unsafe fn alloc_contiguous(&self, _: DmaConstraints, layout: Layout) -> Option<DmaAllocHandle> {
        let (pointer, device) = (self.0)(layout)?;
        // SAFETY: 1. the bytes are there for good. 2. of the pool they are this allocation's alone;
        // those of the stand-in are written as zeros by the crate, and read by nothing. 3. the
        // device address is theirs, or the foreign buffer's, which is what it is for.
        Some(unsafe { DmaAllocHandle::new(pointer, pointer, DmaAddr::from(device), layout) })
    }

    unsafe fn dealloc_contiguous(&self, _: DmaAllocHandle) {}

    unsafe fn alloc_coherent(
        &self,
        constraints: DmaConstraints,
        layout: Layout,
    ) -> Option<DmaAllocHandle> {
        // SAFETY: the caller's duty is the same.
        unsafe { self.alloc_contiguous(constraints, layout) }
    }

    unsafe fn dealloc_coherent(&self, _: DmaAllocHandle) -> Result<(), DmaError> {
        Ok(())
    }

    unsafe fn map_streaming(
        &self,
        _: DmaConstraints,
        _: NonNull<u8>,
        _: NonZeroUsize,
        _: DmaDirection,
    ) -> Result<DmaMapHandle, DmaError> {
        // Memory of the driver's own that is not in the pool is not the device's.
        Err(DmaError::NoMemory)
    }

    unsafe fn unmap_streaming(&self, _: DmaMapHandle) {}
}
