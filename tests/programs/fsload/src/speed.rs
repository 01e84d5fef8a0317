//! How fast files are, as one client sees them.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use fastrand::Rng;
use files::{Error, How, Namespace};

const NS_PER_SECOND: u64 = 1_000_000_000;
/// Bytes of the file, more than the volume's server keeps, and of a piece of it.
const FILE_BYTES: u64 = 8 << 20;
const PIECE: usize = 128 << 10;
const PAGE: usize = 4096;
/// The part of the file that the server keeps.
const CACHED_BYTES: u64 = 1 << 20;
/// Files that are made and removed, and pages that are read.
const FILES: u64 = 100;
const READS: u64 = 1_000;

/// Measures in a directory: a line for each row.
///
/// # Errors
/// Those of the files.
pub fn measure(space: &Namespace, directory: &str) -> Result<String, Error> {
    let path = format!("{directory}/speed");
    let mut text = String::new();
    let mut row = |what: &str, count: u64, unit: &str, took_ns: u64| {
        let per_second = count.saturating_mul(NS_PER_SECOND) / took_ns.max(1);
        text += &format!("files: {what}: {per_second} {unit}/s\n");
    };
    let mut file = space.open(&path, How::REPLACE)?;
    let pieces = FILE_BYTES / PIECE as u64;
    let mut piece: Vec<u8> = (0..=250).cycle().take(PIECE).collect();
    let kib = FILE_BYTES >> 10;
    let took = timed(|| {
        (0..pieces).try_for_each(|at| file.write_at(at * PIECE as u64, &piece))?;
        file.sync()
    })?;
    row("write in order, with a sync at the end", kib, "KiB", took);
    let took = timed(|| {
        (0..pieces).try_for_each(|at| file.read_at(at * PIECE as u64, &mut piece).map(drop))
    })?;
    row("read in order", kib, "KiB", took);
    let mut page = vec![0; PAGE];
    for (what, bytes) in [("4 KiB anywhere", FILE_BYTES), ("4 KiB of the last MiB", CACHED_BYTES)] {
        let mut random = Rng::with_seed(1);
        let first = FILE_BYTES - bytes;
        let took = timed(|| {
            (0..READS).try_for_each(|_| {
                let at = first + random.u64(..bytes / PAGE as u64) * PAGE as u64;
                file.read_at(at, &mut page).map(drop)
            })
        })?;
        row(what, READS, "reads", took);
    }
    drop(file);
    space.remove(&path)?;
    let name = |number| format!("{path}.{number}");
    let took = timed(|| {
        (0..FILES).try_for_each(|number| space.open(&name(number), How::CREATE).map(drop))?;
        (0..FILES).try_for_each(|number| space.remove(&name(number)))?;
        space.sync(directory)
    })?;
    row("create and remove, with a sync at the end", FILES, "files", took);
    Ok(text)
}

fn timed(work: impl FnOnce() -> Result<(), Error>) -> Result<u64, Error> {
    let begun_ns = sys::clock();
    work()?;
    Ok(sys::clock().saturating_sub(begun_ns))
}
