//! Processes and their creators: none outlives its creator, whose quota it uses.
//!
//! Shape: the children of a process form two lists, through the children: those that are alive
//! and those that are being taken apart. The reaper of a process kills the living ones, and works
//! on the dying ones before it goes on with the process: so a descendant is taken apart with the
//! urgency of the first of its line that dies, and the death of a process is told when the last
//! of its descendants has given back what it held. A line is at most 32 long: walks along it are
//! bounded.

use crate::machine::Machine;
use crate::object::{Family, Life, Objects, ProcessId};
use abi::Error;

/// The most creators above a process.
const DEEPEST: u8 = 32;

impl<M: Machine> Objects<M> {
    /// That the process may have children.
    pub(crate) fn may_create(&self, creator: ProcessId) -> Result<(), Error> {
        let process = &self.processes[creator];
        match process.life {
            Life::Alive if process.family.depth < DEEPEST => Ok(()),
            Life::Alive => Err(Error::QuotaExceeded),
            Life::Dying | Life::Dead => Err(Error::PeerDied),
        }
    }

    /// A new process is a child of its creator, which may have children.
    pub(crate) fn add_child(&mut self, creator: ProcessId, child: ProcessId) {
        let depth = self.processes[creator].family.depth.saturating_add(1);
        let family = &mut self.processes[child].family;
        (family.creator, family.depth) = (Some(creator), depth);
        self.link_child(creator, child);
    }

    /// A process is dying: its creator has one living child fewer, and one that dies.
    pub(crate) fn begin_end_of_child(&mut self, child: ProcessId) {
        if let Some(creator) = self.unlink_child(child) {
            self.processes[child].life = Life::Dying;
            self.link_child(creator, child);
        }
    }

    /// A process has given back all that it held.
    pub(crate) fn finish_end_of_child(&mut self, child: ProcessId) {
        self.unlink_child(child);
        self.processes[child].family.creator = None;
    }

    /// The list of its creator that a process is in.
    fn children_of(&mut self, creator: ProcessId, life: Life) -> &mut Option<ProcessId> {
        let family = &mut self.processes[creator].family;
        if life == Life::Alive { &mut family.living } else { &mut family.dying }
    }

    fn link_child(&mut self, creator: ProcessId, child: ProcessId) {
        let life = self.processes[child].life;
        let next = self.children_of(creator, life).replace(child);
        if let Some(next) = next {
            self.processes[next].family.previous = Some(child);
        }
        let family = &mut self.processes[child].family;
        (family.previous, family.next) = (None, next);
    }

    /// Takes a process out of the list that its life names: its creator.
    fn unlink_child(&mut self, child: ProcessId) -> Option<ProcessId> {
        let life = self.processes[child].life;
        let Family { creator, previous, next, .. } = self.processes[child].family;
        let creator = creator?;
        if let Some(next) = next {
            self.processes[next].family.previous = previous;
        }
        match previous {
            Some(previous) => self.processes[previous].family.next = next,
            None => *self.children_of(creator, life) = next,
        }
        Some(creator)
    }
}
