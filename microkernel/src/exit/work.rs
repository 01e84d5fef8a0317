//! The work-flag table: one row per kind of work.
//!
//! Mask, order, names and handlers all come from [`ITEMS`]; there is no second list.

use super::handlers;
use crate::kernel::Kernel;
use crate::machine::{CpuId, Machine};

/// How a flag behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Cleared before its handler runs, so that a handler can ask for another turn.
    OneShot,
    /// Read from the state itself; gone when the state is.
    Level,
}

/// One row of the table.
pub struct WorkItem<M: Machine> {
    /// Its bit.
    pub flag: u32,
    /// What traces and tables call it.
    pub name: &'static str,
    /// One-shot or level.
    pub kind: Kind,
    /// Does it, or a bounded piece of it.
    pub run: fn(&mut Kernel<M>, CpuId),
}

/// Flags of a CPU; other CPUs may set them.
pub(crate) mod cpu_work {
    /// Interrupts were recorded (derived from the machine).
    pub(crate) const INTERRUPTS: u32 = 1;
    /// The deadline timer fired.
    pub(crate) const DEADLINES: u32 = 1 << 1;
    /// A dead process is due to be taken apart (derived from the list of the dying).
    pub(crate) const REAP: u32 = 1 << 4;
    /// Another thread may be the one to run.
    pub(crate) const RESCHEDULE: u32 = 1 << 5;
}

/// Flags of a thread, looked at while it is current.
pub(crate) mod thread_work {
    /// Its process was killed.
    pub(crate) const KILL: u32 = 1 << 2;
    /// It has a long operation.
    pub(crate) const OPERATION: u32 = 1 << 3;
    /// Its upcall notification may have bits for it.
    pub(crate) const UPCALL: u32 = 1 << 6;
}

/// How many kinds of work there are.
pub const ITEMS: usize = 7;

impl<M: Machine> Kernel<M> {
    /// All work, in the order in which one turn does it.
    pub const WORK: [WorkItem<M>; ITEMS] = [
        WorkItem {
            flag: cpu_work::INTERRUPTS,
            name: "interrupts",
            kind: Kind::Level,
            run: handlers::interrupts,
        },
        WorkItem {
            flag: cpu_work::DEADLINES,
            name: "deadlines",
            kind: Kind::OneShot,
            run: handlers::deadlines,
        },
        WorkItem {
            flag: thread_work::KILL,
            name: "kill",
            kind: Kind::OneShot,
            run: handlers::kill,
        },
        WorkItem {
            flag: thread_work::OPERATION,
            name: "operation",
            kind: Kind::OneShot,
            run: handlers::operation,
        },
        WorkItem { flag: cpu_work::REAP, name: "reap", kind: Kind::Level, run: handlers::reap },
        WorkItem {
            flag: cpu_work::RESCHEDULE,
            name: "reschedule",
            kind: Kind::OneShot,
            run: handlers::reschedule,
        },
        WorkItem {
            flag: thread_work::UPCALL,
            name: "upcall",
            kind: Kind::OneShot,
            run: handlers::upcall,
        },
    ];

    /// The union of all handled flags.
    pub const MASK: u32 = {
        let mut mask = 0;
        let mut index = 0;
        while index < ITEMS {
            let flag = Self::WORK[index].flag;
            assert!(flag.count_ones() == 1, "one bit for each row");
            assert!(mask & flag == 0, "each bit once");
            mask |= flag;
            index += 1;
        }
        mask
    };
}
