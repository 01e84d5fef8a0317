//! The end of memory objects: their frames go back in pieces.
//!
//! Shape: an object of few blocks is given back at once by its last name's end. One of many is
//! kept alive by an operation of the thread whose doing that was, or of its process's reaper,
//! which takes it apart from its first block to its last.

use super::Memory;
use super::pieces::Progress;
use crate::machine::Machine;
use crate::object::{MemoryId, Objects, Operation, Resource, Storage};

/// Blocks given back at once. Each is merged with its neighbours, up to ten times.
/// In tests one, so that small objects take several pieces there.
const BLOCKS_PER_PIECE: u32 = if cfg!(test) { 1 } else { 32 };

impl<M: Machine> Objects<M> {
    /// Whether an object has one name left, and more blocks than a piece gives back.
    fn is_last_of_many(&self, id: MemoryId) -> bool {
        let object = &self.memories[id];
        match &object.storage {
            Storage::Frames(chain) => object.refs == 1 && chain.blocks() > BLOCKS_PER_PIECE,
            _ => false,
        }
    }
}

impl<M: Machine> Memory<'_, M> {
    /// One name of a memory object fewer. The last one ends it: what is left to do, if that is
    /// more than a piece of work.
    #[must_use = "the memory would never be given back"]
    pub(crate) fn release_memory(&mut self, id: MemoryId) -> Option<Operation> {
        self.release_memory_then(id, 0)
    }

    /// The same, for a thread whose call ends with this status then.
    #[must_use = "the memory would never be given back"]
    pub(crate) fn release_memory_then(&mut self, id: MemoryId, status: u64) -> Option<Operation> {
        if self.objects.is_last_of_many(id) {
            // The operation has the last name now.
            return Some(Operation::Release { memory: id, status });
        }
        self.objects.memories[id].refs -= 1;
        if self.objects.memories[id].refs > 0 {
            return None;
        }
        self.give_back_blocks(id);
        let object = &mut self.objects.memories[id];
        let (storage, quota) = (core::mem::take(&mut object.storage), object.quota);
        self.objects.memories.discard(id);
        if !matches!(storage, Storage::Fixed(_)) {
            self.objects.quotas.give_back(quota, Resource::Objects, 1);
        }
        match storage {
            Storage::Loan(loan) => self.free_loan(quota, loan),
            Storage::Frames(_) | Storage::Fixed(_) | Storage::Device(_) => None,
        }
    }

    /// Does what is left at once, where it is known to be nothing: another name is there, or the
    /// object was shortened before.
    pub(crate) fn finish_release(&mut self, mut left: Option<Operation>) {
        debug_assert!(left.is_none(), "the end of a large object takes an operation");
        while let Some(operation) = left {
            left = match self.memory_piece(operation) {
                Progress::More(operation) => Some(operation),
                Progress::Finished(_) | Progress::Memory(_) | Progress::Thread(_) => None,
            };
        }
    }

    /// Gives some blocks of an object back that has one name left, if there are too many for its
    /// end. False: its last name can end.
    pub(super) fn shorten_last_of_many(&mut self, id: MemoryId) -> bool {
        let many = self.objects.is_last_of_many(id);
        if many {
            self.give_back_blocks(id);
        }
        many
    }

    /// A bounded piece of giving an object back that nothing but the operation names.
    pub(super) fn release_piece(&mut self, memory: MemoryId, status: u64) -> Progress {
        if self.shorten_last_of_many(memory) {
            return Progress::More(Operation::Release { memory, status });
        }
        match self.release_memory_then(memory, status) {
            Some(operation) => Progress::More(operation),
            None => Progress::Finished(status),
        }
    }

    /// Gives back some blocks, and what was promised and not taken. The pages are no longer the
    /// object's.
    fn give_back_blocks(&mut self, id: MemoryId) {
        let object = &mut self.objects.memories[id];
        let Storage::Frames(chain) = &mut object.storage else { return };
        let mut pages = object.pages - chain.len();
        self.frames.break_promise(pages);
        for _ in 0..BLOCKS_PER_PIECE {
            match self.frames.shorten(chain) {
                Some(frames) => pages += frames,
                None => break,
            }
        }
        object.pages -= pages;
        let count = u32::try_from(pages).unwrap_or(u32::MAX);
        self.objects.quotas.give_back(object.quota, Resource::Pages, count);
    }
}
