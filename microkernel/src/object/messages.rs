//! Which object each CPU's messages (MSI) interrupt for.
//!
//! Shape: a row for each CPU, with a place for each message that the machine has. A message that
//! was given up is given out again as late as can be: its device may send it once more.

use super::IrqId;
use crate::arena::Fixed;
use crate::machine::{BootMemory, CpuId};
use core::hash::{Hash, Hasher};

/// The messages of all CPUs.
#[derive(Debug)]
#[cfg_attr(any(test, feature = "hosted"), derive(Clone))]
pub struct Messages {
    owners: Fixed<Option<IrqId>>,
    /// For each CPU, where the search for a free message begins.
    starts: Fixed<u8>,
    each: usize,
}

impl Messages {
    /// All free: `each` messages of each CPU.
    pub fn new(memory: &mut impl BootMemory, cpus: usize, each: u8) -> Self {
        let each = usize::from(each);
        let owners = memory.slice(cpus * each, |_| None);
        Self { owners, starts: memory.slice(cpus, |_| 0), each }
    }

    #[inline]
    fn place(&self, cpu: CpuId, number: u8) -> usize {
        usize::from(cpu.0) * self.each + usize::from(number)
    }

    /// The object that a message interrupts for.
    #[inline]
    pub fn owner(&self, cpu: CpuId, number: u8) -> Option<IrqId> {
        self.owners.get(self.place(cpu, number)).copied().flatten()
    }

    /// A free message of a CPU.
    pub fn find_free(&self, cpu: CpuId) -> Option<u8> {
        let start = *self.starts.get(usize::from(cpu.0))?;
        let end = u8::try_from(self.each).unwrap_or(u8::MAX);
        (start..end).chain(0..start).find(|number| self.owner(cpu, *number).is_none())
    }

    /// A free message belongs to this object from now on.
    pub fn give(&mut self, cpu: CpuId, number: u8, owner: IrqId) {
        let place = self.place(cpu, number);
        self.owners[place] = Some(owner);
        let behind = number + 1;
        self.starts[usize::from(cpu.0)] = if usize::from(behind) < self.each { behind } else { 0 };
    }

    /// A message belongs to no object from now on.
    pub fn take_back(&mut self, cpu: CpuId, number: u8) {
        let place = self.place(cpu, number);
        self.owners[place] = None;
    }

    /// The number of messages that have an owner.
    #[cfg(test)]
    pub(crate) fn taken(&self) -> usize {
        self.owners.iter().flatten().count()
    }
}

/// Only what is given out, which is little.
impl Hash for Messages {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let given = self.owners.iter().enumerate().filter(|(_, owner)| owner.is_some());
        given.for_each(|owner| owner.hash(state));
        self.starts.hash(state);
    }
}
