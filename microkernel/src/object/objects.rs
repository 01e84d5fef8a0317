//! All kernel objects: the arenas, and the lists that run through them.

use super::{
    Chunks, Dying, Endpoint, EndpointId, EndpointKind, IoSpaces, Irq, IrqId, IrqKind, Lifeline,
    LifelineKind, MemoryKind, MemoryObject, Messages, Notification, NotificationId,
    NotificationKind, Pids, PortKind, PortRange, ProcessId, Processes, QuotaId, Quotas, Region,
    RegionKind, SchedContext, SchedContextKind, Threads, Timer, TimerKind,
};
use crate::arena::Arena;
use crate::machine::Machine;
use crate::object::{Family, Resource, SchedContextId};
use abi::IRQ_LINES;

/// The arenas of all kernel objects, and the lists of objects that wait for exit work.
pub(crate) struct Objects<M: Machine> {
    pub(crate) threads: Threads<M::FrameHandle>,
    /// Slots of threads, from the first one on, whose saved registers have memory.
    pub(crate) thread_frames: usize,
    pub(crate) processes: Processes<M>,
    pub(crate) endpoints: Arena<EndpointKind, Endpoint>,
    pub(crate) notifications: Arena<NotificationKind, Notification>,
    pub(crate) memories: Arena<MemoryKind, MemoryObject>,
    pub(crate) regions: Arena<RegionKind, Region>,
    pub(crate) timers: Arena<TimerKind, Timer>,
    pub(crate) lifelines: Arena<LifelineKind, Lifeline>,
    pub(crate) irqs: Arena<IrqKind, Irq>,
    pub(crate) io_spaces: IoSpaces,
    pub(crate) ports: Arena<PortKind, PortRange>,
    pub(crate) sched_contexts: Arena<SchedContextKind, SchedContext>,
    pub(crate) quotas: Quotas,
    pub(crate) chunks: Chunks,
    pub(crate) pids: Pids,
    /// The account that pays for the growth of the arenas: the first program's.
    pub(crate) growth_payer: Option<QuotaId>,
    /// The owner of each device line.
    pub(crate) lines: [Option<IrqId>; IRQ_LINES],
    /// The owner of each CPU's messages.
    pub(crate) messages: Messages,
    /// The processes that are being taken apart.
    pub(crate) dying: Dying,
    /// The first ended endpoint whose threads are still to be released.
    pub(crate) ended_endpoints: Option<EndpointId>,
    /// The first such notification.
    pub(crate) ended_notifications: Option<NotificationId>,
    /// The first process with an abandoned call that was not signalled yet.
    pub(crate) abandoned_calls: Option<ProcessId>,
    /// Handles of all processes.
    pub(crate) handle_count: u64,
    /// Processes that are alive.
    pub(crate) living: u64,
}

impl<M: Machine> Objects<M> {
    /// Memory for the saved registers of the next slot of threads that has none.
    pub(crate) fn add_thread_frame(&mut self, frame: M::FrameHandle) {
        // NOFAIL: no thread is made in a slot without a frame.
        let Some(thread) = self.threads.unused(self.thread_frames) else { return };
        thread.frame = frame;
        self.thread_frames += 1;
    }

    /// Where the work on a dying process goes on: the first of its line that has living children,
    /// or else the last one.
    pub(crate) fn first_to_reap(&self, mut id: ProcessId) -> ProcessId {
        while let Family { living: None, dying: Some(child), .. } = self.processes[id].family {
            id = child;
        }
        id
    }

    /// One name of a scheduling context fewer. A binding is one: at the end of the
    /// last name no thread is bound to it.
    pub(crate) fn release_context(&mut self, id: SchedContextId) {
        self.sched_contexts[id].refs -= 1;
        if self.sched_contexts[id].refs == 0
            && let Some(context) = self.sched_contexts.remove(id)
        {
            self.quotas.give_back(context.quota, Resource::Objects, 1);
        }
    }
}
