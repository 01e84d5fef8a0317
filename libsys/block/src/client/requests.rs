//! What a client has asked for, over all lives of its driver. No waiting in here.
//!
//! **Death.** A request is kept until its completion came. When the driver is there again, all
//! that are kept are sent again, in their order: reads, writes of the same bytes, flushes and
//! discards may be done twice. The completion of another life, or of an earlier user of the same
//! place, is known by epoch and id.

use super::PoolPart;
use crate::{Attached, BlockError, Completion, Identity, Operation, Request};
use alloc::vec::Vec;
use queue::{Channel, QueueError};

/// The most lives of a driver that a request is sent to.
const LIVES: u32 = 8;

/// A request that was started. Its result is asked for once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket(pub(crate) u32);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Free,
    /// Not in a ring.
    Kept,
    Sent,
    Done(Result<(), BlockError>),
}

use State::{Done, Free, Kept, Sent};

#[derive(Clone, Copy, Debug)]
struct Slot {
    state: State,
    request: Request,
    /// When it was started, by number.
    order: u64,
    /// The lives that had it.
    lives: u32,
    /// No one asks for its result.
    abandoned: bool,
}

/// All of them.
#[derive(Debug)]
pub(crate) struct Requests {
    channel: Option<Channel<Request, Completion>>,
    attached: Attached,
    slots: Vec<Slot>,
    started: u64,
    /// Whether a write was completed since the last flush.
    dirty: bool,
    /// What the next flush has to say.
    lost: bool,
    /// Another disk is there.
    changed: bool,
    /// Buffers of requests that were abandoned, by id.
    parts: Vec<(u32, PoolPart)>,
}

impl Requests {
    pub(crate) fn new(channel: Channel<Request, Completion>, attached: Attached) -> Self {
        let slot =
            Slot { state: Free, request: Request::default(), order: 0, lives: 0, abandoned: false };
        let slots = alloc::vec![slot; attached.units.max(1).into()];
        let channel = Some(channel);
        let (dirty, lost, changed) = (false, false, false);
        Self { channel, attached, slots, started: 0, dirty, lost, changed, parts: Vec::new() }
    }

    pub(crate) fn identity(&self) -> &Identity {
        &self.attached.identity
    }

    /// The number of requests that have no result yet.
    pub(crate) fn open(&self) -> usize {
        let open = |slot: &&Slot| matches!(slot.state, Kept | Sent);
        self.slots.iter().filter(open).count()
    }

    /// The most requests at a time.
    pub(crate) fn units(&self) -> usize {
        self.slots.len()
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
        let place = self.slots.iter().position(|slot| slot.state == Free);
        let place = place.ok_or(BlockError::Full)?;
        let slot = self.slots.get_mut(place).ok_or(BlockError::Full)?;
        // The place, and above it a number that changes with each use of it.
        let number = u32::try_from(place).unwrap_or(0);
        let id = slot.request.id.wrapping_add(1 << 16) & !0xffff | number;
        let operation = operation as u32;
        self.started += 1;
        slot.request = Request { lba, id, operation, offset, sectors, ..Request::default() };
        (slot.state, slot.order, slot.lives) = (Kept, self.started, 0);
        slot.abandoned = false;
        Ok(Ticket(id))
    }

    /// Sends what is kept, in the order of its start, and rings the driver once.
    ///
    /// # Errors
    /// When the driver is gone.
    pub(crate) fn send(&mut self) -> Result<(), QueueError> {
        let Some(channel) = &mut self.channel else { return Err(QueueError::PeerDied) };
        let mut kept: Vec<&mut Slot> =
            self.slots.iter_mut().filter(|slot| slot.state == Kept).collect();
        if kept.is_empty() {
            return Ok(());
        }
        kept.sort_by_key(|slot| slot.order);
        let epoch = self.attached.epoch;
        let batch: Vec<Request> =
            kept.iter().map(|slot| Request { epoch, ..slot.request }.sealed()).collect();
        let sent = channel.send(&batch)?;
        for slot in kept.into_iter().take(sent) {
            slot.state = Sent;
            slot.lives += 1;
        }
        Ok(())
    }

    /// Takes completions, or asks for the bell when there is none and `listen` says so. Returns
    /// whether there was one.
    ///
    /// # Errors
    /// When the driver is gone, or wrote what cannot be.
    pub(crate) fn collect(&mut self, listen: bool) -> Result<bool, QueueError> {
        let mut any = false;
        loop {
            let Some(channel) = &mut self.channel else { return Err(QueueError::PeerDied) };
            let mut batch = [Completion::default(); 32];
            let listen = listen && !any;
            let count = if listen {
                channel.receive_or_listen(&mut batch)
            } else {
                channel.receive(&mut batch)
            }?;
            if count == 0 {
                return Ok(any);
            }
            for completion in &batch[..count] {
                self.complete(completion)?;
            }
            any = true;
        }
    }

    fn complete(&mut self, completion: &Completion) -> Result<(), QueueError> {
        let place = usize::try_from(completion.id & 0xffff).unwrap_or(usize::MAX);
        let slot = self.slots.get_mut(place).ok_or(QueueError::Corrupt)?;
        let expected = slot.state == Sent
            && slot.request.id == completion.id
            && completion.epoch == self.attached.epoch
            && completion.is_whole();
        if !expected {
            return Err(QueueError::Corrupt);
        }
        let mut result = completion.result();
        if result.is_ok() {
            match Operation::from_number(slot.request.operation) {
                Some(Operation::Flush) => {
                    if core::mem::take(&mut self.lost) {
                        result = Err(BlockError::WritesLost);
                    }
                    self.dirty = false;
                }
                Some(operation) if operation.changes() => self.dirty = true,
                _ => {}
            }
        }
        slot.state = Done(result);
        Ok(())
    }

    /// Says that no one asks for the result of a request. Its buffer stays with it until it has
    /// ended; given back at once when it has.
    pub(crate) fn abandon(&mut self, ticket: Ticket, part: Option<PoolPart>) -> Option<PoolPart> {
        if self.take_result(ticket).is_some() {
            return part;
        }
        let slot = self.slots.iter_mut().find(|slot| slot.request.id == ticket.0);
        let Some(slot) = slot else { return part };
        slot.abandoned = true;
        self.parts.extend(part.map(|part| (ticket.0, part)));
        None
    }

    /// Forgets abandoned requests that have ended: their buffers.
    pub(crate) fn take_abandoned(&mut self) -> impl Iterator<Item = PoolPart> {
        let mut ended = Vec::new();
        for slot in self.slots.iter_mut().filter(|slot| slot.abandoned) {
            if matches!(slot.state, Done(_)) {
                (slot.state, slot.abandoned) = (Free, false);
                ended.push(slot.request.id);
            }
        }
        let over = |(id, _): &mut (u32, PoolPart)| ended.contains(id);
        let parts: Vec<_> = self.parts.extract_if(.., over).collect();
        parts.into_iter().map(|(_, part)| part)
    }

    /// The result of a request, once it is there.
    pub(crate) fn take_result(&mut self, ticket: Ticket) -> Option<Result<(), BlockError>> {
        let place = usize::try_from(ticket.0 & 0xffff).unwrap_or(usize::MAX);
        let slot = self.slots.get_mut(place).filter(|slot| slot.request.id == ticket.0)?;
        let Done(result) = slot.state else { return None };
        slot.state = Free;
        Some(result)
    }

    /// Some request that has its result.
    pub(crate) fn any_done(&self) -> Option<Ticket> {
        let done = |slot: &&Slot| matches!(slot.state, Done(_));
        self.slots.iter().find(done).map(|slot| Ticket(slot.request.id))
    }

    /// Whether this one waits for its completion.
    pub(crate) fn is_open(&self, ticket: Ticket) -> bool {
        let mut slots = self.slots.iter().filter(|slot| slot.request.id == ticket.0);
        slots.any(|slot| matches!(slot.state, Kept | Sent))
    }

    pub(crate) fn channel(&self) -> Option<&Channel<Request, Completion>> {
        self.channel.as_ref()
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
        for slot in &mut self.slots {
            slot.state = match slot.state {
                Kept | Sent if self.changed => Done(Err(BlockError::Changed)),
                Sent if slot.lives >= LIVES => Done(Err(BlockError::Unknown)),
                Sent => Kept,
                other => other,
            };
        }
    }

    /// Ends all that is open: no driver comes any more.
    pub(crate) fn give_up(&mut self) {
        for slot in &mut self.slots {
            slot.state = match slot.state {
                Sent => Done(Err(BlockError::Unknown)),
                Kept if slot.lives > 0 => Done(Err(BlockError::Unknown)),
                Kept => Done(Err(BlockError::NoDriver)),
                other => other,
            };
        }
    }
}
