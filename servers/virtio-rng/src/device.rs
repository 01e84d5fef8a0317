//! The device. Source: virtio 1.2, section 5.4.

use crate::Source;
use alloc::vec::Vec;
use dma::{Buffer, Fault, Part, Pool, Ring, Space};
use sys::{Failure, RegisterFile};
use virtio::{Areas, Features, PosternTransport, negotiate};
use virtio_drivers::transport::DeviceType;
use virtio_rng_api::BYTES_MAX;

const QUEUE: u16 = 0;
const QUEUE_SIZE: usize = 8;
/// Pages of the pool: two for the queue, one for the bytes.
const POOL_PAGES: u64 = 4;

/// An entropy device.
#[derive(Debug)]
pub struct Device<R> {
    transport: PosternTransport<R>,
    ring: Ring<QUEUE_SIZE>,
    bytes: Part,
}

impl<R: RegisterFile> Device<R> {
    /// Sets the device up, to interrupt by vector 0. It works once it may do DMA.
    ///
    /// # Errors
    /// What the device or the kernel refuses.
    pub fn open(areas: Areas<R>, space: &impl Space) -> Result<Self, Failure> {
        let pool = Pool::open(space, POOL_PAGES)?;
        let bytes = pool.take(BYTES_MAX.into())?;
        let mut transport = PosternTransport::new(areas, DeviceType::EntropySource, 0);
        negotiate(&mut transport, Features::empty()).map_err(Failure::new)?;
        let ring = Ring::new(&mut transport, QUEUE).map_err(Failure::new)?;
        transport.ready().map_err(Failure::new)?;
        Ok(Self { transport, ring, bytes })
    }
}

impl<R: RegisterFile> Source for Device<R> {
    fn ask(&mut self, count: usize) -> Result<(), Fault> {
        let count = count.min(self.bytes.len());
        let part = self.bytes.part(0, count).map_err(|_| Fault::BadRequest)?;
        // Of the bytes of an earlier request none is given again.
        part.write(0, &[0; BYTES_MAX as usize][..count]).map_err(|_| Fault::BadRequest)?;
        self.ring.submit(0, &[], &[Buffer::Own(part)])?;
        self.ring.kick(&mut self.transport);
        Ok(())
    }

    fn take(&mut self) -> Result<Option<Vec<u8>>, Fault> {
        let Some(used) = self.ring.complete()? else { return Ok(None) };
        let mut bytes = alloc::vec![0; used.written];
        self.bytes.read(0, &mut bytes).map_err(|_| Fault::WildLength)?;
        Ok(Some(bytes))
    }
}
