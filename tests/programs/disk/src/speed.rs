//! How fast a disk is, as one client sees it.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use block::{BlockClient, BlockError, Operation, PoolPart, SECTOR_BYTES};

/// Bytes of a request, and requests in flight.
const ROWS: [(u32, usize); 4] = [(4096, 1), (4096, 32), (65_536, 1), (65_536, 32)];
/// The time of one row.
const ROW_NS: u64 = 1_000_000_000;
const NS_PER_SECOND: u64 = 1_000_000_000;

/// Pages of a pool for the largest row.
pub const POOL_PAGES: u64 = 512;

/// Reads a disk from its start on, again and again, for a second in each row: a line for each.
///
/// # Errors
/// What the driver says.
pub fn measure(disk: &mut BlockClient) -> Result<String, BlockError> {
    let mut text = String::new();
    for (bytes, depth) in ROWS {
        let (requests, took_ns) = row(disk, bytes / SECTOR_BYTES, depth)?;
        let per_second = |count: u64| count.saturating_mul(NS_PER_SECOND) / took_ns.max(1);
        let moved = requests * u64::from(bytes);
        text += &format!(
            "disk: read {bytes} bytes, {depth} in flight: {} requests/s, {} MB/s\n",
            per_second(requests),
            per_second(moved) / 1_000_000,
        );
    }
    Ok(text)
}

/// Requests of one row, and the time that they took.
fn row(disk: &mut BlockClient, sectors: u32, depth: usize) -> Result<(u64, u64), BlockError> {
    let last = disk.identity().sectors.saturating_sub(sectors.into());
    let mut parts = Vec::new();
    while parts.len() < depth.min(disk.units()) {
        parts.push(disk.pool().take(sectors)?);
    }
    let mut flights: Vec<(block::Ticket, PoolPart)> = Vec::new();
    let begun_ns = sys::clock();
    let (mut lba, mut done) = (0, 0);
    let mut failed = None;
    loop {
        let over = failed.is_some() || sys::clock() - begun_ns >= ROW_NS;
        while !over && let Some(part) = parts.pop() {
            lba = if lba > last { 0 } else { lba };
            flights.push((disk.start(Operation::Read, lba, &part)?, part));
            lba += u64::from(sectors);
        }
        // None is in flight: the time is over, and each has ended.
        let Some((ticket, result)) = disk.finish() else { break };
        let place = flights.iter().position(|(flying, _)| *flying == ticket);
        parts.extend(place.map(|place| flights.swap_remove(place).1));
        failed = failed.or(result.err());
        done += 1;
    }
    parts.into_iter().for_each(|part| disk.pool().give_back(part));
    match failed {
        None => Ok((done, sys::clock() - begun_ns)),
        Some(error) => Err(error),
    }
}
