//! The gate: the one loop through which every return to user mode goes.

mod context;
mod gate;
mod handlers;
mod last;
mod shared;
mod work;

pub use context::{Clock, Context};
pub use gate::{Held, Next, Runner, Way, exit};
pub(crate) use shared::SHARED_TURNS;
pub use work::{ITEMS, Kind, Phase, Work, WorkItem};
