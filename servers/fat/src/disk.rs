//! The disk, as `hadris-fat` uses it.

use block::{BlockClient, BlockError, SECTOR_BYTES};
use hadris_fs::Error;
use hadris_io::ErrorType;
use hadris_storage::sync::BlockDevice;
use hadris_storage::{BlockIndex, BlockSize};

/// A disk or partition behind `blk`.
#[derive(Debug)]
pub struct BlkDisk {
    client: BlockClient,
    /// Sectors of 512 bytes in one of the device.
    unit: u32,
    size: BlockSize,
}

impl BlkDisk {
    /// Over a client that is attached. None when the device's sectors have no size that FAT can have.
    #[must_use]
    pub fn new(client: BlockClient) -> Option<Self> {
        let unit = client.identity().alignment.max(1);
        let size = BlockSize::new(SECTOR_BYTES.checked_mul(unit)?)?;
        Some(Self { client, unit, size })
    }

    fn lba(&self, block: BlockIndex) -> Result<u64, Error<BlockError>> {
        let lba = block.get().checked_mul(self.unit.into());
        lba.ok_or_else(|| Error::device(BlockError::OutOfRange, "beyond the disk"))
    }
}

fn io<T>(result: Result<T, BlockError>) -> Result<T, Error<BlockError>> {
    result.map_err(|error| {
        #[cfg(target_os = "none")]
        defmt::error!("disk: {=str}", alloc::format!("{error}").as_str());
        Error::device(error, "the disk failed")
    })
}

impl ErrorType for BlkDisk {
    type Error = BlockError;
}

impl BlockDevice for BlkDisk {
    fn block_size(&self) -> BlockSize {
        self.size
    }

    fn block_count(&self) -> u64 {
        self.client.identity().sectors / u64::from(self.unit)
    }

    fn writable(&self) -> bool {
        !self.client.identity().read_only
    }

    fn read_blocks(&mut self, first: BlockIndex, into: &mut [u8]) -> Result<(), Error<BlockError>> {
        let lba = self.lba(first)?;
        io(self.client.read(lba, into))
    }

    fn write_blocks(&mut self, first: BlockIndex, from: &[u8]) -> Result<(), Error<BlockError>> {
        let lba = self.lba(first)?;
        io(self.client.write(lba, from))
    }

    fn flush(&mut self) -> Result<(), Error<BlockError>> {
        io(self.client.flush())
    }
}
