//! The slots of the client: no waiting in here.

use crate::{Attached, Completion, FRAME_BYTES, Link, NicError, Operation, Request};
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use driver::{next_use, place_of};
use queue::{Channel, QueueError};
use sys::{Mapping, Memory, Protection};

/// Records that are sent or taken together.
const BATCH: usize = 32;

/// What happened to frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FrameCounts {
    /// Frames that were received, and their bytes.
    pub received: u64,
    /// Bytes of them.
    pub received_bytes: u64,
    /// Frames that the device has transmitted.
    pub transmitted: u64,
    /// Bytes of all that were given to it.
    pub transmitted_bytes: u64,
    /// Frames that the device failed with.
    pub failed: u64,
    /// Frames to be transmitted that the driver had when it died.
    pub lost: u64,
    /// Lives of the driver after the first one.
    pub reattached: u64,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    id: u32,
    /// Whether the driver has it.
    away: bool,
}

/// The pool, its slots, and the channel to the present life of the driver, if there is one.
#[derive(Debug)]
pub struct Frames {
    memory: Memory,
    mapping: Mapping,
    slots: Vec<Slot>,
    receive: u16,
    /// Slots for frames to be transmitted that are free.
    free: Vec<u16>,
    /// Received, not taken yet: slot and length.
    received: VecDeque<(u16, u16)>,
    /// Not in the ring yet.
    out: VecDeque<Request>,
    channel: Option<Channel<Request, Completion>>,
    attached: Option<Attached>,
    counts: FrameCounts,
}

impl Frames {
    /// With this number of slots for each direction.
    ///
    /// # Errors
    /// [`NicError::Kernel`] when there is no such run of memory.
    pub fn create(receive: u16, transmit: u16) -> Result<Self, NicError> {
        let count = receive.checked_add(transmit).ok_or(NicError::BadPool)?;
        let pages = (u64::from(count) * u64::from(FRAME_BYTES)).div_ceil(sys::PAGE_SIZE);
        // A device without an IOMMU reaches only what lies together.
        let memory = Memory::create_contiguous(pages).or_else(|_| Memory::create(pages))?;
        let mapping = memory.map_own(Protection::ReadWrite)?;
        let slots = (0..count).map(|number| Slot { id: number.into(), away: false }).collect();
        Ok(Self {
            memory,
            mapping,
            slots,
            receive,
            free: (receive..count).rev().collect(),
            received: VecDeque::with_capacity(receive.into()),
            out: VecDeque::with_capacity(count.into()),
            channel: None,
            attached: None,
            counts: FrameCounts::default(),
        })
    }

    /// The pool.
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// The slots of each direction.
    #[must_use]
    pub fn terms(&self) -> (u16, u16) {
        let all = u16::try_from(self.slots.len()).unwrap_or(u16::MAX);
        (self.receive, all.saturating_sub(self.receive))
    }

    /// The card of the present life of the driver, or of the last one.
    #[must_use]
    pub fn link(&self) -> Option<Link> {
        self.attached.map(|attached| attached.link)
    }

    /// Whether there is a driver.
    #[must_use]
    pub fn is_attached(&self) -> bool {
        self.channel.is_some()
    }

    /// What happened so far.
    #[must_use]
    pub fn counts(&self) -> FrameCounts {
        self.counts
    }

    /// Goes on with a new life of the driver: it gets all slots for received frames.
    pub fn attach(&mut self, channel: Channel<Request, Completion>, attached: Attached) {
        self.detach();
        if self.attached.is_some() {
            self.counts.reattached += 1;
        }
        self.channel = Some(channel);
        self.attached = Some(attached);
        let taken: Vec<u16> = self.received.iter().map(|(slot, _)| *slot).collect();
        for slot in (0..self.receive).filter(|slot| !taken.contains(slot)) {
            self.give(slot, Operation::Fill, 0);
        }
    }

    /// The driver is gone: what it had is this side's again.
    pub fn detach(&mut self) {
        self.channel = None;
        self.out.clear();
        for (number, slot) in (0..).zip(&mut self.slots) {
            if core::mem::take(&mut slot.away) && number >= self.receive {
                self.free.push(number);
                self.counts.lost += 1;
            }
        }
    }

    /// Sends what waits, then takes what has come, and asks for the bell when that is
    /// nothing. Returns whether something came.
    ///
    /// # Errors
    /// The driver has ended, or wrote what cannot be: [`Frames::detach`] follows.
    pub fn exchange(&mut self) -> Result<bool, QueueError> {
        self.send()?;
        let mut any = false;
        let mut batch = [Completion::default(); BATCH];
        loop {
            let Some(channel) = &mut self.channel else { return Ok(any) };
            let count = channel.receive_or_listen(&mut batch)?;
            let records = batch.get(..count).unwrap_or(&[]);
            if records.is_empty() {
                return Ok(any);
            }
            for completion in records {
                self.take(completion)?;
            }
            any = true;
        }
    }

    fn take(&mut self, completion: &Completion) -> Result<(), QueueError> {
        let number = place_of(completion.id);
        let epoch = self.attached.map(|attached| attached.epoch);
        let slot = self.slots.get_mut(usize::from(number)).ok_or(QueueError::Corrupt)?;
        let is_right = completion.is_whole() && slot.away && slot.id == completion.id;
        if !is_right || epoch != Some(completion.epoch) || u32::from(completion.bytes) > FRAME_BYTES
        {
            return Err(QueueError::Corrupt);
        }
        slot.away = false;
        let good = completion.status == 0;
        self.counts.failed += u64::from(!good);
        if number >= self.receive {
            self.counts.transmitted += u64::from(good);
            self.free.push(number);
        } else if good {
            self.counts.received += 1;
            self.counts.received_bytes += u64::from(completion.bytes);
            self.received.push_back((number, completion.bytes));
        } else {
            self.give(number, Operation::Fill, 0);
        }
        Ok(())
    }

    /// Sends what waits.
    ///
    /// # Errors
    /// As for [`Frames::exchange`].
    pub fn send(&mut self) -> Result<(), QueueError> {
        let Some(channel) = &mut self.channel else { return Ok(()) };
        while !self.out.is_empty() {
            let (batch, _) = self.out.as_slices();
            let sent = channel.send(batch)?;
            if sent == 0 {
                // There is room for all slots: the driver does not keep to the rules.
                return Err(QueueError::Corrupt);
            }
            self.out.drain(..sent);
        }
        Ok(())
    }

    /// Whether the driver is gone: a system call.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.channel.as_ref().is_some_and(|channel| channel.check_peer().is_err())
    }

    /// Whether a received frame waits.
    #[must_use]
    pub fn has_received(&self) -> bool {
        !self.received.is_empty()
    }

    /// Copies the next received frame out, and gives its slot to the driver again. Returns its
    /// length; a frame that is longer than the room is cut off.
    pub fn receive(&mut self, into: &mut [u8]) -> Option<usize> {
        let (slot, length) = self.received.pop_front()?;
        let length = usize::from(length).min(into.len());
        let copied = self.mapping.read_at(place(slot), &mut into[..length]);
        if self.channel.is_some() {
            self.give(slot, Operation::Fill, 0);
        }
        Some(if copied.is_ok() { length } else { 0 })
    }

    /// Whether a slot is free and there is a driver.
    #[must_use]
    pub fn can_transmit(&self) -> bool {
        self.channel.is_some() && !self.free.is_empty()
    }

    /// Has a frame transmitted, if [`Frames::can_transmit`] said so. Returns whether it will be.
    pub fn transmit(&mut self, frame: &[u8]) -> bool {
        let Ok(bytes) = u16::try_from(frame.len()) else { return false };
        if !self.can_transmit() || u32::from(bytes) > FRAME_BYTES {
            return false;
        }
        let Some(slot) = self.free.pop() else { return false };
        if self.mapping.write_at(place(slot), frame).is_err() {
            self.free.push(slot);
            return false;
        }
        self.counts.transmitted_bytes += u64::from(bytes);
        self.give(slot, Operation::Transmit, bytes);
        true
    }

    fn give(&mut self, number: u16, operation: Operation, bytes: u16) {
        let epoch = self.attached.map_or(0, |attached| attached.epoch);
        let Some(slot) = self.slots.get_mut(usize::from(number)) else { return };
        slot.id = next_use(slot.id, number);
        slot.away = true;
        self.out.push_back(Request::new(slot.id, epoch, operation, bytes));
    }
}

/// Where a slot begins in the pool.
fn place(slot: u16) -> usize {
    usize::from(slot) * FRAME_BYTES as usize
}
