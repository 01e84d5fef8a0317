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
    /// Does it, or a bounded piece of it. Returns which thread runs then.
    pub(crate) run: Handler<M>,
}

/// The function of a row.
type Handler<M> = fn(&mut Kernel<M>, CpuId) -> NextThread;

/// A row of the loop whose flag is cleared before its handler runs.
const fn once<M: Machine>(work: Work, run: Handler<M>, set_by: &'static str) -> WorkItem<M> {
    WorkItem { work, kind: Kind::OneShot, phase: Phase::Loop, set_by, run }
}

/// A row of the loop whose flag is read from the state.
const fn level<M: Machine>(work: Work, run: Handler<M>, set_by: &'static str) -> WorkItem<M> {
    WorkItem { work, kind: Kind::Level, phase: Phase::Loop, set_by, run }
}

/// A row that runs after the loop, while its flag stays set.
const fn after<M: Machine>(work: Work, run: Handler<M>, set_by: &'static str) -> WorkItem<M> {
    WorkItem { work, kind: Kind::Level, phase: Phase::Last, set_by, run }
}

impl<M: Machine> WorkItem<M> {
    /// Whether its handler can make new work.
    pub fn makes_work(&self) -> bool {
        self.phase == Phase::Loop && self.work != Work::WakeUps
    }
}

impl<M: Machine> Kernel<M> {
    /// All work, in the order in which one turn does it.
    pub const WORK: [WorkItem<M>; ITEMS] = [
        level(Work::Interrupts, interrupts::recorded, "derived: the machine has recorded some"),
        once(
            Work::Deadlines,
            interrupts::deadlines,
            "the row itself and the timer interrupt, when many have passed",
        ),
        once(Work::Kill, handlers::kill, "the kill of the thread's process"),
        once(Work::Stop, handlers::stop, "a suspension of the thread or its process"),
        once(Work::Call, handlers::call, "the tracer's answer to a stop before a system call"),
        once(Work::CallExit, handlers::call_exit, "the entry of a watched system call, once"),
        once(Work::Migrate, handlers::migrate, "a change of the thread's affinity"),
        once(
            Work::Operation,
            handlers::operation,
            "a long system call (zero, map, unmap, protect, revoke)",
        ),
        level(
            Work::Reap,
            handlers::reap,
            "derived: a dead process of sufficient priority is not yet taken apart",
        ),
        once(
            Work::LostCalls,
            handlers::lost_calls,
            "a caller of a watching server that stops waiting, the end of an object with many waiters",
        ),
        once(Work::Fault, handlers::fault, "an exception, or a frame that cannot be written"),
        once(Work::Reschedule, handlers::reschedule, "a wake-up, a block, the end of a slice"),
        once(Work::CompatResults, handlers::compat_results, "each system call of 32-bit code"),
        once(Work::Upcall, handlers::upcall, "a signal for the thread"),
        once(Work::WakeUps, handlers::wake_ups, "a flag that was set of another CPU"),
        after(
            Work::UserValues,
            last::user_values,
            "a thread that may not read the clock, a CPU that hides it",
        ),
        after(
            Work::Ports,
            last::ports,
            "a process that may use ports, a CPU that still allows some",
        ),
        after(Work::Debug, last::debug_registers, "a thread that has some, a CPU that holds some"),
        after(
            Work::VectorSave,
            last::vector_save,
            "a vector load, until the registers are locked again",
        ),
        after(
            Work::VectorLoad,
            last::vector_load,
            "the first use of vector registers, and each save, until the load",
        ),
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
