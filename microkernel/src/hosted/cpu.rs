//! One CPU of a hosted machine: what is its own.

#[cfg(test)]
use super::HostedTable;
use super::machine::{HostedPage, TableKey};
use crate::machine::{Interrupt, Phys, PortSpans};
use abi::DebugRegisters;
use std::collections::{BTreeMap, VecDeque};

/// A CPU.
#[derive(Clone, Debug, Default, Hash)]
pub struct HostedCpu {
    /// What its deadline timer is set to.
    pub timer_ns: Option<u64>,
    /// Interrupts that were recorded.
    pub pending: VecDeque<Interrupt>,
    /// Interrupts that come in its next windows between two turns, one in each.
    pub arriving: VecDeque<Interrupt>,
    /// Another CPU sent it an IPI, which has not arrived yet.
    pub ipi_sent: bool,
    /// Ports that user mode may use.
    pub ports: PortSpans,
    /// Whether user mode may not read the time-stamp counter.
    pub clock_hidden: bool,
    /// The debug registers.
    pub debug: DebugRegisters,
    /// The table that is loaded: the last one that a thread ran on here.
    pub active: Option<Phys>,
    /// Translations that its user programs used: (root of the table, address of the page).
    pub(super) cached: BTreeMap<(Phys, u64), HostedPage>,
    /// Tables that its walks came by: (root of the table, which table).
    pub(super) walked: BTreeMap<(Phys, TableKey), Phys>,
}

impl HostedCpu {
    /// The address of the first cached translation or table that its root does not have, or no
    /// longer has so: a TLB shootdown is missing.
    #[cfg(test)]
    pub(crate) fn stale<'a>(
        &self,
        table_of: impl Fn(Phys) -> Option<&'a HostedTable>,
    ) -> Option<u64> {
        let wrong = |(root, address): &(Phys, u64), page: &HostedPage| {
            table_of(*root).and_then(|table| table.page(*address)) != Some(*page)
        };
        let gone = |(root, key): &(Phys, TableKey), frame: &Phys| {
            table_of(*root).and_then(|table| table.table(*key)) != Some(*frame)
        };
        let page = self.cached.iter().find(|(key, page)| wrong(key, page));
        let table = self.walked.iter().find(|(key, frame)| gone(key, frame));
        let first = table.map(|((_, (level, slot)), _)| slot << (21 + 9 * level));
        page.map(|((_, address), _)| *address).or(first)
    }
}
