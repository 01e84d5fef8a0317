//! The client's side: slots over all lives of the driver, and the way to it.

mod door;
mod frames;
mod task;

pub use door::{Door, DriverDoor};
pub use frames::{FrameCounts, Frames};
pub use task::NicClient;
