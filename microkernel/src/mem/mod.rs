//! Memory: frames, user memory, mappings.

mod bound;
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

use crate::frames::Frames;
use crate::kernel::Kernel;
use crate::machine::Machine;
use crate::object::Objects;

/// The parts of the kernel that memory is made of: what mappings, user memory and the growth of
/// arenas work on. No CPU and no run queue is among them, so none of this wakes a thread.
pub(crate) struct Memory<'a, M: Machine> {
    pub(crate) machine: &'a mut M,
    pub(crate) objects: &'a mut Objects<M>,
    pub(crate) frames: &'a mut Frames,
}

impl<M: Machine> Kernel<M> {
    /// Its memory.
    #[inline(always)]
    pub(crate) fn memory(&mut self) -> Memory<'_, M> {
        Memory { machine: &mut self.machine, objects: &mut self.objects, frames: &mut self.frames }
    }
}
