//! A volume on a disk, in ext4.
//!
//! **Shape.** The crate `rsext4` knows the format and its journal; this server gives it the disk
//! (through `blk`) and makes a [`FileSystem`](::volume::FileSystem) of it. The argument `device=NAME` says which.
//! The server needs a quota of 512 pages for files that were read, and 1,300 for the rest.
//!
//! **Commits.** Changes are committed by `sync`, and a few seconds after the first of them. After
//! a death of the server, or a power cut, the journal is replayed: what was committed is there,
//! what was not is old or new. A block is used again only after the commit of what freed it, so no
//! file ever shows bytes of another one.
//!
//! **A disk that is not there,** or holds no ext4, is a volume that is `Unusable`: each call says
//! why, and the disk is looked for again. A volume whose errors were noted by an earlier user is
//! read-only, and so is one whose journal cannot be written any more.
//!
//! **Trust.** What is on the disk may be anything. `rsext4` checks it; a panic there ends this
//! server alone, and init gives it up when that happens again and again.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

mod cursor;
mod disk;
mod errors;
mod mounted;
mod names;
#[cfg(test)]
mod tests;
mod volume;

pub use self::volume::{Ext4Volume, format};
pub use disk::BlkDisk;
pub use rsext4;

use ::volume::{Clock, Opener};
use alloc::boxed::Box;
use alloc::string::ToString;
use alloc::sync::Arc;
use blk_api::{BlkClient, BlkDoor};
use block::BlockClient;
use clock_api::WallClock;
use files::Time;

/// Pages of the pool: eight transfers of 128 KiB.
const POOL_PAGES: u64 = 256;
const UNITS: u16 = 16;
/// Pages of files that were read: 2 MiB.
const CACHE_PAGES: usize = 512;
/// How long a transfer waits for another life of the driver. Less than the heartbeat.
const PATIENCE_NS: u64 = 20_000_000_000;

/// The program.
///
/// # Errors
/// When it was not given its endpoint, or the kernel refuses to let it serve.
pub fn main(env: rt::Env) -> Result<(), rt::Failure> {
    let device = env.args().find_map(|argument| argument.strip_prefix("device="));
    let device = device.unwrap_or("blk0").to_string();
    let names = env.names().copy(sys::Rights::ALL)?;
    let name = device.clone();
    let open: Opener<BlkDisk> = Box::new(move || {
        let blk = service::connect(&names, "blk").map_err(|error| error.to_string())?;
        let door = BlkDoor::new(BlkClient::from_endpoint(blk), &name);
        let client = BlockClient::attach(door, POOL_PAGES, UNITS);
        let client = client.map_err(|error| alloc::format!("{name}: {error}"))?;
        Ok(BlkDisk::new(client.with_patience(PATIENCE_NS)))
    });
    let wall = WallClock::ask(env.names()).unwrap_or_default();
    let clock: Clock = Arc::new(move || Time(wall.now_ns()));
    ::volume::run_cached(&env, Ext4Volume::new(&device, open, clock), CACHE_PAGES)
}
