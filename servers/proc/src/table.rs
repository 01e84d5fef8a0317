//! The programs that were started: alive, or ended and not waited for.
//!
//! Each has a slot, which is its bit in the notification of deaths, and an instance
//! number, which is in its badges and is never used again.

use crate::{Dispositions, FaultMemory};
use alloc::string::String;
use alloc::vec::Vec;
use proc_api::ExitStatus;

/// As many can be alive at once: one bit of a notification each.
pub const MAX_PROGRAMS: u8 = 48;
/// So many ended programs are remembered for someone to wait; then the oldest is forgotten.
const MAX_ENDED: usize = 32;

/// A program. `P` is what holds it alive, `W` is someone who waits for its end.
#[derive(Debug)]
pub struct Entry<P, W> {
    /// Process id.
    pub pid: u32,
    /// Process id of the program that started it, or 0.
    pub parent: u32,
    /// Its number, never used again.
    pub instance: u32,
    /// Its bit in the notification of deaths.
    pub slot: u8,
    /// Name of its file.
    pub name: String,
    /// Whether a stop signal stopped it.
    pub stopped: bool,
    /// What it does about signals.
    pub dispositions: Dispositions,
    /// Its last fault.
    pub faults: FaultMemory,
    /// Why it is about to die, when `proc` killed it.
    pub cause: Option<ExitStatus>,
    /// How it ended.
    pub ended: Option<ExitStatus>,
    /// What holds it; gone with its end.
    pub process: Option<P>,
    waiters: Vec<W>,
}

/// All slots are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

/// What a wait comes to.
#[derive(Debug)]
pub enum Wait<W> {
    /// It has ended already.
    Ended(W, ExitStatus),
    /// The waiter is told later.
    Later,
    /// There is no such program.
    NoSuchProcess(W),
}

/// A program that has just ended.
#[derive(Debug)]
pub struct Gone<W> {
    /// Its process id.
    pub pid: u32,
    /// Who started it.
    pub parent: u32,
    /// Its name.
    pub name: String,
    /// How it ended.
    pub status: ExitStatus,
    /// Who waited.
    pub waiters: Vec<W>,
}

/// All programs, in the order of their starts.
#[derive(Debug)]
pub struct Table<P, W> {
    entries: Vec<Entry<P, W>>,
    foreground: u32,
    last_instance: u32,
}

impl<P, W> Default for Table<P, W> {
    fn default() -> Self {
        Self { entries: Vec::new(), foreground: 0, last_instance: 0 }
    }
}

impl<P, W> Table<P, W> {
    /// A slot and an instance number for a new program.
    ///
    /// # Errors
    /// [`Full`].
    pub fn reserve(&mut self) -> Result<(u8, u32), Full> {
        let taken = |slot: &u8| self.living().any(|entry| entry.slot == *slot);
        let slot = (0..MAX_PROGRAMS).find(|slot| !taken(slot)).ok_or(Full)?;
        // Bit 31 stays clear, so that a badge never looks negative to anyone.
        self.last_instance = (self.last_instance + 1) & 0x7fff_ffff;
        Ok((slot, self.last_instance.max(1)))
    }

    /// Adds a program in a reserved slot.
    pub fn insert(
        &mut self,
        (slot, instance): (u8, u32),
        (pid, parent): (u32, u32),
        name: &str,
        process: P,
    ) {
        self.entries.push(Entry {
            pid,
            parent,
            instance,
            slot,
            name: name.into(),
            stopped: false,
            dispositions: Dispositions::default(),
            faults: FaultMemory::default(),
            cause: None,
            ended: None,
            process: Some(process),
            waiters: Vec::new(),
        });
    }

    /// Everything, for lists.
    pub fn all(&self) -> impl Iterator<Item = &Entry<P, W>> {
        self.entries.iter()
    }

    fn living(&self) -> impl Iterator<Item = &Entry<P, W>> {
        self.entries.iter().filter(|entry| entry.ended.is_none())
    }

    /// A program that has not ended.
    pub fn alive(&mut self, pid: u32) -> Option<&mut Entry<P, W>> {
        self.entries.iter_mut().find(|entry| entry.pid == pid && entry.ended.is_none())
    }

    /// A program that has not ended, by its instance number.
    pub fn instance(&mut self, instance: u32) -> Option<&mut Entry<P, W>> {
        let found = |entry: &&mut Entry<P, W>| entry.instance == instance && entry.ended.is_none();
        self.entries.iter_mut().find(found)
    }

    /// A program that has not ended, by its slot.
    pub fn slot(&mut self, slot: u8) -> Option<&mut Entry<P, W>> {
        self.entries.iter_mut().find(|entry| entry.slot == slot && entry.ended.is_none())
    }

    /// Which program Ctrl-C goes to; 0: none.
    pub fn foreground(&self) -> u32 {
        self.foreground
    }

    /// Makes a living program the foreground one; 0: none is. False when there is none such.
    pub fn set_foreground(&mut self, pid: u32) -> bool {
        let known = pid == 0 || self.alive(pid).is_some();
        if known {
            self.foreground = pid;
        }
        known
    }

    /// Someone wants to know how a program ends.
    pub fn wait(&mut self, pid: u32, waiter: W) -> Wait<W> {
        let Some(index) = self.entries.iter().position(|entry| entry.pid == pid) else {
            return Wait::NoSuchProcess(waiter);
        };
        match self.entries[index].ended {
            Some(status) => {
                self.entries.remove(index);
                Wait::Ended(waiter, status)
            }
            None => {
                self.entries[index].waiters.push(waiter);
                Wait::Later
            }
        }
    }

    /// The program in this slot has died with this status. Without a waiter it is
    /// remembered for one.
    pub fn died(&mut self, slot: u8, status: u64) -> Option<Gone<W>> {
        let entry = self.slot(slot)?;
        let status = entry.cause.unwrap_or(ExitStatus::Exited(status));
        entry.ended = Some(status);
        entry.process = None;
        let waiters = core::mem::take(&mut entry.waiters);
        let (pid, parent, name) = (entry.pid, entry.parent, entry.name.clone());
        if self.foreground == pid {
            self.foreground = 0;
        }
        if !waiters.is_empty() {
            self.entries.retain(|entry| entry.pid != pid);
        }
        self.forget_oldest();
        Some(Gone { pid, parent, name, status, waiters })
    }

    fn forget_oldest(&mut self) {
        if self.entries.iter().filter(|entry| entry.ended.is_some()).count() > MAX_ENDED
            && let Some(oldest) = self.entries.iter().position(|entry| entry.ended.is_some())
        {
            self.entries.remove(oldest);
        }
    }
}

#[cfg(test)]
mod tests;
