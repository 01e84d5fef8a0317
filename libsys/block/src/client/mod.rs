//! The client's side: one request at a time, or many in flight.

mod asynchronous;
mod door;
mod pool;
mod requests;
mod synchronous;

pub use asynchronous::AsyncBlockClient;
pub use door::{Door, DriverDoor, failed};
pub use pool::{Pool, PoolPart};
pub use requests::Ticket;
pub use synchronous::BlockClient;

use crate::BlockError;

/// How long a client waits for another life of its driver.
const PATIENCE_NS: u64 = 30_000_000_000;
/// The pause after the first attempt to attach that failed; it doubles up to the second.
const PAUSE_NS: u64 = 1_000_000;
const PAUSE_MOST_NS: u64 = 100_000_000;
/// How long a client sleeps before it looks by itself, and rings the driver: a damaged ring may
/// have lost a wake-up.
const LOOK_NS: u64 = 100_000_000;
/// The looks without a completion after which it attaches again.
const LOOKS: u32 = 150;
/// The most recoveries that are kept.
const RECOVERIES: usize = 4096;

/// Whether another try to attach may succeed.
fn may_pass(error: BlockError) -> bool {
    matches!(
        error,
        BlockError::NoDriver | BlockError::TooMany | BlockError::Kernel | BlockError::NoDisk
    )
}
