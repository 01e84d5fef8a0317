//! The clients of disks: each knows what every sector holds. No fault of a driver may show in a
//! sector or in an error: the client makes its requests again.

use crate::books::End;
use crate::sector::{self, Wrong};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use blk_api::{BlkClient, BlkDoor};
use block::{Attached, Bits, BlockClient, BlockError, Door};
use core::cell::RefCell;
use core::sync::atomic::{AtomicUsize, Ordering};
use critical_section::Mutex;
use fastrand::Rng;
use sys::{Endpoint, Error, Memory, Notification, Protection, Rights};

const POOL_PAGES: u64 = 16;
const UNITS: u16 = 8;
/// Sectors of an operation.
const SECTORS: usize = 16;
/// Places for one in each MiB of a disk.
const PLACES_PER_MIB: usize = (1 << 20) / (SECTORS * sector::BYTES);
/// Places that each client uses. Set before the clients start.
static PLACES: AtomicUsize = AtomicUsize::new(PLACES_PER_MIB / 2);
/// The first bytes of the rings: the indices of both, and records.
const RING_BYTES: u64 = 4096;

/// The rings between each client and its driver, in its present life.
static RINGS: [Mutex<RefCell<Option<Memory>>>; 2] = [const { Mutex::new(RefCell::new(None)) }; 2];

/// Lets the clients that start from now on use this part of their disks.
pub(crate) fn use_mib(mib: usize) {
    PLACES.store(mib.saturating_mul(PLACES_PER_MIB), Ordering::Relaxed);
}

/// The way to a disk that remembers where the rings are.
struct OpenDoor {
    door: BlkDoor,
    place: usize,
}

impl Door for OpenDoor {
    fn attach(
        &self,
        pool: &Memory,
        bell: &Notification,
        bits: Bits,
        units: u16,
    ) -> Result<(queue::Offer, Attached), BlockError> {
        let (offer, attached) = self.door.attach(pool, bell, bits, units)?;
        let [rings, bell_of_it, life, other] = offer.into_handles();
        let copy = rings.copy(Rights::ALL)?;
        let offer = queue::Offer::from_handles([rings, bell_of_it, life, other]);
        let old = critical_section::with(|cs| {
            RINGS.get(self.place).and_then(|place| place.replace(cs, Some(Memory::from(copy))))
        });
        drop(old);
        Ok((offer, attached))
    }
}

/// Flips a bit in the rings between a client and its driver.
pub(crate) fn flip_ring(place: usize, rng: &mut Rng) -> Result<(), Error> {
    let copied = critical_section::with(|cs| {
        let rings = RINGS.get(place)?.borrow_ref(cs);
        Some(rings.as_ref()?.copy(Rights::ALL))
    });
    let rings = copied.ok_or(Error::BadState)??.map_own(Protection::ReadWrite)?;
    let bytes = RING_BYTES.min(rings.len() as u64);
    let at = usize::try_from(rng.u64(0..bytes)).map_err(|_| Error::BadArgument)?;
    let mut byte = [0];
    rings.read_at(at, &mut byte)?;
    rings.write_at(at, &[byte[0] ^ 1 << rng.u8(0..8)])
}

/// A client of one disk.
pub(crate) struct Disk {
    client: BlockClient,
    /// What each place holds; 0: not known.
    versions: Vec<u32>,
    last: u32,
    buffer: Vec<u8>,
}

impl Disk {
    pub(crate) fn open(names: &Endpoint, place: usize) -> Result<Self, BlockError> {
        let blk = BlkClient::connect(names).map_err(|_| BlockError::NoDriver)?;
        let door = OpenDoor { door: BlkDoor::new(blk, &format!("blk{place}")), place };
        let client = BlockClient::attach(door, POOL_PAGES, UNITS)?;
        let bytes = SECTORS * sector::BYTES;
        let (versions, buffer) =
            (alloc::vec![0; PLACES.load(Ordering::Relaxed)], alloc::vec![0; bytes]);
        Ok(Self { client, versions, last: 0, buffer })
    }

    /// Writes or reads a place, and checks what was read.
    pub(crate) fn operate(&mut self, rng: &mut Rng) -> End {
        let number = rng.usize(0..self.versions.len());
        let first = (number * SECTORS) as u64;
        let Some(version) = self.versions.get_mut(number) else { return End::Error };
        let sectors = self.buffer.chunks_exact_mut(sector::BYTES);
        if rng.bool() {
            self.last += 1;
            sectors.zip(first..).for_each(|(bytes, lba)| sector::write(bytes, lba, self.last));
            let written = self.client.write(first, &self.buffer);
            *version = if written.is_ok() { self.last } else { 0 };
            return written.map_or(End::Error, |()| End::Right);
        }
        self.buffer.fill(0xee);
        if self.client.read(first, &mut self.buffer).is_err() {
            return End::Error;
        }
        let mut sectors = self.buffer.chunks_exact(sector::BYTES).zip(first..);
        let right = sectors.all(|(bytes, lba)| match sector::check(bytes, lba, *version) {
            Ok(()) => true,
            Err(wrong) => {
                tell(lba, *version, wrong);
                false
            }
        });
        if right { End::Right } else { End::Wrong }
    }
}

/// Tells of a sector that holds what it should not.
fn tell(lba: u64, version: u32, wrong: Wrong) {
    let is = match wrong {
        Wrong::Sum => String::from("a sum that does not fit"),
        Wrong::Number(number) => format!("sector {number}"),
        Wrong::Version(version) => format!("version {version}"),
    };
    defmt::error!("sector {=u64}, version {=u32}: it holds {=str}", lba, version, is.as_str());
}
