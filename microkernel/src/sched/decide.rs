//! Which threads may run, and on which CPU a ready thread waits.

use super::Sched;
use crate::cpu::{Cpu, Scheduler, goes_before};
use crate::machine::{CpuId, Machine};
use crate::object::{Life, Objects, Process, State, Thread, ThreadId, Threads};
use crate::work::Work;
use abi::DebugRegisters;

/// Whether nothing keeps the thread from running once it is ready.
#[inline(always)]
pub(super) fn may_run<F, T>(thread: &Thread<F>, process: &Process<T>) -> bool {
    // Nearly always nothing does: one branch is shorter than four.
    !(thread.dead | thread.suspended | process.suspended | (process.life != Life::Alive))
}

/// Whether the thread, which is in no queue, would be picked next on this CPU if the current thread
/// blocked: all ready threads are of lower priority.
#[inline(always)]
pub(crate) fn takes_over<F, T>(cpu: &Cpu, thread: &Thread<F>, process: &Process<T>) -> bool {
    cpu.queue.all_below(thread.sched.priority) && may_run(thread, process)
}

impl<M: Machine> Sched<'_, M> {
    /// The thread has what it waited for.
    #[inline(always)]
    pub(crate) fn ready(&mut self, id: ThreadId) {
        self.objects.threads[id].state = State::Ready;
        self.rare().enqueue(id);
    }

    /// Sets where the thread may run; it moves when it is elsewhere, even while it waits: so
    /// the CPU where it was last is one where it may run, or the thread has work to move.
    pub(crate) fn set_affinity(&mut self, id: ThreadId, mask: u64) {
        self.objects.threads[id].sched.affinity = mask & self.sched.all_cpus();
        if self.objects.threads[id].sched.allows(self.objects.threads[id].sched.cpu) {
            return;
        }
        if self.sched.on_cpu(&self.objects.threads, id) {
            self.set_thread_work(id, Work::Migrate);
        } else if self.objects.threads[id].sched.queued {
            self.dequeue(id);
            self.enqueue(id);
        } else {
            self.objects.threads[id].sched.cpu = self.sched.place_for(&self.objects.threads, id);
        }
    }

    /// Gives the thread debug registers, or takes them away.
    pub(crate) fn set_debug(&mut self, id: ThreadId, registers: Option<DebugRegisters>) {
        self.objects.threads[id].registers.debug = registers;
        match registers {
            Some(_) => self.set_thread_work(id, Work::Debug),
            None => self.objects.threads[id].work.0 &= !Work::Debug.flag(),
        }
    }

    /// Puts a runnable thread where the scheduler finds it.
    pub(crate) fn enqueue(&mut self, id: ThreadId) {
        if !self.objects.runnable(id) || self.objects.threads[id].sched.queued {
            return;
        }
        if self.objects.threads[id].sched.context.is_some() && !self.renew_budget(id) {
            return;
        }
        if !self.sched.on_cpu(&self.objects.threads, id) {
            let cpu = self.sched.place_for(&self.objects.threads, id);
            self.put_in_queue(cpu, id);
            self.sched.update_slice_timer(&self.objects.threads, cpu);
        }
        let cpu = self.objects.threads[id].sched.cpu;
        if self.sched.preempts(&self.objects.threads, id, cpu) {
            self.set_cpu_work(cpu, Work::Reschedule);
        }
    }

    /// Puts a thread in the queue of this CPU, at the place that it has among its like.
    #[inline(always)]
    fn put_in_queue(&mut self, cpu: CpuId, id: ThreadId) {
        let thread = &mut self.objects.threads[id];
        thread.sched.cpu = cpu;
        thread.sched.slice = 0;
        let reserved = thread.sched.context.is_some();
        let queue = &mut self.sched.cpus[usize::from(cpu.0)].queue;
        let first = !queue.has(thread.sched.priority);
        if reserved || !queue.add_alone(id, thread) {
            let in_turn = self.sched.share_has_turn(&self.objects.threads, cpu, id);
            self.sched.cpu_mut(cpu).queue.add(&mut self.objects.threads, id, in_turn);
        }
        // Another CPU must hear of the first peer of its thread, to end that one's slice.
        if first && cpu != self.machine.this_cpu() {
            self.set_cpu_work(cpu, Work::Reschedule);
        }
    }

    /// A thread on a context that had to make room may find it on another CPU.
    pub(super) fn find_place(&mut self, id: Option<ThreadId>) {
        let Some(id) =
            id.filter(|id| self.objects.threads.get(*id).is_some_and(|thread| thread.sched.queued))
        else {
            return;
        };
        if self.objects.threads[id].sched.context.is_some()
            && self.sched.place_at_once(&self.objects.threads, id).is_some()
        {
            self.dequeue(id);
            self.enqueue(id);
        }
    }

    /// Takes a thread out of its run queue, if it is in one.
    pub(crate) fn dequeue(&mut self, id: ThreadId) {
        if self.objects.threads[id].sched.queued {
            let cpu = self.objects.threads[id].sched.cpu;
            self.sched.cpu_mut(cpu).queue.remove(&mut self.objects.threads, id);
            self.sched.update_slice_timer(&self.objects.threads, cpu);
        }
    }

    /// Another thread may have to run instead of this one: the next iteration of the exit loop picks.
    pub(crate) fn reconsider(&mut self, id: ThreadId) {
        let cpu = self.objects.threads[id].sched.cpu;
        if self.sched.cpu(cpu).current == Some(id) {
            self.set_cpu_work(cpu, Work::Reschedule);
        }
    }
}

impl<M: Machine> Objects<M> {
    /// Whether the thread may run: ready, not suspended, its process alive.
    pub(crate) fn runnable(&self, id: ThreadId) -> bool {
        let thread = &self.threads[id];
        let ready = thread.state == State::Ready && thread.has_time();
        ready && may_run(thread, &self.processes[thread.process])
    }
}

impl Scheduler {
    /// Whether threads of the same share and priority have their turn on this CPU: one runs, or
    /// the first has the rest of a slice.
    fn share_has_turn<F>(&self, threads: &Threads<F>, cpu: CpuId, id: ThreadId) -> bool {
        let me = &threads[id];
        let same = |other: &ThreadId| {
            let other = &threads[*other];
            (other.sched.share, other.sched.priority) == (me.sched.share, me.sched.priority)
                && other.sched.context.is_none()
        };
        let cpu = self.cpu(cpu);
        let begun = |other: &ThreadId| threads[*other].sched.slice > 0;
        let first = cpu.queue.first(me.sched.priority).filter(begun);
        cpu.current.into_iter().chain(first).any(|other| same(&other))
    }

    /// Whether the thread should run now in place of the one that this CPU runs.
    fn preempts<F>(&self, threads: &Threads<F>, id: ThreadId, cpu: CpuId) -> bool {
        self.cpu(cpu).current.is_none_or(|current| {
            let (new, old) = (&threads[id], &threads[current]);
            let over = old.sched.slice == 0 && old.sched.context.is_none();
            new.sched.priority > old.sched.priority
                || (new.sched.priority == old.sched.priority && (over || goes_before(new, old)))
        })
    }

    /// The CPU for a thread that became ready: where it was last, when it would run there
    /// at once; else, on a context, any where it would; else a halted one; else where it was,
    /// if it still may.
    fn place_for<F>(&self, threads: &Threads<F>, id: ThreadId) -> CpuId {
        let mut home = threads[id].sched.cpu;
        if self.cpus.len() == 1 {
            return home;
        }
        if threads[id].sched.context.is_some() {
            home = self.place_at_once(threads, id).unwrap_or(home);
        }
        let at_home = threads[id].sched.allows(home);
        let lowest = |mask: u64| CpuId(u16::from(mask.trailing_zeros().to_le_bytes()[0]));
        match self.idle & threads[id].sched.affinity {
            halted if halted != 0 && !(at_home && self.preempts(threads, id, home)) => {
                lowest(halted)
            }
            _ if at_home => home,
            // NOFAIL: an affinity names at least one CPU that exists.
            _ => lowest(threads[id].sched.affinity),
        }
    }

    /// A CPU where a thread on a context would run at once.
    fn place_at_once<F>(&self, threads: &Threads<F>, id: ThreadId) -> Option<CpuId> {
        let home = threads[id].sched.cpu;
        let mut all = core::iter::once(home).chain(self.cpu_ids());
        all.find(|cpu| threads[id].sched.allows(*cpu) && self.preempts(threads, id, *cpu))
    }

    /// Whether a CPU runs the thread, or still has it in its registers.
    #[inline(always)]
    pub(crate) fn on_cpu<F>(&self, threads: &Threads<F>, id: ThreadId) -> bool {
        self.cpu(threads[id].sched.cpu).current == Some(id)
    }

    /// All CPUs.
    pub(crate) fn cpu_ids(&self) -> impl Iterator<Item = CpuId> + use<> {
        (0..).take(self.cpus.len()).map(CpuId)
    }

    /// All CPUs that there are, one bit each.
    pub(crate) fn all_cpus(&self) -> u64 {
        u64::MAX >> (u64::BITS as usize - self.cpus.len().min(64))
    }
}
