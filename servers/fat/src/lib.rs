//! A volume on a disk, in FAT12, FAT16 or FAT32: for sticks, and files that other systems read.
//!
//! **Shape.** The crate `hadris-fat` knows the format; this server gives it the disk (through
//! `blk`) and makes a [`FileSystem`](::volume::FileSystem) of it. The argument `device=NAME` says
//! which.
//!
//! **What FAT does not have.** Links and permissions but "read-only"; times finer than 2 seconds.
//! Names are the same in upper and lower case. There is no journal: after a power cut or a death,
//! what was written since the last `sync` may be there in part, space may be lost until a check,
//! and `rename` over a file may leave both names. What must not be torn belongs on ext4.
//!
//! **Nodes** are the places of names, with a tag of the name and the time that it was made. So an
//! open file outlives a death of the server, but is `Stale` when it was renamed or removed.
//!
//! **Trust.** What is on the disk may be anything. `hadris-fat` checks it; a damaged file is an
//! error of its own calls, and what is no FAT at all is a volume that is `Unusable`.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

mod disk;
mod errors;
#[cfg(test)]
mod tests;
mod volume;

pub use self::volume::{FatVolume, format};
pub use disk::BlkDisk;
pub use hadris_storage;

use ::volume::{Clock, Opener};
use alloc::boxed::Box;
use alloc::string::ToString;
use alloc::sync::Arc;
use blk_api::{BlkClient, BlkDoor};
use block::BlockClient;
use clock_api::WallClock;
use files::Time;

/// Pages of the pool: two transfers of 128 KiB.
const POOL_PAGES: u64 = 64;
const UNITS: u16 = 16;
/// Pages of files that were read: 192 KiB.
const CACHE_PAGES: usize = 48;
/// How long a transfer waits for another life of the driver. Less than the heartbeat.
const PATIENCE_NS: u64 = 20_000_000_000;

/// The program.
///
/// # Errors
/// When it was not given its endpoint, or the kernel refuses to let it serve.
pub fn main(env: rt::Env) -> Result<(), rt::Failure> {
    let device = env.args().find_map(|argument| argument.strip_prefix("device="));
    let device = device.unwrap_or("blk1").to_string();
    let names = env.names().copy(sys::Rights::ALL)?;
    let name = device.clone();
    let open: Opener<BlkDisk> = Box::new(move || {
        let blk = service::connect(&names, "blk").map_err(|error| error.to_string())?;
        let door = BlkDoor::new(BlkClient::from_endpoint(blk), &name);
        let client = BlockClient::attach(door, POOL_PAGES, UNITS);
        let client = client.map_err(|error| alloc::format!("{name}: {error}"))?;
        let disk = BlkDisk::new(client.with_patience(PATIENCE_NS));
        disk.ok_or_else(|| alloc::format!("{name}: its sectors are too big"))
    });
    let wall = WallClock::ask(env.names()).unwrap_or_default();
    let clock: Clock = Arc::new(move || Time(wall.now_ns()));
    ::volume::run_cached(&env, FatVolume::new(&device, open, clock), CACHE_PAGES)
}
