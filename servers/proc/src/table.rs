//! The programs that were started: alive, or ended and not waited for.
//!
//! Each has a slot, which is its bit in the notification of deaths, and an instance
//! number, which is in its badges and is never used again.

mod front;
mod groups;
mod sessions;
mod share;
mod waits;

pub use share::Amounts;
pub use waits::{Found, Waiter};

use crate::{Alarm, FaultMemory, Signals};
use alloc::string::String;
use alloc::vec::Vec;
use front::Front;
use proc_api::{ChildStatus, Disposition, ExitStatus, Flags, Ids, Lack, Signal, Target};

/// The most programs that can be alive at once: one bit of a notification each.
pub const MAX_PROGRAMS: u8 = 48;
/// The number of ended programs that are remembered for one parent; beyond it the oldest is
/// forgotten.
const MAX_ENDED: usize = 32;

/// A program. `P` is what holds it alive, `S` a waiter for a signal of its own.
#[derive(Debug)]
pub struct Entry<P, S> {
    /// Where it stands. Parent 0: a server started it, or it is adopted.
    pub ids: Ids,
    /// Whether its parent has ended: then no program waits for it.
    pub adopted: bool,
    /// The program that a server started and that this one descends from.
    pub job: u32,
    /// What it takes of all that there is for programs.
    pub takes: Amounts,
    /// Its number, never used again.
    pub instance: u32,
    /// Its bit in the notification of deaths.
    pub slot: u8,
    /// Name of its file.
    pub name: String,
    /// Its signals.
    pub signals: Signals,
    /// Its threads that wait for signals.
    pub waiting: Vec<S>,
    /// Its alarm.
    pub alarm: Option<Alarm>,
    /// Its last fault.
    pub faults: FaultMemory,
    /// A stop or its end that no `wait` has returned yet.
    pub news: Option<ChildStatus>,
    /// Why it is about to die, when `proc` killed it.
    pub cause: Option<ExitStatus>,
    /// How it ended.
    pub ended: Option<ExitStatus>,
    /// What holds it; gone with its end.
    pub process: Option<P>,
}

/// Why no program can be started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    /// All slots are taken.
    Slots,
    /// The programs that programs start have their part of this already.
    Share(Lack),
}

/// A place for a new program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its bit in the notification of deaths.
    pub slot: u8,
    /// Its number.
    pub instance: u32,
    /// The program that starts it; 0: a server.
    pub parent: u32,
    /// What it takes.
    pub takes: Amounts,
    /// Whether it leads a session on a terminal of its own.
    pub leads: bool,
}

/// A program that has just ended.
#[derive(Debug, PartialEq, Eq)]
pub struct Gone {
    /// Where it stood.
    pub ids: Ids,
    /// Its name.
    pub name: String,
    /// How it ended.
    pub status: ExitStatus,
    /// Groups with stopped members that the end has orphaned.
    pub orphaned: Vec<u32>,
    /// The programs of the session that it led on a terminal of its own.
    pub hung_up: Vec<u32>,
}

/// All programs, in the order of their starts. `W` is the reply to a waiter for programs.
#[derive(Debug)]
pub struct Table<P, S, W> {
    entries: Vec<Entry<P, S>>,
    waiters: Vec<Waiter<W>>,
    /// The sessions with a terminal: first that of the console, which always is there.
    fronts: Vec<Front>,
    /// Counts what may have changed the members of the foreground.
    moves: u64,
    last_instance: u32,
    capacity: Amounts,
}

impl<P, S, W> Table<P, S, W> {
    /// Returns an empty table; `capacity` is for all programs together.
    pub fn new(capacity: Amounts) -> Self {
        let (entries, waiters, fronts) = (Vec::new(), Vec::new(), Vec::from([Front::default()]));
        Self { entries, waiters, fronts, moves: 0, last_instance: 0, capacity }
    }

    /// A place for a new program that takes this.
    ///
    /// # Errors
    /// [`Full`].
    pub fn reserve(&mut self, parent: u32, takes: Amounts) -> Result<Place, Full> {
        self.may_start(parent, takes).map_err(Full::Share)?;
        let taken = |slot: &u8| self.living().any(|entry| entry.slot == *slot);
        let slot = (0..MAX_PROGRAMS).find(|slot| !taken(slot)).ok_or(Full::Slots)?;
        let instance = self.next_instance();
        self.last_instance = instance;
        Ok(Place { slot, instance, parent, takes, leads: false })
    }

    /// The next number that no entry has: after 2 billion programs they start again.
    fn next_instance(&self) -> u32 {
        let mut next = self.last_instance;
        loop {
            // Bit 31 stays clear, so that a badge never looks negative to anyone.
            next = (next.wrapping_add(1) & 0x7fff_ffff).max(1);
            if !self.entries.iter().any(|entry| entry.instance == next) {
                return next;
            }
        }
    }

    /// Adds a program in a reserved slot. One of a server (parent 0) leads a group of its own
    /// in the console's session, or a session of its own; one of the leader of such a session
    /// leads a group of its own in it; others are where their parent is. All inherit from it.
    pub fn insert(&mut self, place: Place, pid: u32, name: &str, process: P) {
        let Place { slot, instance, parent, takes, leads } = place;
        let of = self.alive(parent);
        let of = of.map(|parent| (parent.ids, parent.job, parent.signals.inherited()));
        let (ids, job, signals) = match of {
            Some((ids, job, signals)) => {
                let group = if self.leads_terminal(ids) { pid } else { ids.group };
                (Ids { pid, parent, group, ..ids }, job, signals)
            }
            None => {
                let session = if leads { pid } else { 0 };
                (Ids { pid, parent: 0, group: pid, session }, pid, Signals::default())
            }
        };
        if ids.session == pid {
            self.fronts.push(Front::of(pid));
        }
        self.moves += 1;
        self.entries.push(Entry {
            ids,
            adopted: false,
            job,
            takes,
            instance,
            slot,
            name: name.into(),
            signals,
            waiting: Vec::new(),
            alarm: None,
            faults: FaultMemory::default(),
            news: None,
            cause: None,
            ended: None,
            process: Some(process),
        });
    }

    /// Everything, for lists.
    pub fn all(&self) -> impl Iterator<Item = &Entry<P, S>> {
        self.entries.iter()
    }

    /// Everything that has not ended.
    pub fn living(&self) -> impl Iterator<Item = &Entry<P, S>> {
        self.entries.iter().filter(|entry| entry.ended.is_none())
    }

    fn find(&mut self, wanted: impl Fn(&Entry<P, S>) -> bool) -> Option<&mut Entry<P, S>> {
        self.entries.iter_mut().find(|entry| entry.ended.is_none() && wanted(entry))
    }

    /// A program that has not ended.
    pub fn alive(&mut self, pid: u32) -> Option<&mut Entry<P, S>> {
        self.find(|entry| entry.ids.pid == pid)
    }

    /// A program that has not ended, by its instance number.
    pub fn instance(&mut self, instance: u32) -> Option<&mut Entry<P, S>> {
        self.find(|entry| entry.instance == instance)
    }

    /// A program that has not ended, by its slot.
    pub fn slot(&mut self, slot: u8) -> Option<&mut Entry<P, S>> {
        self.find(|entry| entry.slot == slot)
    }

    /// Marks the program in this slot as ended with this status. It is remembered for a parent to
    /// wait, until [`Table::forget_unwanted`].
    pub fn mark_ended(&mut self, slot: u8, status: u64) -> Option<Gone> {
        let pid = self.slot(slot)?.ids.pid;
        let held = self.held_by(pid);
        let entry = self.slot(slot)?;
        let status = entry.cause.unwrap_or(ExitStatus::Exited(status));
        entry.ended = Some(status);
        entry.process = None;
        entry.waiting.clear();
        let (ids, name) = (entry.ids, entry.name.clone());
        self.adopt_children(ids.pid);
        self.waiters.retain(|waiter| waiter.by != ids.pid);
        let hung_up = self.end_session(ids);
        self.settle_foreground();
        let orphaned = held.into_iter().filter(|group| self.is_stopped_orphan(*group)).collect();
        Some(Gone { ids, name, status, orphaned, hung_up })
    }

    /// Detaches its children; those that have ended are forgotten.
    fn adopt_children(&mut self, pid: u32) {
        for entry in self.entries.iter_mut().filter(|entry| entry.ids.parent == pid) {
            entry.ids.parent = 0;
            entry.adopted = true;
        }
        self.entries.retain(|entry| !(entry.adopted && entry.ended.is_some()));
    }

    /// Forgets an ended program that no parent will wait for.
    pub fn forget_unwanted(&mut self, gone: &Gone) {
        let Ids { pid, parent, .. } = gone.ids;
        let adopted = |entry: &Entry<P, S>| entry.ids.pid == pid && entry.adopted;
        let server_waits = self.waiters.iter().any(|waiter| waiter.target == Target::Process(pid));
        let unwanted = self.entries.iter().any(adopted) && !server_waits
            || self.alive(parent).is_some_and(|parent| !wants_children(&parent.signals));
        if unwanted {
            self.entries.retain(|entry| entry.ids.pid != pid);
        }
        let ended = |entry: &Entry<P, S>| entry.ended.is_some() && entry.ids.parent == parent;
        if self.entries.iter().filter(|entry| ended(entry)).count() > MAX_ENDED
            && let Some(oldest) = self.entries.iter().position(ended)
        {
            self.entries.remove(oldest);
        }
    }
}

/// Whether a program is going to wait for those that it started.
fn wants_children(signals: &Signals) -> bool {
    let action = signals.action(Signal::CHLD);
    action.disposition != Disposition::Ignore && !action.flags.contains(Flags::NOCLDWAIT)
}

#[cfg(test)]
mod tests;
