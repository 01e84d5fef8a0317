//! What stands in a slot: the header, the segment of a discard, the status.

use block::{BlockError, DeviceRequest, Operation, SECTOR_BYTES};
use dma::{Buffer, Part};
use sys::Error;

/// Bytes of a slot. No two share a line of the cache.
pub(crate) const SLOT: usize = 64;
const HEADER: usize = 16;
const SEGMENT_AT: usize = 16;
const SEGMENT: usize = 16;
const STATUS_AT: usize = 32;

/// The status before the device has written it; no device says this.
pub(crate) const UNTOUCHED: u8 = 0xff;

/// Types of requests. Source: virtio 1.2, section 5.2.6.
const IN: u32 = 0;
const OUT: u32 = 1;
const FLUSH: u32 = 4;
const GET_ID: u32 = 8;
const DISCARD: u32 = 11;

/// Bytes of the answer to `GET_ID`.
pub(crate) const ID: usize = 20;

/// The buffers of a request.
pub(crate) struct Buffers {
    /// What the device reads.
    pub(crate) readable: Few,
    /// What it writes.
    pub(crate) writable: Few,
}

type Few = heapless::Vec<Buffer, 2>;

impl Buffers {
    fn new(readable: &[Buffer], writable: &[Buffer]) -> Result<Self, Error> {
        let few = |buffers| Few::from_slice(buffers).map_err(|_| Error::BadArgument);
        Ok(Self { readable: few(readable)?, writable: few(writable)? })
    }

    /// The number of bytes that the device writes.
    pub(crate) fn written(&self) -> usize {
        self.writable.iter().map(Buffer::size).sum()
    }
}

/// A slot of the pool.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot(Part);

impl Slot {
    pub(crate) fn new(part: Part) -> Self {
        Self(part)
    }

    /// Fills it in.
    pub(crate) fn prepare(&self, request: &DeviceRequest) -> Result<Buffers, Error> {
        let data = Buffer::Foreign { address: request.address, bytes: bytes_of(request) };
        let (kind, sector) = match request.operation {
            Operation::Read => (IN, request.lba),
            Operation::Write => (OUT, request.lba),
            Operation::Flush => (FLUSH, 0),
            Operation::Discard => (DISCARD, 0),
        };
        let [header, status] = self.begin(kind, sector)?;
        match request.operation {
            Operation::Read => Buffers::new(&[header], &[data, status]),
            Operation::Write => Buffers::new(&[header, data], &[status]),
            Operation::Flush => Buffers::new(&[header], &[status]),
            Operation::Discard => Buffers::new(&[header, self.segment(request)?], &[status]),
        }
    }

    /// Asks for the serial number, into these bytes.
    pub(crate) fn prepare_id(&self, into: Part) -> Result<Buffers, Error> {
        let [header, status] = self.begin(GET_ID, 0)?;
        Buffers::new(&[header], &[Buffer::Own(into), status])
    }

    /// What the device says, and whether it has said something.
    pub(crate) fn result(&self) -> Option<Result<(), BlockError>> {
        let mut status = [UNTOUCHED];
        self.0.read(STATUS_AT, &mut status).ok()?;
        match status {
            [0] => Some(Ok(())),
            [2] => Some(Err(BlockError::Unsupported)),
            [UNTOUCHED] => None,
            _ => Some(Err(BlockError::Device)),
        }
    }

    /// Header and status.
    fn begin(&self, kind: u32, sector: u64) -> Result<[Buffer; 2], Error> {
        let mut header = [0; HEADER];
        header[..4].copy_from_slice(&kind.to_le_bytes());
        header[8..].copy_from_slice(&sector.to_le_bytes());
        self.0.write(0, &header)?;
        self.0.write(STATUS_AT, &[UNTOUCHED])?;
        let parts = [self.0.part(0, HEADER)?, self.0.part(STATUS_AT, 1)?];
        Ok(parts.map(Buffer::Own))
    }

    fn segment(&self, request: &DeviceRequest) -> Result<Buffer, Error> {
        let mut segment = [0; SEGMENT];
        segment[..8].copy_from_slice(&request.lba.to_le_bytes());
        segment[8..12].copy_from_slice(&request.sectors.to_le_bytes());
        self.0.write(SEGMENT_AT, &segment)?;
        self.0.part(SEGMENT_AT, SEGMENT).map(Buffer::Own)
    }
}

/// Bytes of the client's buffer.
pub(crate) fn bytes_of(request: &DeviceRequest) -> usize {
    if !request.operation.has_buffer() {
        return 0;
    }
    let bytes = u64::from(request.sectors) * u64::from(SECTOR_BYTES);
    usize::try_from(bytes).unwrap_or(usize::MAX)
}
