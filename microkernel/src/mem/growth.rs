//! Room for one more object: arenas grow when they are full, by a frame at a time.
//!
//! Shape: an arena's slice has addresses for more than memory can hold, and frames behind its
//! first part; see README.md, "Growing arenas". Frames that an arena got stay its own.
//! The first program's account pays for them: it has what no other program was promised, so
//! growth never takes a page that another quota allows.
//! Order: room is made before anything of an object is charged or linked.

use crate::arena::{Arena, Growing, Slot};
use crate::frames::{Block, Frames};
use crate::kernel::Kernel;
use crate::machine::{GROWTH, Machine, NoFrame, OwnedFrame, Phys};
use crate::object::{Quotas, Resource};
use crate::time::{Deadlines, Entry, keys_end};
use abi::Error;

impl<M: Machine> Kernel<M> {
    /// Makes sure that one more object fits into an arena.
    #[inline(always)]
    pub(crate) fn ensure_capacity<K: 'static, T: Default + 'static>(
        &mut self,
        arena: fn(&mut Self) -> &mut Arena<K, T>,
    ) -> Result<(), Error> {
        if arena(self).has_room() { Ok(()) } else { self.grow(arena) }
    }

    /// Makes an arena larger.
    #[cold]
    pub(crate) fn grow<K: 'static, T: Default + 'static>(
        &mut self,
        arena: fn(&mut Self) -> &mut Arena<K, T>,
    ) -> Result<(), Error> {
        self.extend(|kernel| arena(kernel).slots_mut(), Slot::empty)
    }

    /// Makes sure that one more thread fits, and its deadline.
    pub(crate) fn ensure_thread_capacity(&mut self) -> Result<(), Error> {
        self.ensure_capacity(|kernel| &mut kernel.objects.threads)?;
        self.ensure_deadline_capacity()
    }

    /// Makes sure that one more timer fits, and its deadline.
    pub(crate) fn ensure_timer_capacity(&mut self) -> Result<(), Error> {
        self.ensure_capacity(|kernel| &mut kernel.objects.timers)?;
        self.ensure_deadline_capacity()
    }

    /// Makes sure that one more scheduling context fits, and its deadline.
    pub(crate) fn ensure_context_capacity(&mut self) -> Result<(), Error> {
        self.ensure_capacity(|kernel| &mut kernel.objects.sched_contexts)?;
        self.ensure_deadline_capacity()
    }

    /// Makes sure that all threads, timers and contexts that fit can have deadlines: to set one
    /// never fails.
    #[inline(always)]
    fn ensure_deadline_capacity(&mut self) -> Result<(), Error> {
        let (threads, timers) = (self.objects.threads.capacity(), self.objects.timers.capacity());
        let keys = keys_end(threads, timers, self.objects.sched_contexts.capacity());
        if self.sched.deadlines.keys() < keys { self.add_keys(keys) } else { Ok(()) }
    }

    #[cold]
    fn add_keys(&mut self, keys: usize) -> Result<(), Error> {
        while self.sched.deadlines.heap_mut().len() < keys {
            self.extend(|kernel| kernel.sched.deadlines.heap_mut(), Entry::empty)?;
        }
        while self.sched.deadlines.places_mut().len() < keys {
            self.extend(|kernel| kernel.sched.deadlines.places_mut(), Deadlines::nowhere)?;
        }
        Ok(())
    }

    fn extend<T: 'static>(
        &mut self,
        slice: impl Fn(&mut Self) -> &mut Growing<T>,
        make: fn(usize) -> T,
    ) -> Result<(), Error> {
        let payer = self.objects.growth_payer.ok_or(Error::OutOfMemory)?;
        if self.objects.quotas.left(payer, Resource::Pages) < GROWTH {
            return Err(Error::OutOfMemory);
        }
        let (mut longer, mut taken) = (core::mem::take(slice(self)), 0);
        let frames = &mut self.frames;
        let mut frame = |machine: &mut M| {
            let frame = frames.take(0)?.phys();
            machine.zero(frame, 1);
            taken += 1;
            Some(frame)
        };
        let extended = self.machine.extend(&mut longer, make, &mut frame);
        *slice(self) = longer;
        // NOFAIL: so much was left.
        self.objects.quotas.charge(payer, Resource::Pages, taken)?;
        extended.map_err(|NoFrame| Error::OutOfMemory)
    }

    /// Takes a zeroed frame, paid for by this account.
    pub(crate) fn take_frame(
        frames: &mut Frames,
        quotas: &mut Quotas,
        machine: &mut M,
        quota: crate::object::QuotaId,
    ) -> Option<OwnedFrame> {
        quotas.charge(quota, crate::object::Resource::Pages, 1).ok()?;
        let Some(block) = frames.take(0) else {
            quotas.give_back(quota, crate::object::Resource::Pages, 1);
            return None;
        };
        machine.zero(block.phys(), 1);
        Some(block.into_frame())
    }

    /// Gives such a frame back.
    pub(crate) fn free_frame(
        frames: &mut Frames,
        quotas: &mut Quotas,
        quota: crate::object::QuotaId,
        frame: OwnedFrame,
    ) {
        frames.release_block(Block::at(frame));
        quotas.give_back(quota, crate::object::Resource::Pages, 1);
    }

    /// Gives a frame back that was a part of a table.
    pub(crate) fn free_table_frame(
        frames: &mut Frames,
        quotas: &mut Quotas,
        quota: crate::object::QuotaId,
        frame: Phys,
    ) {
        let block = frames.reclaim(frame);
        frames.release_block(block);
        quotas.give_back(quota, crate::object::Resource::Pages, 1);
    }
}
