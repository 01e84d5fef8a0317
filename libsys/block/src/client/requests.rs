//! What a client has asked for, over all lives of its driver. No waiting in here.
//!
//! **Death.** A request is kept until its completion came. When the driver is there again, all
//! that are kept are sent again, in their order: reads, writes of the same bytes, flushes and
//! discards may be done twice. The completion of another life, or of an earlier user of the same
//! place, is known by epoch and id.

use super::PoolPart;
use crate::{Attached, BlockError, Completion, Identity, Operation, Request};
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use driver::{next_use, place_of};
use queue::{Channel, QueueError};

/// The most lives of a driver that a request is sent to.
const LIVES: u32 = 16;
/// Records that are sent or taken together.
const BATCH: usize = 32;

/// A request that was started. Its result is asked for once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket(u32);

impl Ticket {
    /// The place of its slot, less than the units.
    pub(crate) fn place(self) -> usize {
        place_of(self.0).into()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Free,
    /// Not in a ring.
    Kept,
    Sent,
    Done(Result<(), BlockError>),
}

use State::{Done, Free, Kept, Sent};

#[derive(Debug)]
struct Slot {
    state: State,
    request: Request,
    /// When it was started, by number.
    order: u64,
    /// The lives that had it.
    lives: u32,
    /// Its result is not wanted: its buffer.
    abandoned: Option<Option<PoolPart>>,
}

/// All of them.
#[derive(Debug)]
pub(crate) struct Requests {
    channel: Option<Channel<Request, Completion>>,
    attached: Attached,
    slots: Vec<Slot>,
    /// Places of slots: free ones, those to be sent, in order, and those that have ended.
    free: Vec<usize>,
    kept: VecDeque<usize>,
    done: VecDeque<usize>,
    /// The number of those that have not ended.
    open: usize,
    started: u64,
    /// Whether a write was completed since the last flush.
    dirty: bool,
    /// What the next flush has to say.
    lost: bool,
    /// Another disk is there.
    changed: bool,
    /// Buffers of abandoned requests that have ended.
    parts: Vec<PoolPart>,
}

impl Requests {
    pub(crate) fn new(channel: Channel<Request, Completion>, attached: Attached) -> Self {
        let request = Request::default();
        let slot = |_| Slot { state: Free, request, order: 0, lives: 0, abandoned: None };
        let units = usize::from(attached.units.max(1));
        Self {
            channel: Some(channel),
            attached,
            slots: (0..units).map(slot).collect(),
            free: (0..units).rev().collect(),
            kept: VecDeque::with_capacity(units),
            done: VecDeque::with_capacity(units),
            open: 0,
            started: 0,
            dirty: false,
            lost: false,
            changed: false,
            parts: Vec::new(),
        }
    }

    pub(crate) fn identity(&self) -> &Identity {
        &self.attached.identity
    }

    /// The number of requests that have no result yet.
    pub(crate) fn open(&self) -> usize {
        self.open
    }

    /// The most requests at a time.
    pub(crate) fn units(&self) -> usize {
        self.slots.len()
    }

    pub(crate) fn channel(&self) -> Option<&Channel<Request, Completion>> {
        self.channel.as_ref()
    }

    fn slot(&mut self, place: usize) -> Option<&mut Slot> {
        self.slots.get_mut(place)
    }

    fn slot_of(&mut self, ticket: Ticket) -> Option<&mut Slot> {
        self.slot(ticket.place()).filter(|slot| slot.request.id == ticket.0)
    }

    /// Starts a request; [`Requests::send`] sends it.
    pub(crate) fn start(
        &mut self,
        operation: Operation,
        lba: u64,
        offset: u32,
        sectors: u32,
    ) -> Result<Ticket, BlockError> {
        if self.changed {
            return Err(BlockError::Changed);
        }
        let place = self.free.pop().ok_or(BlockError::Full)?;
        self.started += 1;
        let order = self.started;
        let slot = self.slot(place).ok_or(BlockError::Full)?;
        let number = u16::try_from(place).unwrap_or(0);
        let (id, operation) = (next_use(slot.request.id, number), operation as u32);
        let request = Request { lba, id, operation, offset, sectors, ..Request::default() };
        *slot = Slot { state: Kept, request, order, lives: 0, abandoned: None };
        self.kept.push_back(place);
        self.open += 1;
        Ok(Ticket(id))
    }

    /// Sends what is kept, in the order of its start, and rings the driver once for a batch.
    ///
    /// # Errors
    /// When the driver is gone.
    pub(crate) fn send(&mut self) -> Result<(), QueueError> {
        let Some(channel) = &mut self.channel else { return Err(QueueError::PeerDied) };
        let epoch = self.attached.epoch;
        while !self.kept.is_empty() {
            let mut batch = [Request::default(); BATCH];
            let count = self.kept.len().min(BATCH);
            for (record, place) in batch.iter_mut().zip(&self.kept) {
                if let Some(slot) = self.slots.get(*place) {
                    *record = Request { epoch, ..slot.request }.sealed();
                }
            }
            let sent = channel.send(&batch[..count])?;
            for place in self.kept.drain(..sent) {
                if let Some(slot) = self.slots.get_mut(place) {
                    slot.state = Sent;
                    slot.lives += 1;
                }
            }
            if sent < count {
                break;
            }
        }
        Ok(())
    }

    /// Takes completions, or asks for the bell when there is none and `listen` says so. Returns
    /// whether there was one.
    ///
    /// # Errors
    /// When the driver is gone, or wrote what cannot be.
    pub(crate) fn collect(&mut self, listen: bool) -> Result<bool, QueueError> {
        let mut batch = [Completion::default(); BATCH];
        let mut any = false;
        loop {
            let Some(channel) = &mut self.channel else { return Err(QueueError::PeerDied) };
            let count = if listen && !any {
                channel.receive_or_listen(&mut batch)?
            } else {
                channel.receive(&mut batch)?
            };
            for completion in &batch[..count] {
                self.complete(completion)?;
            }
            any |= count > 0;
            if count < BATCH {
                return Ok(any);
            }
        }
    }

    fn complete(&mut self, completion: &Completion) -> Result<(), QueueError> {
        let epoch = self.attached.epoch;
        let ticket = Ticket(completion.id);
        let slot = self.slot_of(ticket).ok_or(QueueError::Corrupt)?;
        let expected = slot.state == Sent && completion.epoch == epoch && completion.is_whole();
        if !expected {
            return Err(QueueError::Corrupt);
        }
        let operation = Operation::from_number(slot.request.operation);
        let mut result = completion.result();
        match operation {
            Some(Operation::Flush) if result.is_ok() => {
                if core::mem::take(&mut self.lost) {
                    result = Err(BlockError::WritesLost);
                }
                self.dirty = false;
            }
            Some(operation) if result.is_ok() => self.dirty |= operation.changes(),
            _ => {}
        }
        self.end(ticket.place(), result);
        Ok(())
    }

    /// Notes the end of a request.
    fn end(&mut self, place: usize, result: Result<(), BlockError>) {
        let Some(slot) = self.slots.get_mut(place) else { return };
        self.open = self.open.saturating_sub(1);
        if let Some(part) = slot.abandoned.take() {
            slot.state = Free;
            self.free.push(place);
            self.parts.extend(part);
        } else {
            slot.state = Done(result);
            self.done.push_back(place);
        }
    }

    /// The result of a request, once it is there.
    pub(crate) fn take_result(&mut self, ticket: Ticket) -> Option<Result<(), BlockError>> {
        let slot = self.slot_of(ticket)?;
        let Done(result) = slot.state else { return None };
        slot.state = Free;
        let place = ticket.place();
        self.free.push(place);
        if let Some(at) = self.done.iter().position(|done| *done == place) {
            self.done.remove(at);
        }
        Some(result)
    }

    /// The request that ended first of those whose result was not taken.
    pub(crate) fn any_done(&self) -> Option<Ticket> {
        let slot = self.slots.get(*self.done.front()?)?;
        Some(Ticket(slot.request.id))
    }

    /// The places of those that ended since the last time, for their tasks to be woken.
    pub(crate) fn take_done(&mut self) -> impl Iterator<Item = usize> {
        self.done.drain(..)
    }

    /// Whether this one waits for its completion.
    pub(crate) fn is_open(&mut self, ticket: Ticket) -> bool {
        self.slot_of(ticket).is_some_and(|slot| matches!(slot.state, Kept | Sent))
    }

    /// Says that the result of a request is not wanted. Its buffer stays with it until it has
    /// ended; given back at once when it has.
    pub(crate) fn abandon(&mut self, ticket: Ticket, part: Option<PoolPart>) -> Option<PoolPart> {
        if !self.is_open(ticket) {
            let _ = self.take_result(ticket);
            return part;
        }
        if let Some(slot) = self.slot_of(ticket) {
            slot.abandoned = Some(part);
        }
        None
    }

    /// The buffers of abandoned requests that have ended.
    pub(crate) fn take_parts(&mut self) -> impl Iterator<Item = PoolPart> {
        self.parts.drain(..)
    }

    /// Leaves the channel: its driver is gone, or wrote what cannot be.
    pub(crate) fn detach(&mut self) {
        self.channel = None;
    }

    /// Goes on with another life of the driver: all that has no completion is sent again.
    pub(crate) fn attach(&mut self, channel: Channel<Request, Completion>, attached: Attached) {
        let (was, is) = (&self.attached.identity, &attached.identity);
        self.changed |= (&was.serial, was.sectors) != (&is.serial, is.sectors);
        self.lost |= self.dirty && was.generation != is.generation;
        self.channel = Some(channel);
        self.attached = attached;
        let changed = self.changed;
        self.settle(|slot| match slot.state {
            _ if changed => Some(BlockError::Changed),
            Sent if slot.lives >= LIVES => Some(BlockError::Unknown),
            _ => None,
        });
    }

    /// Ends all that is open: no driver comes any more.
    pub(crate) fn give_up(&mut self) {
        self.settle(|slot| match slot.lives {
            0 => Some(BlockError::NoDriver),
            _ => Some(BlockError::Unknown),
        });
    }

    /// Ends each open request that has an error now, and keeps the others in their order.
    fn settle(&mut self, error: impl Fn(&Slot) -> Option<BlockError>) {
        let open = |slot: &Slot| matches!(slot.state, Kept | Sent);
        let mut places: Vec<usize> = (0..self.slots.len()).collect();
        places.retain(|place| self.slots.get(*place).is_some_and(open));
        places.sort_by_key(|place| self.slots.get(*place).map_or(0, |slot| slot.order));
        self.kept.clear();
        for place in places {
            let Some(slot) = self.slots.get_mut(place) else { continue };
            match error(slot) {
                Some(error) => self.end(place, Err(error)),
                None => {
                    slot.state = Kept;
                    self.kept.push_back(place);
                }
            }
        }
    }
}
