//! Copying a whole kernel, and telling two apart: what a checker of interleavings needs.

use super::Hosted;
use crate::exit::SHARED_TURNS;
use crate::kernel::{Cpu, Kernel, Stats};
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

impl Clone for Kernel<Hosted> {
    fn clone(&self) -> Self {
        Self {
            machine: self.machine.clone(),
            cpus: self.cpus.clone(),
            threads: self.threads.clone(),
            processes: self.processes.clone(),
            endpoints: self.endpoints.clone(),
            notifications: self.notifications.clone(),
            memories: self.memories.clone(),
            regions: self.regions.clone(),
            timers: self.timers.clone(),
            lifelines: self.lifelines.clone(),
            irqs: self.irqs.clone(),
            ports: self.ports.clone(),
            sched_contexts: self.sched_contexts.clone(),
            quotas: self.quotas.clone(),
            chunks: self.chunks.clone(),
            frames: self.frames.clone(),
            deadlines: self.deadlines.clone(),
            trace: self.trace.clone(),
            ..*self
        }
    }
}

impl Kernel<Hosted> {
    /// Sets everything to zero that is only ever counted: it does not make two kernels behave
    /// differently.
    pub fn forget_counts(&mut self) {
        self.stats =
            Stats { handles: self.stats.handles, living: self.stats.living, ..Stats::default() };
        self.checks.longest_turn_ns = 0;
        self.checks.holds.forget();
        self.machine.log.clear();
        for cpu in self.cpu_ids() {
            self.settle(cpu);
        }
        for cpu in &mut self.cpus {
            cpu.work_counts.fill(0);
            cpu.turns.fill(0);
            cpu.interrupts = 0;
            cpu.clock.forget_times();
        }
        let threads: Vec<_> = self.threads.ids().collect();
        for id in threads {
            let thread = &mut self.threads[id];
            thread.debt = 0;
            #[cfg(test)]
            {
                thread.user = 0;
            }
            thread.serving = None;
        }
        let contexts: Vec<_> = self.sched_contexts.ids().collect();
        for id in contexts {
            let context = &mut self.sched_contexts[id];
            (context.used, context.exhaustions) = (0, 0);
        }
        let processes: Vec<_> = self.processes.ids().collect();
        for id in processes {
            let process = &mut self.processes[id];
            (process.user, process.kernel, process.receives) = (0, 0, 0);
            process.debt = 0;
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

impl Hash for Kernel<Hosted> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // Named one by one, so that a new field has to be thought about.
        let Self {
            machine,
            cpus,
            threads,
            processes,
            endpoints,
            notifications,
            memories,
            regions,
            timers,
            lifelines,
            irqs,
            ports,
            sched_contexts,
            quotas,
            chunks,
            frames,
            deadlines,
            trace,
            checks,
            slice: _,
            shared_turns,
            room_payer: _,
            lines,
            idle,
            stale_timers,
            keeper,
            dying,
            ended_endpoints,
            ended_notifications,
            untold,
            pids,
            stats,
            shutdown,
        } = self;
        (machine, threads, processes, endpoints, notifications).hash(state);
        (memories, regions, timers, lifelines, irqs, ports, quotas, chunks).hash(state);
        sched_contexts.hash(state);
        (frames, deadlines, trace, lines, idle, stale_timers, keeper, dying, untold).hash(state);
        (ended_endpoints, ended_notifications).hash(state);
        (pids, shutdown, stats.handles, checks.violations).hash(state);
        for cpu in cpus {
            let Cpu { context, current, queue, work, clock, timer_ns, slice_end, kicks, .. } = cpu;
            work.load(Ordering::Relaxed).hash(state);
            (context, current, queue, clock.since, timer_ns, slice_end, kicks).hash(state);
            (cpu.debug, cpu.depth, cpu.vector_owner).hash(state);
            (cpu.postponed, cpu.resume_ns).hash(state);
            // No scene takes as many turns as there usually are.
            let counts = *shared_turns < SHARED_TURNS;
            counts.then_some(cpu.exit_turns.min(*shared_turns)).hash(state);
            // The rest is counted: `forget_counts` names it.
        }
    }
}
