//! The disk, as `rsext4` uses it.

use block::{BlockClient, SECTOR_BYTES};
use rsext4::{BlockIo, DeviceCapabilities, DeviceGeometry, Ext4Error, Ext4Result, SectorId};

/// A disk or partition behind `blk`.
#[derive(Debug)]
pub struct BlkDisk {
    client: BlockClient,
    /// Sectors of 512 bytes in one of the device.
    unit: u32,
}

impl BlkDisk {
    /// Over a client that is attached.
    #[must_use]
    pub fn new(client: BlockClient) -> Self {
        let unit = client.identity().alignment.max(1);
        Self { client, unit }
    }

    fn lba(&self, sector: SectorId) -> Ext4Result<u64> {
        sector.raw().checked_mul(self.unit.into()).ok_or_else(Ext4Error::overflow)
    }
}

/// What the disk says is in the driver's log: here there is only one kind of failure.
fn io<T>(result: Result<T, block::BlockError>) -> Ext4Result<T> {
    result.map_err(|_error| {
        #[cfg(target_os = "none")]
        defmt::error!("disk: {=str}", alloc::format!("{_error}").as_str());
        Ext4Error::io()
    })
}

impl BlockIo for BlkDisk {
    fn write(&mut self, buffer: &[u8], sector: SectorId, _: u32) -> Ext4Result<()> {
        let lba = self.lba(sector)?;
        io(self.client.write(lba, buffer))
    }

    fn read(&mut self, buffer: &mut [u8], sector: SectorId, _: u32) -> Ext4Result<()> {
        let lba = self.lba(sector)?;
        io(self.client.read(lba, buffer))
    }

    fn geometry(&self) -> DeviceGeometry {
        let sectors = self.client.identity().sectors / u64::from(self.unit);
        DeviceGeometry::new(SECTOR_BYTES.saturating_mul(self.unit), sectors)
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let read_only = self.client.identity().read_only;
        DeviceCapabilities { read_only, flush: true, ..DeviceCapabilities::default() }
    }

    fn flush(&mut self) -> Ext4Result<()> {
        io(self.client.flush())
    }
}
