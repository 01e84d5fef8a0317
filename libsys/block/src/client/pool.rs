//! The memory that a client shares with its driver, and its free parts.

use crate::{BlockError, SECTOR_BYTES};
use alloc::vec::Vec;
use sys::{Mapping, Memory, PAGE_SIZE, Protection};

/// A pool: memory that the device reads and writes.
#[derive(Debug)]
pub struct Pool {
    memory: Memory,
    mapping: Mapping,
    /// Free runs of sectors, by their first: never empty, never beside each other.
    free: Vec<Run>,
}

/// Sectors of a pool in a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Run {
    first: u32,
    count: u32,
}

/// A part of a pool that is in use. The default one is empty.
#[derive(Debug, Default, PartialEq, Eq)]
#[must_use = "it is lost until it is given back"]
pub struct PoolPart(Run);

impl PoolPart {
    /// Where it begins in the pool, in bytes.
    #[must_use]
    pub fn offset(&self) -> u32 {
        self.0.first * SECTOR_BYTES
    }

    /// Its size in sectors.
    #[must_use]
    pub fn sectors(&self) -> u32 {
        self.0.count
    }
}

impl Pool {
    /// A pool of this number of pages.
    ///
    /// # Errors
    /// [`BlockError::Kernel`] when there is no such run of memory.
    pub(crate) fn create(pages: u64) -> Result<Self, BlockError> {
        // A device without an IOMMU reaches only what lies together.
        let memory = Memory::create_contiguous(pages).or_else(|_| Memory::create(pages))?;
        let mapping = memory.map_own(Protection::ReadWrite)?;
        let sectors = pages * PAGE_SIZE / u64::from(SECTOR_BYTES);
        let count = u32::try_from(sectors).map_err(|_| BlockError::BadPool)?;
        Ok(Self { memory, mapping, free: alloc::vec![Run { first: 0, count }] })
    }

    pub(crate) fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Takes this number of sectors.
    ///
    /// # Errors
    /// [`BlockError::Full`] when no run of that size is free.
    pub fn take(&mut self, sectors: u32) -> Result<PoolPart, BlockError> {
        let place = self.free.iter().position(|run| run.count >= sectors);
        let run = place.and_then(|place| self.free.get_mut(place)).ok_or(BlockError::Full)?;
        let part = PoolPart(Run { first: run.first, count: sectors });
        run.first += sectors;
        run.count -= sectors;
        self.free.retain(|run| run.count > 0);
        Ok(part)
    }

    /// The largest part that can be taken, in bytes.
    pub(crate) fn largest_free(&self) -> usize {
        let most = self.free.iter().map(|run| run.count).max().unwrap_or(0);
        usize::try_from(most).unwrap_or(0) * SECTOR_BYTES as usize
    }

    /// Gives a part back. No request with a buffer in it is in flight.
    pub fn give_back(&mut self, part: PoolPart) {
        let run = part.0;
        let place = self.free.partition_point(|other| other.first < run.first);
        self.free.insert(place, run);
        self.free.dedup_by(|next, run| {
            let joins = run.first + run.count == next.first;
            if joins {
                run.count += next.count;
            }
            joins
        });
        self.free.retain(|run| run.count > 0);
    }

    /// Copies bytes of a part out.
    ///
    /// # Errors
    /// [`BlockError::BadBuffer`] when there are fewer.
    pub fn read(&self, part: &PoolPart, into: &mut [u8]) -> Result<(), BlockError> {
        let at = place(part, into.len())?;
        self.mapping.read_at(at, into).map_err(|_| BlockError::BadBuffer)
    }

    /// Copies bytes into a part.
    ///
    /// # Errors
    /// [`BlockError::BadBuffer`] when they do not fit.
    pub fn write(&self, part: &PoolPart, bytes: &[u8]) -> Result<(), BlockError> {
        let at = place(part, bytes.len())?;
        self.mapping.write_at(at, bytes).map_err(|_| BlockError::BadBuffer)
    }
}

/// Where this number of bytes of a part is in the pool.
fn place(part: &PoolPart, len: usize) -> Result<usize, BlockError> {
    let fits = len as u64 <= u64::from(part.0.count) * u64::from(SECTOR_BYTES);
    let at = usize::try_from(part.offset()).map_err(|_| BlockError::BadBuffer)?;
    if fits { Ok(at) } else { Err(BlockError::BadBuffer) }
}

#[cfg(test)]
mod tests {
    use super::{Pool, Run};
    use crate::BlockError;

    #[test]
    fn parts_are_apart_and_come_back_as_one() {
        let mut pool = Pool::create(2).unwrap();
        let parts: Vec<_> = [1, 8, 7].map(|sectors| pool.take(sectors).unwrap()).into();
        assert_eq!(pool.take(1), Err(BlockError::Full));
        let offsets: Vec<_> = parts.iter().map(|part| part.offset()).collect();
        assert_eq!(offsets, [0, 512, 9 * 512]);
        let [a, b, c]: [_; 3] = parts.try_into().unwrap();
        pool.give_back(a);
        pool.give_back(c);
        assert_eq!(pool.take(8), Err(BlockError::Full));
        pool.give_back(b);
        assert_eq!(pool.free, [Run { first: 0, count: 16 }]);
    }

    #[test]
    fn bytes_stay_inside_of_their_part() {
        let mut pool = Pool::create(1).unwrap();
        let part = pool.take(1).unwrap();
        assert_eq!(pool.write(&part, &[7; 513]), Err(BlockError::BadBuffer));
        pool.write(&part, &[7; 512]).unwrap();
        let mut back = [0; 512];
        pool.read(&part, &mut back).unwrap();
        assert_eq!(back, [7; 512]);
    }
}
