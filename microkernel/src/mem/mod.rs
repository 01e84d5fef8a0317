//! Memory: frames, user memory, mappings.

mod claim;
mod dma;
mod extents;

mod growth;
mod lend;
pub(crate) mod map;
mod pieces;
mod release;
mod user;

pub(crate) use pieces::Progress;
pub(crate) use user::{Checked, room_in_page};
pub use user::{Readable, UserSlice, Writable};
