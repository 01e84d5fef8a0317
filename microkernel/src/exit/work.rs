//! The work table: one row per kind of work.
//!
//! Mask, order, dispatch, trace names and documentation all come from [`Kernel::WORK`];
//! there is no second list. A flag is a bit of a CPU's or of a thread's work word; the
//! loop reads both words of the CPU it leaves.

use super::{handlers, interrupts, last};
use crate::kernel::Kernel;
use crate::machine::{CpuId, Machine};
use crate::sched::NextThread;
use crate::work::{ITEMS, Work};

/// How a flag behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Cleared before its handler runs, so that a handler can ask for another turn.
    OneShot,
    /// Read from the state itself; gone when the state is.
    Level,
}

/// When a row's handler runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// In a turn of the loop; afterwards interrupts are let in and all flags read again.
    Loop,
    /// After the last turn, with interrupts off: it makes no new work.
    Last,
}

/// One row of the table.
pub struct WorkItem<M: Machine> {
    /// Which.
    pub work: Work,
    /// One-shot or level.
    pub kind: Kind,
    /// In the loop or after it.
    pub phase: Phase,
    /// Who sets the flag.
    pub set_by: &'static str,
    /// Whether its handler can make new work.
    pub makes_work: bool,
    /// Does it, or a bounded piece of it. Returns which thread runs then.
    pub(crate) run: fn(&mut Kernel<M>, CpuId) -> NextThread,
}

impl<M: Machine> Kernel<M> {
    /// All work, in the order in which one turn does it.
    pub const WORK: [WorkItem<M>; ITEMS] = [
        WorkItem {
            work: Work::Interrupts,
            kind: Kind::Level,
            phase: Phase::Loop,
            set_by: "derived: the machine has recorded some",
            makes_work: true,
            run: interrupts::recorded,
        },
        WorkItem {
            work: Work::Deadlines,
            kind: Kind::OneShot,
            phase: Phase::Loop,
            set_by: "the row itself and the timer interrupt, when many have passed",
            makes_work: true,
            run: interrupts::deadlines,
        },
        WorkItem {
            work: Work::Kill,
            kind: Kind::OneShot,
            phase: Phase::Loop,
            set_by: "the kill of the thread's process",
            makes_work: true,
            run: handlers::kill,
        },
        WorkItem {
            work: Work::Stop,
            kind: Kind::OneShot,
            phase: Phase::Loop,
            set_by: "a suspension of the thread or its process",
            makes_work: true,
            run: handlers::stop,
        },
        WorkItem {
            work: Work::Call,
            kind: Kind::OneShot,
            phase: Phase::Loop,
            set_by: "the tracer's answer to a stop before a system call",
            makes_work: true,
            run: handlers::call,
        },
        WorkItem {
            work: Work::CallExit,
            kind: Kind::OneShot,
            phase: Phase::Loop,
            set_by: "the entry of a watched system call, once",
            makes_work: true,
            run: handlers::call_exit,
        },
        WorkItem {
            work: Work::Migrate,
            kind: Kind::OneShot,
            phase: Phase::Loop,
            set_by: "a change of the thread's affinity",
            makes_work: true,
            run: handlers::migrate,
        },
        WorkItem {
            work: Work::Operation,
            kind: Kind::OneShot,
            phase: Phase::Loop,
            set_by: "a long system call (zero, map, unmap, protect, revoke)",
            makes_work: true,
            run: handlers::operation,
        },
        WorkItem {
            work: Work::Reap,
            kind: Kind::Level,
            phase: Phase::Loop,
            set_by: "derived: a dead process of sufficient priority is not yet taken apart",
            makes_work: true,
            run: handlers::reap,
        },
        WorkItem {
            work: Work::LostCalls,
            kind: Kind::OneShot,
            phase: Phase::Loop,
            set_by: "a caller of a watching server that stops waiting, the end of an object with many waiters",
            makes_work: true,
            run: handlers::lost_calls,
        },
        WorkItem {
            work: Work::Fault,
            kind: Kind::OneShot,
            phase: Phase::Loop,
            set_by: "an exception, or a frame that cannot be written",
            makes_work: true,
            run: handlers::fault,
        },
        WorkItem {
            work: Work::Reschedule,
            kind: Kind::OneShot,
            phase: Phase::Loop,
            set_by: "a wake-up, a block, the end of a slice",
            makes_work: true,
            run: handlers::reschedule,
        },
        WorkItem {
            work: Work::CompatResults,
            kind: Kind::OneShot,
            phase: Phase::Loop,
            set_by: "each system call of 32-bit code",
            makes_work: true,
            run: handlers::compat_results,
        },
        WorkItem {
            work: Work::Upcall,
            kind: Kind::OneShot,
            phase: Phase::Loop,
            set_by: "a signal for the thread",
            makes_work: true,
            run: handlers::upcall,
        },
        WorkItem {
            work: Work::WakeUps,
            kind: Kind::OneShot,
            phase: Phase::Loop,
            set_by: "a flag that was set of another CPU",
            makes_work: false,
            run: handlers::wake_ups,
        },
        WorkItem {
            work: Work::UserValues,
            kind: Kind::Level,
            phase: Phase::Last,
            set_by: "a thread that may not read the clock, a CPU that hides it",
            makes_work: false,
            run: last::user_values,
        },
        WorkItem {
            work: Work::Ports,
            kind: Kind::Level,
            phase: Phase::Last,
            set_by: "a process that may use ports, a CPU that still allows some",
            makes_work: false,
            run: last::ports,
        },
        WorkItem {
            work: Work::Debug,
            kind: Kind::Level,
            phase: Phase::Last,
            set_by: "a thread that has some, a CPU that holds some",
            makes_work: false,
            run: last::debug_registers,
        },
        WorkItem {
            work: Work::VectorSave,
            kind: Kind::Level,
            phase: Phase::Last,
            set_by: "a vector load, until the registers are locked again",
            makes_work: false,
            run: last::vector_save,
        },
        WorkItem {
            work: Work::VectorLoad,
            kind: Kind::Level,
            phase: Phase::Last,
            set_by: "the first use of vector registers, and each save, until the load",
            makes_work: false,
            run: last::vector_load,
        },
    ];

    /// The flags of the rows of one phase.
    const fn mask_of(phase: Phase) -> u32 {
        let mut mask = 0;
        let mut index = 0;
        while index < ITEMS {
            let item = &Self::WORK[index];
            assert!(item.work as usize == index, "the rows stand in the order of `Work`");
            if item.phase as u32 == phase as u32 {
                mask |= item.work.flag();
            }
            index += 1;
        }
        mask
    }

    /// The union of the flags that the loop handles.
    pub const LOOP_MASK: u32 = Self::mask_of(Phase::Loop);
    /// The union of the flags that are handled after it.
    pub const LAST_MASK: u32 = Self::mask_of(Phase::Last);
    /// The union of all handled flags.
    pub const MASK: u32 = Self::LOOP_MASK | Self::LAST_MASK;
}
