//! What is pending for a program.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;
use proc_api::{Info, Signal, SignalSet};

/// The most queued signals that are pending for one program.
pub const QUEUE_MAX: usize = 512;
/// The most queued signals of one number that are taken together.
pub const BATCH: usize = 32;

/// [`QUEUE_MAX`] queued signals are pending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueFull;

/// What is pending, by kind.
#[derive(Clone, Debug, Default)]
pub struct Pending {
    /// The program's last fault: it comes before all others.
    fault: Option<Info>,
    /// By number.
    standard: BTreeMap<Signal, Info>,
    /// By number, oldest first; no empty ones.
    queued: BTreeMap<Signal, VecDeque<Info>>,
    queued_count: usize,
    /// Of which of these two there is one.
    there: SignalSet,
}

impl Pending {
    /// Adds one; a standard one that is there already takes it in.
    ///
    /// # Errors
    /// [`QueueFull`].
    pub fn add(&mut self, info: Info) -> Result<(), QueueFull> {
        if !info.signal.is_queued() {
            self.there = self.there.with(info.signal);
            self.standard.entry(info.signal).or_insert(info);
            return Ok(());
        }
        if self.queued_count >= QUEUE_MAX {
            return Err(QueueFull);
        }
        self.there = self.there.with(info.signal);
        self.queued.entry(info.signal).or_default().push_back(info);
        self.queued_count += 1;
        Ok(())
    }

    /// Adds a fault.
    pub fn add_first(&mut self, info: Info) {
        self.fault = Some(info);
    }

    /// Puts one back in front of those of its number.
    pub fn put_back(&mut self, info: Info) {
        self.there = self.there.with(info.signal);
        if info.signal.is_queued() {
            self.queued.entry(info.signal).or_default().push_front(info);
            self.queued_count += 1;
        } else {
            self.standard.insert(info.signal, info);
        }
    }

    /// Which there are.
    pub fn set(&self) -> SignalSet {
        self.fault.iter().map(|info| info.signal).fold(self.there, SignalSet::with)
    }

    /// Takes one of this set: a fault, else of the lowest number the oldest.
    pub fn take(&mut self, set: SignalSet) -> Option<Info> {
        if let Some(fault) = self.fault.take_if(|info| set.contains(info.signal)) {
            return Some(fault);
        }
        let signal = self.there.common(set).iter().next()?;
        if signal.is_queued() {
            return self.take_queued(signal);
        }
        self.there = self.there.without(signal);
        self.standard.remove(&signal)
    }

    fn take_queued(&mut self, signal: Signal) -> Option<Info> {
        let queue = self.queued.get_mut(&signal)?;
        let info = queue.pop_front();
        if queue.is_empty() {
            self.queued.remove(&signal);
            self.there = self.there.without(signal);
        }
        self.queued_count -= usize::from(info.is_some());
        info
    }

    /// Takes the next ones of the same number too.
    pub fn take_more(&mut self, signal: Signal, into: &mut Vec<Info>) {
        while into.len() < BATCH
            && let Some(info) = self.take_queued(signal)
        {
            into.push(info);
        }
    }

    /// Drops all of these.
    pub fn discard(&mut self, set: SignalSet) {
        self.fault.take_if(|info| set.contains(info.signal));
        self.there = self.there.minus(set);
        self.standard.retain(|signal, _| !set.contains(*signal));
        self.queued.retain(|signal, _| !set.contains(*signal));
        self.queued_count = self.queued.values().map(VecDeque::len).sum();
    }
}
