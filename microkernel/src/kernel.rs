//! The kernel's state, and how it comes to be at boot.

use crate::arena::{Arena, Growing, Slot};
use crate::cpu::{CPUS, Cpu, SHARED_ITERATIONS, SLICE_NS, Scheduler};
use crate::frames::{FrameInfo, Frames};
use crate::holds::Checks;
use crate::machine::{BootMemory, CpuId, Machine, NoFrame, Phys};
use crate::number;
use crate::object::{Dying, FIRST_PID, Life, Messages, Objects, Pids, ThreadId};
use crate::time::{Deadlines, Entry, keys_end};
use crate::trace::{RECORDS, Ring, Stats};
use abi::{IRQ_LINES, TraceRecord};

/// The initial number of each object. `ports` and `records` are fixed; the other arenas grow.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "each field is a number of the objects it names")]
pub struct Sizes {
    /// Frame numbers below this exist.
    pub frames_end: u64,
    pub threads: usize,
    pub processes: usize,
    pub endpoints: usize,
    pub notifications: usize,
    pub memories: usize,
    pub regions: usize,
    pub timers: usize,
    pub lifelines: usize,
    pub chunks: usize,
    pub irqs: usize,
    pub ports: usize,
    pub sched_contexts: usize,
    pub records: usize,
}

impl Sizes {
    /// Sizes that suit a machine with these bytes of RAM, whose frame numbers end there.
    pub fn for_memory(bytes: u64, frames_end: u64) -> Self {
        let one_in = |share: u64| number::size(bytes / share).max(64);
        Self {
            frames_end,
            threads: one_in(128 << 10),
            processes: one_in(256 << 10),
            endpoints: one_in(64 << 10),
            notifications: one_in(64 << 10),
            memories: one_in(32 << 10),
            regions: one_in(16 << 10),
            timers: one_in(128 << 10),
            lifelines: one_in(64 << 10),
            chunks: one_in(128 << 10),
            irqs: 64,
            ports: 64,
            sched_contexts: 64,
            records: RECORDS,
        }
    }
}

/// The whole kernel. One lock guards it; see ARCHITECTURE.md.
pub struct Kernel<M: Machine> {
    /// The machine it runs on.
    pub machine: M,
    pub(crate) objects: Objects<M>,
    /// The frames of the machine's memory.
    pub(crate) frames: Frames,
    pub(crate) sched: Scheduler,
    pub(crate) stats: Stats,
    pub(crate) trace: Ring,
    pub(crate) checks: Checks,
    pub(crate) shutdown: Option<u8>,
}

/// Makes the arenas of the boot.
struct FirstArenas<'a, M, B> {
    machine: &'a mut M,
    memory: &'a mut B,
}

impl<M: Machine, B: BootMemory> FirstArenas<'_, M, B> {
    fn arena<K, T: Default + 'static>(&mut self, len: usize) -> Arena<K, T> {
        Arena::new(self.slice(len, Slot::empty))
    }

    fn slice<T: 'static>(&mut self, len: usize, make: fn(usize) -> T) -> Growing<T> {
        let mut slice = self.machine.reserve();
        let mut frames = |_: &mut M| Some(self.memory.frame());
        while slice.len() < len && self.machine.extend(&mut slice, make, &mut frames).is_ok() {}
        slice
    }

    fn thread_frame(&mut self) -> Result<M::FrameHandle, NoFrame> {
        self.machine.new_frame(&mut |_| Some(self.memory.frame()))
    }
}

impl<M: Machine> Kernel<M> {
    /// An empty kernel for 1 to 64 CPUs. Each starts in the KERNEL context.
    pub fn new(mut machine: M, memory: &mut impl BootMemory, sizes: &Sizes, cpus: usize) -> Self {
        assert!((1..=CPUS).contains(&cpus), "CPUs: {cpus}");
        let keys = keys_end(sizes.threads, sizes.timers, sizes.sched_contexts);
        let slice = machine.ticks_of(SLICE_NS);
        let mut room = FirstArenas { machine: &mut machine, memory };
        let mut objects = Objects {
            threads: room.arena(sizes.threads),
            thread_frames: 0,
            processes: room.arena(sizes.processes),
            endpoints: room.arena(sizes.endpoints),
            notifications: room.arena(sizes.notifications),
            memories: room.arena(sizes.memories),
            regions: room.arena(sizes.regions),
            timers: room.arena(sizes.timers),
            lifelines: room.arena(sizes.lifelines),
            irqs: room.arena(sizes.irqs),
            io_spaces: room.arena(1),
            ports: room.arena(sizes.ports),
            sched_contexts: room.arena(sizes.sched_contexts),
            quotas: room.arena(sizes.processes + 1),
            chunks: room.arena(sizes.chunks),
            pids: Pids::default(),
            growth_payer: None,
            lines: [None; IRQ_LINES],
            messages: Messages::new(room.memory, cpus, M::MESSAGES),
            dying: Dying::new(),
            ended_endpoints: None,
            ended_notifications: None,
            abandoned_calls: None,
            handle_count: 0,
            living: 0,
        };
        while objects.thread_frames < objects.threads.capacity()
            && let Ok(frame) = room.thread_frame()
        {
            objects.add_thread_frame(frame);
        }
        let deadlines =
            Deadlines::new(room.slice(keys, Entry::empty), room.slice(keys, Deadlines::nowhere));
        let sched = Scheduler {
            cpus: memory.slice(cpus, Cpu::new),
            deadlines,
            slice,
            shared_iterations: SHARED_ITERATIONS,
            idle: 0,
            keeper: CpuId(0),
        };
        Self {
            objects,
            frames: Frames::new(memory.slice(number::size(sizes.frames_end), FrameInfo::unusable)),
            sched,
            stats: Stats::default(),
            trace: Ring::new(memory.slice(sizes.records, |_| TraceRecord::default())),
            checks: Checks::default(),
            shutdown: None,
            machine,
        }
    }

    /// Hands over usable RAM.
    pub fn add_frames(&mut self, first: Phys, frames: u64) {
        self.frames.add(first, frames);
    }

    /// A CPU.
    pub fn cpu(&self, cpu: CpuId) -> &Cpu {
        self.sched.cpu(cpu)
    }

    /// The thread that is current on this CPU.
    pub fn current(&self, cpu: CpuId) -> Option<ThreadId> {
        self.cpu(cpu).current
    }

    /// This CPU waited this time for the kernel. It is charged to no thread, since the CPU that
    /// held the kernel decides how long it is.
    pub fn waited(&mut self, cpu: CpuId, ticks: u64) {
        self.sched.cpu_mut(cpu).clock.skip(ticks);
    }

    /// The thread's saved registers.
    pub fn frame(&self, thread: ThreadId) -> &M::Frame {
        &self.objects.threads[thread].frame
    }

    /// The status with which the first program ended, as long as it can be told.
    pub fn first_program_status(&self) -> Option<u64> {
        let mut all = self.objects.processes.ids().map(|id| &self.objects.processes[id]);
        let first = all.find(|process| process.pid == FIRST_PID)?;
        (first.life != Life::Alive).then_some(first.status)
    }
}
