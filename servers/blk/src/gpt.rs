//! GUID partition tables. All that stands on a disk is an allegation: sums are checked, sizes
//! bounded, and a partition counts only when it lies on the disk and apart from the others.

use alloc::string::String;
use alloc::vec::Vec;
use block::BlockError;
use core::mem::size_of;
use gpt_disk_types::{GptHeader, GptPartitionEntry};

/// The most entries of a table, and bytes of an entry: what a hostile disk can ask for.
const ENTRIES: usize = 1024;
const ENTRY_BYTES: usize = 4096;

/// A partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partition {
    /// Its place in the table, from 1.
    pub number: u32,
    /// Its label.
    pub label: String,
    /// Its first block.
    pub first: u64,
    /// The number of blocks.
    pub blocks: u64,
}

/// A disk as far as its table needs it.
pub trait Blocks {
    /// Bytes of a block.
    fn block_bytes(&self) -> usize;
    /// The number of blocks.
    fn blocks(&self) -> u64;
    /// Reads whole blocks from this one on.
    ///
    /// # Errors
    /// What the disk says.
    fn read(&mut self, first: u64, into: &mut [u8]) -> Result<(), BlockError>;
}

/// Reads the table: the one at the start, or its copy at the end when that is damaged. None when
/// there is neither.
///
/// # Errors
/// What the disk says.
pub fn read(disk: &mut impl Blocks) -> Result<Option<Vec<Partition>>, BlockError> {
    for lba in [1, disk.blocks().saturating_sub(1)] {
        if lba < disk.blocks()
            && let Some(partitions) = table(disk, lba)?
        {
            return Ok(Some(partitions));
        }
    }
    Ok(None)
}

/// The table whose header is in this block.
fn table(disk: &mut impl Blocks, lba: u64) -> Result<Option<Vec<Partition>>, BlockError> {
    let mut block = alloc::vec![0; disk.block_bytes()];
    disk.read(lba, &mut block)?;
    let Some(header) = header(&block, lba) else { return Ok(None) };
    let size = usize::try_from(header.size_of_partition_entry.to_u32()).unwrap_or(0);
    let count = usize::try_from(header.number_of_partition_entries.to_u32()).unwrap_or(0);
    let fits = (size_of::<GptPartitionEntry>()..=ENTRY_BYTES).contains(&size);
    if !fits || !size.is_power_of_two() || count > ENTRIES {
        return Ok(None);
    }
    let bytes = size * count;
    let first = header.partition_entry_lba.to_u64();
    let mut entries = alloc::vec![0; bytes.next_multiple_of(disk.block_bytes())];
    let needed = (entries.len() / disk.block_bytes()) as u64;
    if first.checked_add(needed).is_none_or(|end| end > disk.blocks()) {
        return Ok(None);
    }
    disk.read(first, &mut entries)?;
    entries.truncate(bytes);
    if crc32fast::hash(&entries) != header.partition_entry_array_crc32.0.to_u32() {
        return Ok(None);
    }
    Ok(Some(partitions(&entries, size, &header, disk.blocks())))
}

/// The header, if it is one and whole.
fn header(block: &[u8], lba: u64) -> Option<GptHeader> {
    let bytes = block.get(..size_of::<GptHeader>())?;
    let header: GptHeader = bytemuck::try_pod_read_unaligned(bytes).ok()?;
    let size = usize::try_from(header.header_size.to_u32()).ok()?;
    // The sum is over as many bytes as the header says, with zeros in its own place.
    let mut summed = block.get(..size)?.to_vec();
    summed.get_mut(16..20)?.fill(0);
    let sum = crc32fast::hash(&summed);
    let whole = header.is_signature_valid()
        && sum == header.header_crc32.0.to_u32()
        && header.my_lba.to_u64() == lba;
    whole.then_some(header)
}

/// The entries that are partitions.
fn partitions(bytes: &[u8], size: usize, header: &GptHeader, blocks: u64) -> Vec<Partition> {
    let usable = header.first_usable_lba.to_u64()..=header.last_usable_lba.to_u64();
    let mut found: Vec<Partition> = Vec::new();
    for (number, bytes) in (1..).zip(bytes.chunks_exact(size)) {
        let bytes = bytes.get(..size_of::<GptPartitionEntry>()).unwrap_or_default();
        let Ok(entry) = bytemuck::try_pod_read_unaligned::<GptPartitionEntry>(bytes) else {
            continue;
        };
        let Some(range) = entry.is_used().then(|| entry.lba_range()).flatten() else { continue };
        let (first, last) = (range.start().to_u64(), range.end().to_u64());
        let lies = usable.contains(&first) && usable.contains(&last) && last < blocks;
        let apart = |other: &Partition| last < other.first || first >= other.first + other.blocks;
        if lies && found.iter().all(apart) {
            let name = entry.name;
            let label = name.chars().collect();
            found.push(Partition { number, label, first, blocks: last - first + 1 });
        }
    }
    found
}
