//! Room for one more object: arenas grow when they are full, by a frame at a time.
//!
//! Shape: an arena's slice has addresses for more than memory can hold, and frames behind its
//! first part; see README.md, "Growing arenas". Frames that an arena got stay its own.
//! The first program's account pays for them: it has what no other program was promised, so
//! growth never takes a page that another quota allows.
//! Order: room is made before anything of an object is charged or linked.

use super::Memory;
use crate::arena::{Arena, Growing, Slot};
use crate::frames::{Block, Frames};
use crate::kernel::Kernel;
use crate::machine::{GROWTH, Machine, NoFrame, OwnedFrame, Phys};
use crate::object::{Objects, QuotaId, Quotas, Resource};
use crate::time::{Deadlines, Entry, keys_end};
use abi::Error;

impl<M: Machine> Kernel<M> {
    /// Makes sure that one more thread fits, and its deadline.
    pub(crate) fn ensure_thread_capacity(&mut self) -> Result<(), Error> {
        self.memory().ensure_capacity(|objects| &mut objects.threads)?;
        self.memory().ensure_thread_frames()?;
        self.ensure_deadline_capacity()
    }

    /// Makes sure that one more timer fits, and its deadline.
    pub(crate) fn ensure_timer_capacity(&mut self) -> Result<(), Error> {
        self.memory().ensure_capacity(|objects| &mut objects.timers)?;
        self.ensure_deadline_capacity()
    }

    /// Makes sure that one more scheduling context fits, and its deadline.
    pub(crate) fn ensure_context_capacity(&mut self) -> Result<(), Error> {
        self.memory().ensure_capacity(|objects| &mut objects.sched_contexts)?;
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
        let Self { machine, objects, frames, sched, .. } = self;
        let mut memory = Memory { machine, objects, frames };
        while sched.deadlines.heap_mut().len() < keys {
            memory.extend(sched.deadlines.heap_mut(), Entry::empty)?;
        }
        while sched.deadlines.places_mut().len() < keys {
            memory.extend(sched.deadlines.places_mut(), Deadlines::nowhere)?;
        }
        Ok(())
    }
}

impl<M: Machine> Memory<'_, M> {
    /// Makes sure that one more object fits into an arena.
    #[inline(always)]
    pub(crate) fn ensure_capacity<K: 'static, T: Default + 'static>(
        &mut self,
        arena: fn(&mut Objects<M>) -> &mut Arena<K, T>,
    ) -> Result<(), Error> {
        if arena(self.objects).has_room() { Ok(()) } else { self.grow(arena) }
    }

    /// Makes an arena larger.
    #[cold]
    pub(crate) fn grow<K: 'static, T: Default + 'static>(
        &mut self,
        arena: fn(&mut Objects<M>) -> &mut Arena<K, T>,
    ) -> Result<(), Error> {
        let payer = self.objects.payer_of_growth()?;
        let mut longer = core::mem::take(arena(self.objects).slots_mut());
        let grown =
            self.with_frames(|machine, frames| machine.extend(&mut longer, Slot::empty, frames));
        *arena(self.objects).slots_mut() = longer;
        self.objects.pay_growth(payer, grown)
    }

    /// Makes sure that all threads that fit have memory for their registers.
    #[inline(always)]
    fn ensure_thread_frames(&mut self) -> Result<(), Error> {
        let all = self.objects.thread_frames == self.objects.threads.capacity();
        if all { Ok(()) } else { self.add_thread_frames() }
    }

    #[cold]
    fn add_thread_frames(&mut self) -> Result<(), Error> {
        while self.objects.thread_frames < self.objects.threads.capacity() {
            let frame = self.new_frame()?;
            self.objects.add_thread_frame(frame);
        }
        Ok(())
    }

    /// Makes a slice longer that is not one of the arenas of objects.
    fn extend<T: 'static>(
        &mut self,
        slice: &mut Growing<T>,
        make: fn(usize) -> T,
    ) -> Result<(), Error> {
        let payer = self.objects.payer_of_growth()?;
        let grown = self.with_frames(|machine, frames| machine.extend(slice, make, frames));
        self.objects.pay_growth(payer, grown)
    }

    fn new_frame(&mut self) -> Result<M::FrameHandle, Error> {
        let payer = self.objects.payer_of_growth()?;
        let grown = self.with_frames(M::new_frame);
        self.objects.pay_growth(payer, grown)
    }

    /// Calls the machine, which takes zeroed frames. Returns its result and their number.
    fn with_frames<T>(
        &mut self,
        call: impl FnOnce(&mut M, &mut dyn FnMut(&mut M) -> Option<Phys>) -> T,
    ) -> (T, u32) {
        let (frames, mut taken) = (&mut *self.frames, 0);
        let mut frame = |machine: &mut M| {
            let frame = frames.take(0)?.phys();
            machine.zero(frame, 1);
            taken += 1;
            Some(frame)
        };
        (call(self.machine, &mut frame), taken)
    }

    /// Takes a zeroed frame, paid for by this account.
    pub(crate) fn take_frame(
        frames: &mut Frames,
        quotas: &mut Quotas,
        machine: &mut M,
        quota: QuotaId,
    ) -> Option<OwnedFrame> {
        quotas.charge(quota, Resource::Pages, 1).ok()?;
        let Some(block) = frames.take(0) else {
            quotas.give_back(quota, Resource::Pages, 1);
            return None;
        };
        machine.zero(block.phys(), 1);
        Some(block.into_frame())
    }

    /// Gives such a frame back.
    pub(crate) fn free_frame(
        frames: &mut Frames,
        quotas: &mut Quotas,
        quota: QuotaId,
        frame: OwnedFrame,
    ) {
        frames.release_block(Block::at(frame));
        quotas.give_back(quota, Resource::Pages, 1);
    }

    /// Gives a frame back that was a part of a table.
    pub(crate) fn free_table_frame(
        frames: &mut Frames,
        quotas: &mut Quotas,
        quota: QuotaId,
        frame: Phys,
    ) {
        let block = frames.reclaim(frame);
        frames.release_block(block);
        quotas.give_back(quota, Resource::Pages, 1);
    }
}

impl<M: Machine> Objects<M> {
    /// The account that pays, with enough for one call of the machine.
    fn payer_of_growth(&self) -> Result<QuotaId, Error> {
        let payer = self.growth_payer.ok_or(Error::OutOfMemory)?;
        let enough = self.quotas.left(payer, Resource::Pages) >= GROWTH;
        enough.then_some(payer).ok_or(Error::OutOfMemory)
    }

    /// Charges the frames that the machine took. All arenas are in their places again.
    fn pay_growth<T>(
        &mut self,
        payer: QuotaId,
        (grown, taken): (Result<T, NoFrame>, u32),
    ) -> Result<T, Error> {
        // NOFAIL: that number was left.
        self.quotas.charge(payer, Resource::Pages, taken)?;
        grown.map_err(|NoFrame| Error::OutOfMemory)
    }
}
