//! What the device says of itself.

use block::{Identity, SECTOR_BYTES};
use dma::FOREIGN_MAX;
use sys::{Failure, RegisterFile};
use virtio::{Features, PosternTransport};
use virtio_drivers::transport::Transport;

/// Features of block devices. Source: virtio 1.2, section 5.2.3.
const READ_ONLY: Features = Features::from_bits_retain(1 << 5);
const FLUSH: Features = Features::from_bits_retain(1 << 9);
const DISCARD: Features = Features::from_bits_retain(1 << 13);

/// What the driver can use.
pub(crate) const WANTED: Features = READ_ONLY.union(FLUSH).union(DISCARD);

/// Offsets in the configuration. Source: virtio 1.2, section 5.2.4.
const CAPACITY: usize = 0;
const MAX_DISCARD_SECTORS: usize = 36;
const DISCARD_ALIGNMENT: usize = 44;

/// Requests that the device has at a time.
pub(crate) const DEPTH: u16 = 32;

/// What the device is, and what it can do.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) identity: Identity,
    /// Whether writes last only after a flush.
    pub(crate) flushes: bool,
    /// The most sectors of a discard; 0: it discards nothing.
    pub(crate) discard_sectors: u32,
    /// First sectors of a discard are multiples of this.
    pub(crate) discard_alignment: u32,
}

impl Config {
    /// Reads it.
    pub(crate) fn read<R: RegisterFile>(
        transport: &PosternTransport<R>,
        agreed: Features,
    ) -> Result<Self, Failure> {
        let capacity = transport.read_consistent(|| transport.read_config_space::<u64>(CAPACITY));
        let sectors = capacity.map_err(Failure::new)?;
        let field = |offset| transport.read_config_space::<u32>(offset).map_err(Failure::new);
        let discards = agreed.contains(DISCARD);
        let discard_sectors = if discards { field(MAX_DISCARD_SECTORS)? } else { 0 };
        let discard_alignment = if discards { field(DISCARD_ALIGNMENT)?.max(1) } else { 1 };
        let max_sectors = u32::try_from(FOREIGN_MAX).map_err(Failure::new)? / SECTOR_BYTES;
        let identity = Identity {
            model: "virtio".into(),
            serial: alloc::string::String::new(),
            sectors,
            alignment: 1,
            max_sectors,
            depth: DEPTH,
            read_only: agreed.contains(READ_ONLY),
            discard: discard_sectors > 0,
            generation: sectors,
        };
        let flushes = agreed.contains(FLUSH);
        Ok(Self { identity, flushes, discard_sectors, discard_alignment })
    }
}
