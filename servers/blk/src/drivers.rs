//! The drivers, and what is on their disks.

use crate::gpt::{self, Blocks, Partition};
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use block::{
    Attached, BlockClient, BlockDriverClient, BlockError, DriverDoor, Identity, Range,
    SECTOR_BYTES, Terms, failed,
};
use service::{CallError, Never};
use sys::{Memory, Notification};

/// How long a driver is waited for.
const DRIVER_NS: u64 = 1_000_000_000;
/// How long a read of a partition table may wait for a driver that dies.
const PATIENCE_NS: u64 = 2_000_000_000;
/// `blk`'s own place among the owners of attachments: badges of clients are not 0.
const OWNER: u64 = 0;
/// Pages of its pool, while it reads a table.
const POOL_PAGES: u64 = 8;

/// How a driver is found: the name server's part.
pub type Connect = Box<dyn Fn(&str) -> Result<BlockDriverClient, CallError<Never>>>;

/// A disk or a part of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) name: String,
    pub(crate) label: String,
    pub(crate) range: Range,
}

/// A driver, by the name of its service.
#[derive(Debug)]
pub(crate) struct Driver {
    pub(crate) service: String,
    /// The number of its disk. Given once, when it is there for the first time.
    pub(crate) number: Option<usize>,
    client: Option<BlockDriverClient>,
    /// The disk and its parts, when they were read.
    known: Option<(Identity, Vec<Part>)>,
}

impl Driver {
    pub(crate) fn new(service: &str) -> Self {
        Self { service: service.into(), number: None, client: None, known: None }
    }

    /// Whether there is such a driver, though it may not answer now. One that init has given up,
    /// or that the manifest does not have, is none.
    pub(crate) fn exists(&mut self, connect: &Connect) -> bool {
        match self.ask(connect) {
            Ok(_) => true,
            Err(error) => !matches!(error, CallError::Dead | CallError::Refused),
        }
    }

    fn connected(&mut self, connect: &Connect) -> Result<&BlockDriverClient, CallError<Never>> {
        let client = match self.client.take() {
            Some(client) => client,
            None => connect(&self.service)?,
        };
        Ok(self.client.insert(client))
    }

    /// Connects anew the next time: the driver did not answer.
    pub(crate) fn forget(&mut self) {
        self.client = None;
    }

    fn ask(&mut self, connect: &Connect) -> Result<Identity, CallError<BlockError>> {
        let client = self.connected(connect).map_err(CallError::widen)?;
        let asked = client.within(DRIVER_NS).identity();
        if asked.is_err() {
            self.forget();
        }
        asked
    }

    /// What the disk is.
    pub(crate) fn identity(&mut self, connect: &Connect) -> Result<Identity, BlockError> {
        self.ask(connect).map_err(failed)
    }

    /// Hands a client through. The driver was found just now.
    pub(crate) fn attach(
        &mut self,
        pool: &Memory,
        bell: &Notification,
        terms: Terms,
    ) -> Result<(queue::Offer, Attached), BlockError> {
        let client = self.client.as_ref().ok_or(BlockError::NoDriver)?;
        let attached = client.within(DRIVER_NS).attach(pool, bell, terms).map_err(failed);
        if matches!(attached, Err(BlockError::NoDriver)) {
            self.forget();
        }
        attached
    }

    /// The disk and its partitions. A table that was read is kept; `again` reads it anew.
    pub(crate) fn parts(&mut self, connect: &Connect, again: bool) -> Result<&[Part], BlockError> {
        let number = self.number.ok_or(BlockError::NoDisk)?;
        let identity = self.identity(connect)?;
        let same = self.known.as_ref().is_some_and(|(known, _)| *known == identity);
        if again || !same {
            self.known = None;
            let partitions = self.read_table(connect, &identity)?;
            let parts = named(&identity, number, partitions);
            self.known = Some((identity, parts));
        }
        Ok(self.known.as_ref().map_or(&[], |(_, parts)| parts))
    }

    fn read_table(
        &mut self,
        connect: &Connect,
        identity: &Identity,
    ) -> Result<Vec<Partition>, BlockError> {
        // A client of its own: the way back to the driver, if that dies while it is read.
        let client = connect(&self.service).map_err(|error| failed(error.widen()))?;
        let range = Range { read_only: true, ..Range::whole(identity) };
        let door = DriverDoor::new(client, OWNER, range);
        let client = BlockClient::attach(door, POOL_PAGES, 1)?.with_patience(PATIENCE_NS);
        let mut disk = Table { unit: identity.alignment.max(1), client };
        Ok(gpt::read(&mut disk)?.unwrap_or_default())
    }
}

/// The disk and its partitions, with their names.
fn named(identity: &Identity, number: usize, partitions: Vec<Partition>) -> Vec<Part> {
    let unit = u64::from(identity.alignment.max(1));
    let name = format!("blk{number}");
    let whole =
        Part { name: name.clone(), label: identity.model.clone(), range: Range::whole(identity) };
    let part = |partition: Partition| Part {
        name: format!("{name}p{}", partition.number),
        label: partition.label,
        range: Range {
            first: partition.first * unit,
            sectors: partition.blocks * unit,
            read_only: identity.read_only,
        },
    };
    core::iter::once(whole).chain(partitions.into_iter().map(part)).collect()
}

/// A disk in blocks of its own size.
struct Table {
    /// Sectors of a block.
    unit: u32,
    client: BlockClient,
}

impl Blocks for Table {
    fn block_bytes(&self) -> usize {
        (self.unit * SECTOR_BYTES) as usize
    }
    fn blocks(&self) -> u64 {
        self.client.identity().sectors / u64::from(self.unit)
    }
    fn read(&mut self, first: u64, into: &mut [u8]) -> Result<(), BlockError> {
        self.client.read(first * u64::from(self.unit), into)
    }
}
