//! Drives the core as the image does, on one CPU, and remembers which thread runs.

use super::{Hosted, HostedFrame, HostedMemory, VECTOR_BYTES};
use crate::exit::{Entry, ExitAction, Next};
use crate::kernel::{Kernel, Sizes};
use crate::lifecycle::{BootProcess, Segment};
use crate::machine::{CpuId, Interrupt, Phys};
use crate::object::{Fault, ThreadId};
use abi::{Error, Protection, Syscall, WORDS};

/// A kernel on a hosted machine with one CPU, and what it decided last.
pub struct Driver {
    /// The kernel.
    pub kernel: Kernel<Hosted>,
    /// Its last decision.
    pub next: Next,
}

/// What a system call gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Value 0 and value 1.
    pub values: (u64, u64),
    /// The message words.
    pub words: [u64; WORDS],
    /// The reply token.
    pub token: u64,
}

/// Where the first program's data pages are.
pub const DATA: u64 = 0x50_0000;
const CPU: CpuId = CpuId(0);

impl Driver {
    /// A booted machine with this number of frames: one process with one thread and data pages at
    /// [`DATA`].
    pub fn boot(frames: u64) -> Self {
        Self::boot_with(&Sizes::for_memory(frames * abi::PAGE_SIZE, frames), 1)
    }

    /// The same with these sizes and this number of CPUs, of which the first runs and the others
    /// are halted.
    pub fn boot_with(sizes: &Sizes, cpus: usize) -> Self {
        let frames = sizes.frames_end;
        let mut kernel = Kernel::new(Hosted::new(frames, cpus), &mut HostedMemory, sizes, cpus);
        kernel.add_frames(Phys::of_frame(1), frames - 1);
        let segment = |address, pages: u64, protection| Segment {
            address,
            bytes: b"image",
            memory_len: pages * abi::PAGE_SIZE,
            protection,
        };
        let segments = [
            segment(abi::IMAGE_BASE, 1, Protection::ReadExecute),
            segment(DATA, 8, Protection::ReadWrite),
        ];
        let boot = BootProcess {
            name: "first",
            segments: &segments,
            entry: abi::IMAGE_BASE,
            cmdline: "",
            archive: None,
            stack_pages: 4,
            priority: 30,
        };
        assert_eq!(kernel.boot_process(&boot), Ok(()), "a hosted machine boots");
        let mut driver = Self { kernel, next: Next::Idle };
        for cpu in 1..cpus {
            let cpu = CpuId(u16::try_from(cpu).unwrap_or(u16::MAX));
            driver.kernel.machine.run_on(cpu);
            let action = driver.kernel.handle(cpu, Entry::Resume).map(ExitAction::thread);
            assert_eq!(action, Some(Next::Idle), "no program runs yet");
        }
        driver.kernel.machine.run_on(CPU);
        driver.handle(Entry::Resume);
        driver
    }

    /// An event and all sections up to the way out, with an interrupt window between two.
    fn handle(&mut self, entry: Entry<'_>) {
        let mut action = self.kernel.handle(CPU, entry);
        let action = loop {
            match action {
                Some(action) => break action,
                None => {
                    self.kernel.machine.let_one_in();
                    action = self.kernel.handle(CPU, Entry::Resume);
                }
            }
        };
        if let ExitAction::User(switch) = &action {
            self.kernel.machine.active = Some(switch.root);
        }
        self.next = action.thread();
    }

    /// The thread that runs.
    ///
    /// # Panics
    /// When none does.
    pub fn running(&self) -> ThreadId {
        match self.next {
            Next::User(thread) => thread,
            other => panic!("no thread runs: {other:?}"),
        }
    }

    /// The running thread's registers.
    pub fn frame(&mut self) -> &mut HostedFrame {
        let id = self.running();
        &mut self.kernel.objects.threads[id].frame
    }

    /// The running thread makes a call with any number and registers. Who runs afterwards
    /// may be another one.
    pub fn raw(&mut self, number: u64, arguments: &[u64], envelope: u64) -> ThreadId {
        let me = self.running();
        let frame = self.frame();
        frame.number_status = number;
        frame.envelope_token = envelope;
        let at = |index: usize| arguments.get(index).copied().unwrap_or(0);
        (frame.value0, frame.value1) = (at(0), at(1));
        frame.words = core::array::from_fn(|index| at(index + 2));
        self.handle(Entry::Syscall);
        me
    }

    /// The running thread makes a call as 32-bit code does: number and status in a register,
    /// the values in a block at this address. Who runs afterwards may be another one.
    pub fn raw_compat(&mut self, number: u64, block: u64) -> ThreadId {
        let me = self.running();
        let frame = self.frame();
        frame.number_status = number;
        frame.block = block;
        self.handle(Entry::CompatSyscall);
        me
    }

    /// A call whose result is looked at when the caller has it.
    ///
    /// # Errors
    /// The error that the kernel answered.
    ///
    /// # Panics
    /// When the caller does not run on: it waits, or a more urgent thread came.
    pub fn call(&mut self, call: Syscall, arguments: &[u64]) -> Result<Outcome, Error> {
        let me = self.raw(call as u64, arguments, 0);
        assert_eq!(self.next, Next::User(me), "{call:?} did not come back at once");
        self.outcome(me)
    }

    /// What a thread's last call gave.
    ///
    /// # Errors
    /// The error that the kernel answered.
    pub fn outcome(&self, thread: ThreadId) -> Result<Outcome, Error> {
        let frame = &self.kernel.objects.threads[thread].frame;
        match Error::from_status(frame.number_status) {
            Some(error) => Err(error),
            None => Ok(Outcome {
                values: (frame.value0, frame.value1),
                words: frame.words,
                token: frame.envelope_token,
            }),
        }
    }

    /// From inside the kernel: the exit alone.
    pub fn leave(&mut self) {
        self.handle(Entry::Resume);
    }

    /// The running thread faults.
    pub fn fault(&mut self, fault: &Fault) {
        self.handle(Entry::Fault(fault));
    }

    /// The running thread uses its vector registers. False when it was stopped at it and
    /// another thread runs.
    pub fn vector(&mut self, act: impl FnOnce(&mut [u8; VECTOR_BYTES])) -> bool {
        let me = self.running();
        if !self.kernel.machine.vector_unit().unlocked {
            self.handle(Entry::VectorUse);
        }
        let unit = self.kernel.machine.vector_unit();
        let runs = self.next == Next::User(me) && unit.unlocked;
        if runs {
            act(&mut unit.registers);
        }
        runs
    }

    /// An interrupt comes.
    pub fn interrupt(&mut self, interrupt: Interrupt) {
        match self.next {
            Next::User(_) => self.handle(Entry::Interrupt(Some(interrupt))),
            Next::Idle => {
                self.kernel.machine.pending.push_back(interrupt);
                self.handle(Entry::Wake);
            }
            Next::Shutdown(_) => {}
        }
    }

    /// Time passes; the timer interrupts when it is due.
    ///
    /// # Panics
    /// When it is due for ever.
    pub fn advance(&mut self, nanoseconds: u64) {
        self.kernel.machine.now_ns += nanoseconds;
        let now = self.kernel.machine.now_ns;
        let mut fired = 0;
        while self.kernel.machine.timer_ns.is_some_and(|deadline| deadline <= now) {
            fired += 1;
            assert!(fired < 1000, "the timer fires again and again");
            self.kernel.machine.timer_ns = None;
            self.interrupt(Interrupt::Timer);
        }
    }
}
