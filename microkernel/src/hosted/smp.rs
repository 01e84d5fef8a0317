//! Drives the core on any number of CPUs, one atomic step at a time.
//!
//! One section under the kernel lock is one step: a call of [`Kernel::handle`], as the image makes
//! it, up to the next interrupt window or the way out. Which CPU makes the next step is the
//! caller's choice: a script, a random number, or a checker that tries them all.

use super::{Driver, Hosted, VECTOR_BYTES};
use crate::cpu::{Context, Cpu};
use crate::exit::{Entry, ExitAction, Next};
use crate::kernel::Kernel;
use crate::machine::{Access, CpuId, Interrupt};
use crate::object::{Fault, ThreadId};
#[cfg(test)]
use {
    crate::object::{By, State},
    abi::{Error, FaultReply, WORDS},
};

/// Where a CPU is between two steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// It runs this thread's program.
    User(ThreadId),
    /// It is halted.
    Idle,
    /// In the kernel between two turns, with interrupts on.
    Window,
    /// The machine ended with this code.
    Off(u8),
}

/// A kernel on a hosted machine, and where each of its CPUs is.
#[derive(Clone)]
pub struct Smp {
    /// The kernel.
    pub kernel: Kernel<Hosted>,
    /// Where each CPU is.
    pub places: Vec<Place>,
    /// The loop lets interrupts in after each turn, even the last.
    #[cfg(test)]
    pub(crate) lets_go_often: bool,
}

impl From<Driver> for Smp {
    /// Goes on from what was set up on the first CPU.
    fn from(driver: Driver) -> Self {
        let Driver { kernel, next } = driver;
        let place = |cpu: &Cpu| match cpu.context {
            Context::Idle => Place::Idle,
            _ => Place::Window,
        };
        let places = kernel.sched.cpus.iter().map(place).collect();
        let mut smp = Self {
            kernel,
            places,
            #[cfg(test)]
            lets_go_often: false,
        };
        smp.carry_out(CpuId(0), Some(next));
        smp
    }
}

impl Smp {
    /// All CPUs.
    pub fn cpus(&self) -> impl Iterator<Item = CpuId> + use<> {
        (0..self.places.len()).map(|index| CpuId(u16::try_from(index).unwrap_or(u16::MAX)))
    }

    /// Where a CPU is.
    pub fn place(&self, cpu: CpuId) -> Place {
        self.places[usize::from(cpu.0)]
    }

    /// Whether an interrupt would reach the CPU now.
    pub fn interruptible(&self, cpu: CpuId) -> bool {
        !matches!(self.place(cpu), Place::Off(_))
    }

    /// The thread whose program the CPU runs.
    pub fn running(&self, cpu: CpuId) -> Option<ThreadId> {
        match self.place(cpu) {
            Place::User(thread) => Some(thread),
            _ => None,
        }
    }

    /// Step: the running program makes a call.
    ///
    /// # Panics
    /// When the CPU runs no program.
    pub fn syscall(&mut self, cpu: CpuId, number: u64, arguments: &[u64], envelope: u64) {
        let Some(id) = self.running(cpu) else { panic!("{cpu:?} runs no program") };
        let frame = &mut self.kernel.objects.threads[id].frame;
        let at = |index: usize| arguments.get(index).copied().unwrap_or(0);
        frame.number_status = number;
        frame.envelope_token = envelope;
        (frame.value0, frame.value1) = (at(0), at(1));
        frame.words = core::array::from_fn(|index| at(index + 2));
        self.handle(cpu, Entry::Syscall);
    }

    /// Step: the running program does something wrong.
    pub fn fault(&mut self, cpu: CpuId, fault: &Fault) {
        self.handle(cpu, Entry::Fault(fault));
    }

    /// Step: the running program uses its vector registers. `None` when they were locked:
    /// it entered the core, and uses them when it runs again.
    pub fn vector(&mut self, cpu: CpuId) -> Option<&mut [u8; VECTOR_BYTES]> {
        self.running(cpu)?;
        self.run_on(cpu);
        if !self.kernel.machine.vector_unit().unlocked {
            self.handle(cpu, Entry::VectorUse);
            return None;
        }
        Some(&mut self.kernel.machine.vector_unit().registers)
    }

    /// Step: an interrupt reaches the CPU, wherever it is.
    pub fn interrupt(&mut self, cpu: CpuId, interrupt: Interrupt) {
        if let Place::User(_) = self.place(cpu) {
            return self.handle(cpu, Entry::Interrupt(Some(interrupt)));
        }
        self.kernel.machine.cpus[usize::from(cpu.0)].pending.push_back(interrupt);
        if self.place(cpu) == Place::Idle {
            self.handle(cpu, Entry::Wake);
        }
    }

    /// Step: on a halted CPU, a thread's wait or stop is cut short, as if by a friend of it.
    #[cfg(test)]
    pub(crate) fn revive(&mut self, cpu: CpuId, id: ThreadId) {
        self.run_on(cpu);
        self.kernel.wake(cpu);
        self.kernel.objects.threads[id].suspended = false;
        let process = self.kernel.objects.threads[id].process;
        self.kernel.objects.processes[process].suspended = false;
        if self.kernel.objects.threads[id].faults.unanswered.is_some() {
            self.kernel.detach(id);
            self.kernel.objects.threads[id].ipc.pending = None;
            self.kernel.fault_answer(id, FaultReply::Resume as u32, [0; WORDS]);
        } else if self.kernel.objects.threads[id].state != State::Ready {
            self.kernel.unblock(id, Error::Interrupted as u64);
        }
        let threads = self.kernel.objects.processes[process].members.list;
        let threads: Vec<_> = threads.iter(&self.kernel.objects.threads, By::Sibling).collect();
        threads.into_iter().for_each(|id| self.kernel.sched().enqueue(id));
        self.turn(cpu);
    }

    /// Step: an IPI of another CPU arrives.
    pub fn ipi_arrives(&mut self, cpu: CpuId) {
        self.kernel.machine.cpus[usize::from(cpu.0)].ipi_sent = false;
        self.interrupt(cpu, Interrupt::Ipi);
    }

    /// Step: the CPU's deadline timer fires; the time is then at least its deadline.
    pub fn timer_fires(&mut self, cpu: CpuId) {
        let machine = &mut self.kernel.machine;
        if let Some(deadline) = machine.cpus[usize::from(cpu.0)].timer_ns.take() {
            machine.now_ns = machine.now_ns.max(deadline);
            self.interrupt(cpu, Interrupt::Timer);
        }
    }

    /// Step: the CPU goes on after an interrupt window.
    pub fn turn(&mut self, cpu: CpuId) {
        self.handle(cpu, Entry::Resume);
    }

    /// One section under the kernel lock, as on hardware, and what the CPU does then.
    fn handle(&mut self, cpu: CpuId, entry: Entry<'_>) {
        self.run_on(cpu);
        #[cfg(test)]
        if self.lets_go_often {
            let action = self.kernel.handle_one(cpu, entry);
            return self.carry_out(cpu, action.map(ExitAction::thread));
        }
        let action = self.kernel.handle(cpu, entry);
        self.carry_out(cpu, action.map(ExitAction::thread));
    }

    /// Step: leaves with whatever flags are set, as a loop would that does not look again.
    #[cfg(test)]
    pub(crate) fn leave_blindly(&mut self, cpu: CpuId) {
        self.run_on(cpu);
        let action = self.kernel.leave_blindly(cpu);
        self.carry_out(cpu, Some(action.thread()));
    }

    /// The running program uses an address, as the CPU translates it. False is a page fault.
    pub fn touch(&mut self, cpu: CpuId, address: u64, access: Access) -> bool {
        self.kernel.machine.run_on(cpu);
        let Some(id) = self.running(cpu) else { return false };
        let process = self.kernel.objects.threads[id].process;
        let table = self.kernel.objects.processes[process].space.table.as_ref();
        table.is_some_and(|table| self.kernel.machine.touch(table, address, access).is_some())
    }

    /// Steps until every CPU runs a program or is halted, in a fixed order.
    ///
    /// # Panics
    /// When that never comes.
    pub fn settle(&mut self) {
        let mut steps = 0;
        while let Some(cpu) = self.cpus().find(|cpu| self.unsettled(*cpu)) {
            steps += 1;
            assert!(steps < 100_000, "the CPUs never settle");
            if self.kernel.machine.cpus[usize::from(cpu.0)].ipi_sent {
                self.ipi_arrives(cpu);
            } else {
                self.turn(cpu);
            }
        }
    }

    fn unsettled(&self, cpu: CpuId) -> bool {
        let ipi_sent = self.kernel.machine.cpus[usize::from(cpu.0)].ipi_sent;
        self.place(cpu) == Place::Window || (ipi_sent && self.interruptible(cpu))
    }

    fn run_on(&mut self, cpu: CpuId) {
        self.kernel.machine.run_on(cpu);
    }

    /// What the arch does with a decision.
    fn carry_out(&mut self, cpu: CpuId, next: Option<Next>) {
        let place = match next {
            None => Place::Window,
            Some(Next::Idle) => Place::Idle,
            Some(Next::Shutdown(code)) => Place::Off(code),
            Some(Next::User(thread)) => {
                assert_eq!(self.kernel.cpu(cpu).context, Context::User, "context of a decision");
                let root = self.kernel.objects.threads[thread].root;
                self.kernel.machine.cpus[usize::from(cpu.0)].active = Some(root);
                Place::User(thread)
            }
        };
        if let Place::Off(_) = place {
            // The whole machine ends, not only this CPU.
            self.places.fill(place);
        }
        self.places[usize::from(cpu.0)] = place;
    }
}
