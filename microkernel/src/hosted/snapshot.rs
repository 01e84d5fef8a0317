//! Copying a whole kernel, and telling two apart: what a checker of interleavings needs.

use super::Hosted;
use crate::cpu::{Cpu, SHARED_ITERATIONS, Scheduler};
use crate::kernel::Kernel;
use crate::object::Objects;
use crate::trace::Stats;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU32, Ordering};

impl Clone for Cpu {
    fn clone(&self) -> Self {
        Self {
            work: AtomicU32::new(self.work.load(Ordering::Relaxed)),
            queue: self.queue.clone(),
            ..*self
        }
    }
}

impl Clone for Objects<Hosted> {
    fn clone(&self) -> Self {
        Self {
            threads: self.threads.clone(),
            processes: self.processes.clone(),
            endpoints: self.endpoints.clone(),
            notifications: self.notifications.clone(),
            memories: self.memories.clone(),
            regions: self.regions.clone(),
            timers: self.timers.clone(),
            lifelines: self.lifelines.clone(),
            irqs: self.irqs.clone(),
            io_spaces: self.io_spaces.clone(),
            messages: self.messages.clone(),
            ports: self.ports.clone(),
            sched_contexts: self.sched_contexts.clone(),
            quotas: self.quotas.clone(),
            chunks: self.chunks.clone(),
            ..*self
        }
    }
}

impl Clone for Scheduler {
    fn clone(&self) -> Self {
        Self { cpus: self.cpus.clone(), deadlines: self.deadlines.clone(), ..*self }
    }
}

impl Clone for Kernel<Hosted> {
    fn clone(&self) -> Self {
        Self {
            machine: self.machine.clone(),
            objects: self.objects.clone(),
            frames: self.frames.clone(),
            sched: self.sched.clone(),
            trace: self.trace.clone(),
            ..*self
        }
    }
}

impl Kernel<Hosted> {
    /// Sets everything to zero that is only ever counted: it does not make two kernels behave
    /// differently.
    pub fn forget_counts(&mut self) {
        self.stats = Stats::default();
        self.checks.longest_turn_ns = 0;
        self.checks.holds.forget();
        self.machine.log.clear();
        self.sched().settle_all();
        for cpu in &mut self.sched.cpus {
            cpu.work_counts.fill(0);
            cpu.turns.fill(0);
            cpu.interrupts = 0;
            cpu.switches = 0;
            cpu.clock.forget_times();
        }
        let threads: Vec<_> = self.objects.threads.ids().collect();
        for id in threads {
            let thread = &mut self.objects.threads[id];
            thread.sched.debt = 0;
            #[cfg(test)]
            {
                thread.user = 0;
            }
            thread.sched.serving = None;
        }
        let contexts: Vec<_> = self.objects.sched_contexts.ids().collect();
        for id in contexts {
            let context = &mut self.objects.sched_contexts[id];
            (context.used, context.exhaustions) = (0, 0);
        }
        let irqs: Vec<_> = self.objects.irqs.ids().collect();
        for id in irqs {
            let irq = &mut self.objects.irqs[id];
            (irq.count, irq.acknowledged) = (0, 0);
        }
        let processes: Vec<_> = self.objects.processes.ids().collect();
        for id in processes {
            let process = &mut self.objects.processes[id];
            (process.sched.user, process.sched.kernel, process.ipc.receives) = (0, 0, 0);
            process.sched.debt = 0;
        }
    }

    /// A number that is the same for two kernels that behave alike, and for practical
    /// purposes for no others. Call [`Kernel::forget_counts`] before.
    pub fn digest(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.hash(&mut hasher);
        hasher.finish()
    }
}

// Fields are named one by one, so that a new one has to be thought about.
impl Hash for Objects<Hosted> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Self {
            threads,
            thread_frames: _,
            processes,
            endpoints,
            notifications,
            memories,
            regions,
            timers,
            lifelines,
            irqs,
            io_spaces,
            messages,
            ports,
            sched_contexts,
            quotas,
            chunks,
            pids,
            growth_payer: _,
            lines,
            dying,
            ended_endpoints,
            ended_notifications,
            abandoned_calls,
            handle_count,
            living: _,
        } = self;
        (threads, processes, endpoints, notifications).hash(state);
        (memories, regions, timers, lifelines, irqs, ports, quotas, chunks).hash(state);
        (sched_contexts, lines, dying, abandoned_calls).hash(state);
        (io_spaces, messages).hash(state);
        (ended_endpoints, ended_notifications, pids, handle_count).hash(state);
    }
}

impl Hash for Scheduler {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Self { cpus, deadlines, slice: _, shared_iterations, idle, keeper } = self;
        (deadlines, idle, keeper).hash(state);
        for cpu in cpus {
            let Cpu { context, current, queue, work, clock, timer_ns, slice_end, ipis, .. } = cpu;
            work.load(Ordering::Relaxed).hash(state);
            (context, current, queue, clock.since, timer_ns, slice_end, ipis).hash(state);
            (cpu.debug, cpu.depth, cpu.vector_owner).hash(state);
            (cpu.postponed, cpu.resume_ns).hash(state);
            // No scene takes as many turns as there usually are.
            let counts = *shared_iterations < SHARED_ITERATIONS;
            counts.then_some(cpu.exit_iterations.min(*shared_iterations)).hash(state);
            // The rest is counted: `forget_counts` names it.
        }
    }
}

impl Hash for Kernel<Hosted> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Self { machine, objects, frames, sched, stats: _, trace, checks, shutdown } = self;
        (machine, objects, frames, sched, trace, checks.violations, shutdown).hash(state);
    }
}
