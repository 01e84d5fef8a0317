//! Vector registers, floating point among them: kept for the threads that use them.
//!
//! **Shape.** A thread that never uses them has nothing. Its first use enters the core at
//! [`Kernel::vector_used`], which gives it a frame for its state, paid for by its process.
//! From then on the state is in one of two places:
//!
//! ```text
//!            vector load (last entry)
//! in memory ───────────────────────▶ live: in the registers of the CPU that runs it
//!           ◀───────────────────────
//!            vector save (last entry, or before the lock is released)
//! ```
//! In memory: the thread's flag `vector load` is set. Live: the registers are unlocked, and
//! the CPU's flag `vector save` is set. A CPU whose registers are locked and a thread that
//! has no state set neither, so the exit reads one zero word, as if there were no vectors.
//!
//! A save leaves the registers as they are and records their owner (`vector_owner`): when the
//! same thread runs next, they are only unlocked.
//!
//! **Order.** Whenever another CPU can take the kernel lock, the state of a thread that is not
//! current is in memory: a pass after which it is not runs the entry `vector save` at its end. So
//! a thread migrates without an IPI to its former CPU.

use crate::cpu::Scheduler;
use crate::kernel::Kernel;
use crate::machine::{CpuId, Machine};
use crate::mem::Memory;
use crate::object::{Fault, ThreadId, VectorState};
use crate::work::Work;
use abi::FaultKind;
use core::sync::atomic::Ordering;

impl<M: Machine> Kernel<M> {
    /// Handles the current thread's first use of the registers, while they were locked. Without
    /// memory or quota for the state it is a fault, which may be repaired and resumed.
    pub fn vector_used(&mut self, cpu: CpuId) {
        let Some(id) = self.cpu(cpu).current else { return };
        if !self.objects.runnable(id) {
            // Another CPU killed or stopped it: it leaves, and a frame that it got now would
            // never be freed.
            return;
        }
        if self.objects.threads[id].registers.vector.is_some() {
            // They are unlocked for it already: a retry would fault again.
            let kind = FaultKind::IllegalInstruction;
            return self.sched().raise(id, &Fault { kind, code: 0, address: 0 }, None);
        }
        let quota = self.objects.processes[self.objects.threads[id].process].accounts.quota;
        let (frames, quotas) = (&mut self.frames, &mut self.objects.quotas);
        match Memory::take_frame(frames, quotas, &mut self.machine, quota) {
            Some(frame) => {
                self.machine.vector_prepare(frame.phys());
                self.objects.threads[id].registers.vector = Some(VectorState { frame, cpu: None });
                self.sched().set_thread_work(id, Work::VectorLoad);
            }
            None => {
                let kind = FaultKind::NoMemory;
                self.sched().raise(id, &Fault { kind, code: 0, address: 0 }, None);
            }
        }
    }

    /// The entry `vector save`: the registers stay the current thread's, or go to memory.
    pub(crate) fn vector_settle(&mut self, cpu: CpuId) {
        let Some(owner) = self.cpu(cpu).vector_owner else { return self.vector_lock(cpu) };
        if self.cpu(cpu).current == Some(owner) {
            return self.check_vector(cpu, owner);
        }
        if let Some(state) = &self.objects.threads[owner].registers.vector {
            self.machine.vector_save(state.frame.phys());
            self.objects.threads[owner].work.0 |= Work::VectorLoad.flag();
            self.stats.vector_saves += 1;
        }
        self.vector_lock(cpu);
    }

    /// The entry `vector load`: the current thread gets the registers, with its state.
    pub(crate) fn vector_load(&mut self, cpu: CpuId) {
        self.sched.clear_work(&mut self.objects.threads, cpu, Work::VectorLoad);
        let Some(id) = self.cpu(cpu).current else { return };
        let Some(state) = &self.objects.threads[id].registers.vector else { return };
        let (place, last) = (state.frame.phys(), state.cpu);
        if self.cpu(cpu).vector_owner == Some(id) {
            self.machine.vector_unlock();
            self.stats.vector_kept += 1;
        } else {
            self.sched.disown(id, last);
            self.machine.vector_load(place);
            self.sched.cpu_mut(cpu).vector_owner = Some(id);
            if let Some(state) = &mut self.objects.threads[id].registers.vector {
                state.cpu = Some(cpu);
            }
            self.stats.vector_loads += 1;
        }
        self.cpu(cpu).work.fetch_or(Work::VectorSave.flag(), Ordering::Relaxed);
        self.check_vector(cpu, id);
    }

    /// Frees the frame of a thread that dies; what is in the registers has no owner then.
    pub(crate) fn drop_vector(&mut self, id: ThreadId) {
        let Some(state) = self.objects.threads[id].registers.vector.take() else { return };
        self.sched.disown(id, state.cpu);
        let quota = self.objects.processes[self.objects.threads[id].process].accounts.quota;
        Memory::<M>::free_frame(&mut self.frames, &mut self.objects.quotas, quota, state.frame);
    }

    /// Locks the registers: the next use enters the kernel.
    fn vector_lock(&mut self, cpu: CpuId) {
        self.sched.clear_work(&mut self.objects.threads, cpu, Work::VectorSave);
        if !self.machine.vector_lock() {
            self.sched.cpu_mut(cpu).vector_owner = None;
        }
    }

    /// What is live belongs to the thread that runs next, and was loaded here.
    fn check_vector(&self, cpu: CpuId, id: ThreadId) {
        let here = self.objects.threads[id].registers.vector.as_ref().and_then(|state| state.cpu)
            == Some(cpu);
        let owned = self.cpu(cpu).vector_owner == Some(id) && self.cpu(cpu).current == Some(id);
        assert!(here && owned, "vector registers of {cpu:?} do not belong to {id:?}");
    }
}

impl Scheduler {
    /// Whether the registers are live with the state of a thread that is not current: it
    /// must go to memory before another CPU can take the kernel.
    // Out of line: inlined it made every exit an instruction longer.
    #[inline(never)]
    pub(crate) fn vector_stranded(&self, cpu: CpuId) -> bool {
        let cpu = self.cpu(cpu);
        let live = cpu.work.load(Ordering::Relaxed) & Work::VectorSave.flag() != 0;
        live && cpu.vector_owner != cpu.current
    }

    /// Disowns what the CPU that loaded the state last still has of it.
    fn disown(&mut self, id: ThreadId, last: Option<CpuId>) {
        if let Some(last) = last
            && self.cpu(last).vector_owner == Some(id)
        {
            self.cpu_mut(last).vector_owner = None;
        }
    }
}
