//! A volume in memory: `/tmp`.
//!
//! The argument `kib=NUMBER` is its size in KiB, [`KIB`] by default; the server needs a quota of
//! pages for a half more.
//!
//! **Restart.** The content ends with the server: its next life begins empty, and files that were
//! open are `Stale`. What must last belongs on a disk.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

use alloc::sync::Arc;
use clock_api::WallClock;
use files::Time;
use volume::{Clock, MemoryFs};

/// The size without an argument, in KiB.
pub const KIB: u64 = 8192;
/// A name takes at least a page of it.
const NODE_KIB: u64 = 4;

/// The program.
///
/// # Errors
/// When it was not given its endpoint, or the kernel refuses to let it serve.
pub fn main(env: rt::Env) -> Result<(), rt::Failure> {
    let argument = env.args().find_map(|argument| argument.strip_prefix("kib="));
    let kib = argument.and_then(|number| number.parse().ok()).unwrap_or(KIB);
    let wall = WallClock::ask(env.names()).unwrap_or_default();
    let clock: Clock = Arc::new(move || Time(wall.now_ns()));
    volume::run(&env, MemoryFs::new(kib.saturating_mul(1024), kib / NODE_KIB, clock))
}
