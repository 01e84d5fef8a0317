//! Who runs: ready, preempted, next.

use super::RunQueue;
use super::debt::MOST_SKIPPED;
use super::queue::goes_before;
use crate::exit::{Context, Work};
use crate::kernel::{Cpu, Kernel};
use crate::machine::{CpuId, Machine};
use crate::object::{Life, Process, State, Thread, ThreadId};
use abi::DebugRegisters;

/// How long a thread, or threads of one share, run before others of their priority do.
pub(crate) const SLICE_NS: u64 = 10_000_000;
/// Threads of another CPU that one without work looks at.
const PULL_LOOKS: usize = 8;

/// Whether nothing keeps the thread from running once it is ready.
#[inline(always)]
fn may_run<F, T>(thread: &Thread<F>, process: &Process<T>) -> bool {
    // Nearly always nothing does: one branch is shorter than four.
    !(thread.dead | thread.suspended | process.suspended | (process.life != Life::Alive))
}

/// Whether a thread that is in no queue would be the one to run on this CPU, where it may, as
/// soon as it is ready and the current one waits: all that are ready are less urgent.
#[inline(always)]
pub(crate) fn takes_over<F, T>(cpu: &Cpu, thread: &Thread<F>, process: &Process<T>) -> bool {
    cpu.queue.all_below(thread.priority) && may_run(thread, process)
}

/// Whether the thread may run on this CPU.
#[inline(always)]
fn allows<F>(thread: &Thread<F>, cpu: CpuId) -> bool {
    thread.affinity.wrapping_shr(u32::from(cpu.0)) & 1 != 0
}

impl<M: Machine> Kernel<M> {
    /// Whether the thread may run: ready, not suspended, its process alive.
    pub(crate) fn runnable(&self, id: ThreadId) -> bool {
        let thread = &self.threads[id];
        let ready = thread.state == State::Ready && thread.has_time();
        ready && may_run(thread, &self.processes[thread.process])
    }

    /// The thread has what it waited for.
    pub(crate) fn ready(&mut self, id: ThreadId) {
        self.threads[id].state = State::Ready;
        self.enqueue(id);
    }

    /// Whether the thread may run on this CPU.
    pub(crate) fn allowed(&self, id: ThreadId, cpu: CpuId) -> bool {
        allows(&self.threads[id], cpu)
    }

    /// All CPUs that there are, one bit each.
    pub(crate) fn all_cpus(&self) -> u64 {
        u64::MAX >> (u64::BITS as usize - self.cpus.len().min(64))
    }

    /// Sets where the thread may run; it moves when it is elsewhere, even while it waits: so
    /// the CPU where it was last is one where it may run, or the thread has work to move.
    pub(crate) fn set_affinity(&mut self, id: ThreadId, mask: u64) {
        self.threads[id].affinity = mask & self.all_cpus();
        if self.allowed(id, self.threads[id].cpu) {
            return;
        }
        if self.on_cpu(id) {
            self.set_thread_work(id, Work::Migrate);
        } else if self.threads[id].queued {
            self.dequeue(id);
            self.enqueue(id);
        } else {
            self.threads[id].cpu = self.place_for(id);
        }
    }

    /// Gives the thread debug registers, or takes them away.
    pub(crate) fn set_debug(&mut self, id: ThreadId, registers: Option<DebugRegisters>) {
        self.threads[id].debug = registers;
        match registers {
            Some(_) => self.set_thread_work(id, Work::Debug),
            None => self.threads[id].work.0 &= !Work::Debug.flag(),
        }
    }

    /// Whether a CPU runs the thread, or still has it in its registers.
    #[inline(always)]
    pub(crate) fn on_cpu(&self, id: ThreadId) -> bool {
        self.cpu(self.threads[id].cpu).current == Some(id)
    }

    /// Puts a runnable thread where the scheduler finds it.
    pub(crate) fn enqueue(&mut self, id: ThreadId) {
        if !self.runnable(id) || self.threads[id].queued {
            return;
        }
        if self.threads[id].context.is_some() && !self.renew_budget(id) {
            return;
        }
        if !self.on_cpu(id) {
            let cpu = self.place_for(id);
            self.put_in_queue(cpu, id);
            self.look_at_slice_timer(cpu);
        }
        let cpu = self.threads[id].cpu;
        if self.preempts(id, cpu) {
            self.set_cpu_work(cpu, Work::Reschedule);
        }
    }

    /// Puts a thread in the queue of this CPU, at the place that it has among its like.
    #[inline(always)]
    fn put_in_queue(&mut self, cpu: CpuId, id: ThreadId) {
        let thread = &mut self.threads[id];
        thread.cpu = cpu;
        thread.slice = 0;
        let reserved = thread.context.is_some();
        let queue = &mut self.cpus[usize::from(cpu.0)].queue;
        let first = !queue.has(thread.priority);
        if reserved || !queue.add_alone(id, thread) {
            let in_turn = self.share_has_turn(cpu, id);
            self.queue(cpu, |queue, threads| queue.add(threads, id, in_turn));
        }
        // Another CPU must hear of the first peer of its thread, to end that one's slice.
        if first && cpu != self.here() {
            self.set_cpu_work(cpu, Work::Reschedule);
        }
    }

    /// Whether threads of the same share and priority have their turn on this CPU: one runs, or
    /// the first has the rest of a slice.
    fn share_has_turn(&self, cpu: CpuId, id: ThreadId) -> bool {
        let me = &self.threads[id];
        let same = |other: &ThreadId| {
            let other = &self.threads[*other];
            (other.share, other.priority) == (me.share, me.priority) && other.context.is_none()
        };
        let cpu = self.cpu(cpu);
        let begun = |other: &ThreadId| self.threads[*other].slice > 0;
        let first = cpu.queue.first(me.priority).filter(begun);
        cpu.current.into_iter().chain(first).any(|other| same(&other))
    }

    /// Whether the thread should run now in place of the one that this CPU runs.
    fn preempts(&self, id: ThreadId, cpu: CpuId) -> bool {
        self.cpu(cpu).current.is_none_or(|current| {
            let (new, old) = (&self.threads[id], &self.threads[current]);
            let over = old.slice == 0 && old.context.is_none();
            new.priority > old.priority
                || (new.priority == old.priority && (over || goes_before(new, old)))
        })
    }

    /// The CPU for a thread that became ready: where it was last, when it would run there
    /// at once; else, on a context, any where it would; else a halted one; else where it was,
    /// if it still may.
    fn place_for(&self, id: ThreadId) -> CpuId {
        let mut home = self.threads[id].cpu;
        if self.cpus.len() == 1 {
            return home;
        }
        if self.threads[id].context.is_some() {
            home = self.place_at_once(id).unwrap_or(home);
        }
        let at_home = self.allowed(id, home);
        let lowest = |mask: u64| CpuId(u16::from(mask.trailing_zeros().to_le_bytes()[0]));
        match self.idle & self.threads[id].affinity {
            halted if halted != 0 && !(at_home && self.preempts(id, home)) => lowest(halted),
            _ if at_home => home,
            // NOFAIL: an affinity names at least one CPU that exists.
            _ => lowest(self.threads[id].affinity),
        }
    }

    /// `me` made another thread ready, and perhaps waits itself now: when it does and
    /// nobody more urgent is ready, the other one runs at once, past queue and loop, on
    /// this CPU wherever it was before. With `me`'s time, lent or given back, it does also when
    /// others are as urgent: it goes on with the turn.
    #[inline(always)]
    pub(crate) fn hand_over(&mut self, me: ThreadId, other: ThreadId, gives_back: bool) {
        let cpu = self.threads[me].cpu;
        let waits = self.threads[me].state != State::Ready && self.cpu(cpu).current == Some(me);
        let ready = self.threads[other].state == State::Ready && !self.threads[other].queued;
        if self.threads[other].context.is_some() {
            self.renew_budget(other);
        }
        if waits && ready && self.runs_at_once(cpu, me, other, gives_back) {
            self.settle(cpu);
            self.switch(cpu, me, other);
            self.look_at_slice_timer(cpu);
        } else {
            self.enqueue(other);
            self.give_way(me);
        }
    }

    /// `me` goes on, and made another thread ready: a more urgent one runs at once, past
    /// the loop, and one that is not waits for its turn.
    #[inline(always)]
    pub(crate) fn let_run(&mut self, me: ThreadId, other: ThreadId) {
        let (from, to) = self.threads.pair_mut(me, other);
        let cpu = from.cpu;
        let state = &mut self.cpus[usize::from(cpu.0)];
        let simple = state.current == Some(me)
            && !(from.timed | to.timed | to.queued)
            && allows(to, cpu)
            && may_run(to, &self.processes[to.process]);
        if !(simple && to.priority > from.priority && state.queue.all_below(to.priority)) {
            // No halted CPU is there for it, and the turn of `me` is not over.
            let stays = to.cpu == cpu && self.idle & to.affinity == 0 && from.slice > 0;
            let waits = simple && stays && to.priority <= from.priority;
            if !(waits && state.queue.add_alone(other, to)) {
                return self.enqueue(other);
            }
            to.slice = 0;
            if to.priority == from.priority {
                self.look_at_slice_timer(cpu);
            }
            return;
        }
        let debt = from.spend(state.clock.take_unsettled());
        to.cpu = cpu;
        to.begin_slice(self.slice);
        // Nobody of its priority waits, so no timer is to end its slice.
        state.current = Some(other);
        self.stats.switches = self.stats.switches.wrapping_add(1);
        let runnable = may_run(from, &self.processes[from.process]);
        let goes_on = runnable && allows(from, cpu);
        if !(goes_on && state.queue.add_alone(me, from)) {
            self.set_aside(cpu, me, runnable);
        }
        if let Some((client, owed)) = debt {
            self.owe(me, client, owed);
        }
    }

    /// A CPU where a thread on a context would run at once.
    fn place_at_once(&self, id: ThreadId) -> Option<CpuId> {
        let home = self.threads[id].cpu;
        let mut all = core::iter::once(home).chain(self.cpu_ids());
        all.find(|cpu| self.allowed(id, *cpu) && self.preempts(id, *cpu))
    }

    /// A thread on a context that had to make room may find it on another CPU.
    fn find_place(&mut self, id: Option<ThreadId>) {
        let Some(id) = id.filter(|id| self.threads.get(*id).is_some_and(|thread| thread.queued))
        else {
            return;
        };
        if self.threads[id].context.is_some() && self.place_at_once(id).is_some() {
            self.dequeue(id);
            self.enqueue(id);
        }
    }

    fn runs_at_once(&self, cpu: CpuId, me: ThreadId, id: ThreadId, gives_back: bool) -> bool {
        let thread = &self.threads[id];
        let process = &self.processes[thread.process];
        let first = takes_over(self.cpu(cpu), thread, process) && self.allowed(id, cpu)
            || ((gives_back || thread.donor == Some(me)) && self.goes_on(cpu, id));
        first && thread.has_time() && !self.on_cpu(id)
    }

    /// Whether the thread may go on here with a turn that others of its priority wait for.
    fn goes_on(&self, cpu: CpuId, id: ThreadId) -> bool {
        let urgent = self.cpu(cpu).queue.highest();
        let first = urgent.is_none_or(|urgent| urgent <= self.threads[id].priority);
        first && self.allowed(id, cpu) && self.runnable(id)
    }

    /// The current thread waits now; the other one, ready and in no queue, runs in its place.
    /// What this entry cost from here on is the other one's, on whose behalf it goes on.
    #[inline(always)]
    pub(crate) fn switch(&mut self, cpu: CpuId, me: ThreadId, other: ThreadId) {
        if self.cpu(cpu).queue.has(self.threads[me].priority) {
            self.leave_slice(cpu, me);
        }
        self.make_current(cpu, other);
    }

    #[inline(always)]
    fn make_current(&mut self, cpu: CpuId, other: ThreadId) {
        let slice = self.slice;
        let thread = &mut self.threads[other];
        thread.cpu = cpu;
        thread.begin_slice(slice);
        self.cpu_mut(cpu).current = Some(other);
        self.stats.switches = self.stats.switches.wrapping_add(1);
    }

    /// Takes a thread out of its run queue, if it is in one.
    pub(crate) fn dequeue(&mut self, id: ThreadId) {
        if self.threads[id].queued {
            let cpu = self.threads[id].cpu;
            self.queue(cpu, |queue, threads| queue.remove(threads, id));
            self.look_at_slice_timer(cpu);
        }
    }

    /// The thread must not run on: whoever is current by right is found at the next turn.
    pub(crate) fn reconsider(&mut self, id: ThreadId) {
        let cpu = self.threads[id].cpu;
        if self.cpu(cpu).current == Some(id) {
            self.set_cpu_work(cpu, Work::Reschedule);
        }
    }

    /// The current thread, when it waits now, is not the one to run: the next one is, past
    /// the loop.
    #[inline(always)]
    pub(crate) fn give_way(&mut self, id: ThreadId) {
        let thread = &self.threads[id];
        let (waits, cpu) = (thread.state != State::Ready, thread.cpu);
        if waits && self.cpu(cpu).current == Some(id) && !self.goes_to_the_one(cpu, id) {
            self.settle(cpu);
            self.choose(cpu);
        }
    }

    /// The current thread waits now, and one other is ready, or one is more urgent than all
    /// others: it is next, as [`Kernel::choose`] would find. False when it is not so simple.
    #[inline(always)]
    fn goes_to_the_one(&mut self, cpu: CpuId, me: ThreadId) -> bool {
        let state = &mut self.cpus[usize::from(cpu.0)];
        let Some(next) = state.queue.most_urgent_one() else { return false };
        let (from, to) = self.threads.pair_mut(me, next);
        // A turn that nobody else waits for is not skipped, whatever is owed.
        if from.context.is_some() || !may_run(to, &self.processes[to.process]) {
            return false;
        }
        let debt = from.spend(state.clock.take_unsettled());
        state.queue.take_alone(to);
        let left = core::mem::take(&mut from.slice);
        if (to.share, to.priority) == (from.share, from.priority) {
            to.slice = to.slice.max(left);
        }
        to.begin_slice(self.slice);
        // Nobody of its priority waits any more, so no timer is to end its slice.
        state.current = Some(next);
        self.stats.switches = self.stats.switches.wrapping_add(1);
        if let Some((client, owed)) = debt {
            self.owe(me, client, owed);
        }
        self.find_reaper();
        true
    }

    /// The current thread lets others of its priority run.
    pub(crate) fn yield_now(&mut self, id: ThreadId) {
        let cpu = self.threads[id].cpu;
        self.settle(cpu);
        self.threads[id].slice = 0;
        self.choose(cpu);
    }

    /// Asks for another turn when the thread's slice is over and others wait.
    pub(crate) fn check_slice(&mut self, cpu: CpuId, id: ThreadId) {
        let thread = &self.threads[id];
        if thread.slice == 0 && self.cpu(cpu).queue.has(thread.priority) {
            self.set_cpu_work(cpu, Work::Reschedule);
        }
    }

    /// Makes the most urgent runnable thread current.
    pub(crate) fn schedule(&mut self, cpu: CpuId) {
        self.account(cpu, Context::Kernel);
        self.choose(cpu);
    }

    /// The same, when the current thread's time is settled.
    fn choose(&mut self, cpu: CpuId) {
        let current = self.cpu(cpu).current;
        if let Some(id) = current {
            if self.changes_places(cpu, id) {
                return self.find_reaper();
            }
            let runnable = self.runnable(id);
            if runnable && self.keeps(cpu, id) {
                return self.look_at_slice_timer(cpu);
            }
            self.cpu_mut(cpu).current = None;
            self.set_aside(cpu, id, runnable);
        }
        let next = self.take_next(cpu).or_else(|| self.pull(cpu));
        self.cpu_mut(cpu).current = next;
        if next != current {
            self.stats.switches += 1;
            if self.cpus.len() > 1 {
                self.find_place(current);
            }
        }
        self.look_at_slice_timer(cpu);
        self.find_reaper();
    }

    /// The current thread's turn is over, and one other takes turns with it: that is next, as
    /// [`Kernel::take_next`] would find. False when it is not so simple.
    #[inline(always)]
    fn changes_places(&mut self, cpu: CpuId, me: ThreadId) -> bool {
        let state = &mut self.cpus[usize::from(cpu.0)];
        let Some(next) = state.queue.most_urgent_one() else { return false };
        let (from, to) = self.threads.pair_mut(me, next);
        let turns = from.slice == 0 && from.priority == to.priority;
        if !turns || from.timed | to.timed || !allows(from, cpu) {
            return false;
        }
        let process = &self.processes[to.process];
        let in_debt = to.debt | self.processes.get(to.share).map_or(0, |share| share.debt) != 0;
        if in_debt || !may_run(to, process) || !may_run(from, &self.processes[from.process]) {
            return false;
        }
        state.queue.take_alone(to);
        let _alone = state.queue.add_alone(me, from);
        to.begin_slice(self.slice);
        state.current = Some(next);
        self.stats.switches = self.stats.switches.wrapping_add(1);
        self.look_at_slice_timer(cpu);
        true
    }

    /// The most urgent of the threads that wait for this CPU. A turn that is owed is skipped.
    fn take_next(&mut self, cpu: CpuId) -> Option<ThreadId> {
        let mut skipped = 0;
        loop {
            let id = self.queue(cpu, |queue, threads| queue.take(threads))?;
            if !self.runnable(id) {
                continue;
            }
            let thread = &self.threads[id];
            if thread.slice > 0 || thread.context.is_some() || self.begin_turn(cpu, id) {
                return Some(id);
            }
            if skipped == MOST_SKIPPED {
                self.threads[id].slice = self.slice;
                return Some(id);
            }
            skipped += 1;
            self.queue(cpu, |queue, threads| queue.add_after_turn(threads, id));
        }
    }

    /// Nobody waits for this CPU: the most urgent thread that waits for another one and
    /// may run here.
    fn pull(&mut self, cpu: CpuId) -> Option<ThreadId> {
        let mut best: Option<ThreadId> = None;
        for other in 0..self.cpus.len() {
            if other == usize::from(cpu.0) {
                continue;
            }
            let mut waiting = self.cpus[other].queue.urgent_first(&self.threads).take(PULL_LOOKS);
            let found = waiting.find(|id| self.allowed(*id, cpu) && self.runnable(*id));
            let priority = |id: ThreadId| self.threads[id].priority;
            if found.map(priority) > best.map(priority) {
                best = found;
            }
        }
        let id = best?;
        self.dequeue(id);
        self.threads[id].cpu = cpu;
        self.threads[id].slice = self.slice;
        Some(id)
    }

    /// Whether the current thread stays: nobody more urgent, slice not over.
    fn keeps(&mut self, cpu: CpuId, id: ThreadId) -> bool {
        let thread = &self.threads[id];
        if !allows(thread, cpu) {
            return false;
        }
        let (priority, slice) = (thread.priority, thread.slice);
        let queue = &self.cpu(cpu).queue;
        match queue.highest() {
            Some(highest) if highest > priority => false,
            Some(highest) if highest == priority => {
                (slice > 0 || thread.context.is_some()) && {
                    let first = queue.first_reserved(&self.threads, priority);
                    first.is_none_or(|first| !goes_before(&self.threads[first], thread))
                }
            }
            _ => {
                if slice == 0 {
                    self.threads[id].slice = self.slice;
                }
                true
            }
        }
    }

    /// A preempted thread keeps its place and its slice; one whose slice is over goes last,
    /// with its share; one that waits leaves the rest to its share.
    fn set_aside(&mut self, cpu: CpuId, id: ThreadId, runnable: bool) {
        if !runnable {
            self.leave_slice(cpu, id);
        } else if !self.allowed(id, cpu) {
            self.enqueue(id);
        } else if self.threads[id].slice > 0 {
            self.queue(cpu, |queue, threads| queue.add_first(threads, id));
        } else {
            self.queue(cpu, |queue, threads| queue.add_after_turn(threads, id));
        }
    }

    /// The rest of the thread's slice is for the next one, if that is of its share.
    pub(crate) fn leave_slice(&mut self, cpu: CpuId, id: ThreadId) {
        let thread = &mut self.threads[id];
        if thread.context.is_some() {
            return;
        }
        let (share, left) = (thread.share, core::mem::take(&mut thread.slice));
        let next = self.cpus[usize::from(cpu.0)].queue.first(thread.priority);
        if let Some(next) = next.filter(|next| self.threads[*next].share == share) {
            let slice = &mut self.threads[next].slice;
            *slice = (*slice).max(left);
        }
    }

    /// The CPU that this code runs on.
    pub(crate) fn here(&self) -> CpuId {
        self.machine.this_cpu()
    }

    /// Changes a run queue. Afterwards somebody must look at the timer of the slice.
    #[inline(always)]
    fn queue<R>(
        &mut self,
        cpu: CpuId,
        change: impl FnOnce(&mut RunQueue, &mut crate::object::Threads<M::Frame>) -> R,
    ) -> R {
        change(&mut self.cpus[usize::from(cpu.0)].queue, &mut self.threads)
    }
}
