//! Memory: frames, user memory, mappings.

mod claim;
mod extents;
mod frames;
mod lend;
pub(crate) mod map;
mod pieces;
mod release;
mod room;
mod user;
mod wire;

pub use claim::Claim;
pub use frames::{Block, Chain, FrameInfo, Frames};
pub(crate) use pieces::Progress;
pub(crate) use user::{Checked, room_in_page};
pub use user::{Readable, UserSlice, Writable};
pub(crate) use wire::{
    compat_bytes, compat_from, cpu_info_bytes, debug_registers_bytes, debug_registers_from,
    envelope_from, handle_record_bytes, process_info_bytes, quota_from, saved_frame_bytes,
    saved_frame_from, system_info_bytes, trace_record_bytes,
};
#[cfg(any(test, feature = "hosted"))]
pub(crate) use wire::{envelope_bytes, read_receipt};
