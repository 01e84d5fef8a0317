//! The hosted machine for real threads: each host thread is a kernel thread with a CPU of
//! its own, and waits in its system call until the kernel lets it run.
//!
//! **Shape.** One lock around the machine ([`Smp`]); a call steps its CPU through the kernel,
//! then the CPUs that it sent IPIs to. A host thread whose CPU does not run it sleeps.
//!
//! **Memory.** Message bytes are copied through pages that are mapped for the thread. Other
//! memory of user programs is the host's own; the kernel only counts it.
//!
//! **Time.** Real, or virtual: then it stands still while anybody runs, and jumps to the next
//! deadline when all wait. So a test of a time-out takes no time.

use super::{Driver, HostedFrame, Place, Smp};
use crate::ipc::{RECEIPT, RECEIPT_LEN};
use crate::kernel::Sizes;
use crate::machine::{CpuId, Interrupt, Message};
use crate::mem::UserSlice;
use crate::object::{Amounts, Life, Loan, ObjectRef, ProcessId, Storage, ThreadId};
use abi::{Envelope, Error, Handle, MESSAGE_MAX, PAGE_SIZE, Protection, Rights, Syscall, WORDS};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use zerocopy::IntoBytes;

/// CPUs: the most threads at once. The first belongs to the first program.
/// Fewer of all where Miri interprets each instruction.
const CPUS: usize = if cfg!(miri) { 16 } else { 64 };
const FRAMES: u64 = if cfg!(miri) { 1 << 13 } else { 1 << 16 };
const MEMORY: u64 = if cfg!(miri) { 4 << 20 } else { 64 << 20 };
/// What a process of no particular program may use; of pages twice as many.
const OBJECTS: u32 = if cfg!(miri) { 1 << 11 } else { 1 << 14 };
/// Where the pages for a thread's messages lie: a slot for each CPU.
const SCRATCH: u64 = 0x20_0000_0000;
const SLOT: u64 = 1 << 20;
/// Offsets in a slot: the envelope, what is sent, what comes.
const SEND_AT: u64 = PAGE_SIZE;
const RECEIVE_AT: u64 = SEND_AT + MESSAGE_MAX as u64;
const SLOT_PAGES: u64 = 1 + 2 * MESSAGE_MAX as u64 / PAGE_SIZE;
/// Where a process's mappings lie.
const MAPPINGS: u64 = 0x30_0000_0000;
const PRIORITY: u8 = 20;

/// The thread was killed, or the machine has ended: it must not go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gone;

/// What a call with a message gave.
#[derive(Clone, Copy, Debug)]
pub struct Exchanged {
    /// 0 or an error's number.
    pub status: u64,
    /// Value 0 and value 1.
    pub values: (u64, u64),
    /// The words.
    pub words: [u64; WORDS],
    /// The reply token.
    pub token: u64,
}

/// A running hosted system.
pub struct Live {
    state: Mutex<State>,
    changed: Condvar,
    /// None: virtual time.
    clock: Option<Instant>,
    number: u64,
}

struct State {
    smp: Smp,
    free: Vec<CpuId>,
    /// Threads that wait for something that is no system call.
    away: usize,
    next_mapping: u64,
}

/// A host thread's place in a hosted system.
pub struct Seat {
    live: Arc<Live>,
    cpu: CpuId,
    thread: ThreadId,
    process: ProcessId,
}

impl Live {
    /// A system in real or in virtual time.
    pub fn boot(real_time: bool) -> Arc<Self> {
        let sizes = Sizes { frames_end: FRAMES, ..Sizes::for_memory(MEMORY, FRAMES) };
        let mut smp = Smp::from(Driver::boot_with(&sizes, CPUS));
        // The first program has nothing to do.
        smp.syscall(CpuId(0), Syscall::Sleep as u64, &[abi::FOREVER], 0);
        smp.settle();
        let free = smp.cpus().skip(1).collect();
        let state = State { smp, free, away: 0, next_mapping: MAPPINGS };
        let clock = real_time.then(Instant::now);
        static BOOTED: AtomicU64 = AtomicU64::new(0);
        let number = BOOTED.fetch_add(1, Ordering::Relaxed);
        Arc::new(Self { state: Mutex::new(state), changed: Condvar::new(), clock, number })
    }

    /// A number that no other system of the host process ever has.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// A new process without a creator: for host threads of no particular program.
    ///
    /// # Errors
    /// When the machine has no room for it.
    pub fn new_process(&self, name: &str) -> Result<ProcessId, Error> {
        let kernel = &mut self.lock().smp.kernel;
        let first = kernel.objects.processes.ids().next().ok_or(Error::OutOfMemory)?;
        let payer = kernel.objects.processes[first].accounts.quota;
        let limit = Amounts::new(2 * OBJECTS, OBJECTS, 1 << 10, OBJECTS);
        let account = kernel.objects.quotas.open(Some(payer), limit)?;
        let process = kernel.new_process(name, account, payer, PRIORITY)?;
        kernel.objects.retain_process(process);
        // It has a thread that never starts: a process ends with its last one.
        kernel.new_thread(process, HostedFrame::default(), PRIORITY, CpuId(0))?;
        Ok(process)
    }

    /// A place for the calling host thread as a new thread of a process.
    ///
    /// # Errors
    /// When the process is dead, or there are too many threads.
    pub fn sit(self: &Arc<Self>, process: ProcessId) -> Result<Seat, Error> {
        let mut state = self.lock();
        if state
            .smp
            .kernel
            .objects
            .processes
            .get(process)
            .is_none_or(|found| found.life != Life::Alive)
        {
            return Err(Error::PeerDied);
        }
        let cpu = state.free.pop().ok_or(Error::OutOfMemory)?;
        let thread = state.start_thread(process, cpu);
        if thread.is_err() {
            state.free.push(cpu);
        }
        drop(state);
        Ok(Seat { live: self.clone(), cpu, thread: thread?, process })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs something that waits for another thread without a system call: virtual time
    /// does not stand still for it.
    pub fn away<T>(&self, work: impl FnOnce() -> T) -> T {
        self.lock().away += 1;
        self.changed.notify_all();
        let done = work();
        self.lock().away -= 1;
        done
    }

    /// Moves virtual time on.
    pub fn advance(&self, ns: u64) {
        let mut state = self.lock();
        let until = state.smp.kernel.machine.now_ns + ns;
        while state.smp.kernel.sched.deadlines.next_ns().is_some_and(|next| next <= until) {
            state.jump();
        }
        state.smp.kernel.machine.now_ns = until;
        self.changed.notify_all();
    }

    /// A device writes a message. False: it leads to no interrupt of this machine.
    pub fn send_message(&self, message: Message) -> bool {
        let mut state = self.lock();
        let Some((cpu, interrupt)) = state.smp.kernel.machine.interrupt_of(message) else {
            return false;
        };
        state.smp.interrupt(cpu, interrupt);
        state.smp.settle();
        self.changed.notify_all();
        true
    }

    /// Numbers that are the same before and after something that leaves nothing behind:
    /// handles, objects, processes, threads, free frames.
    pub fn balance(&self) -> [u64; 5] {
        let info = self.lock().smp.kernel.system_info();
        [info.handles, info.objects, info.processes, info.threads, info.frames_free]
    }
}

impl State {
    fn start_thread(&mut self, process: ProcessId, cpu: CpuId) -> Result<ThreadId, Error> {
        let kernel = &mut self.smp.kernel;
        kernel.machine.run_on(cpu);
        let quota = kernel.objects.processes[process].accounts.quota;
        let pages = kernel.memory().new_memory(quota, SLOT_PAGES, false)?;
        kernel.memory().fill_now(pages);
        let mapped =
            kernel.memory().map_now(process, pages, slot(cpu), SLOT_PAGES, Protection::ReadWrite);
        mapped?;
        let frame = HostedFrame::default();
        let thread = kernel.new_thread(process, frame, PRIORITY, cpu)?;
        kernel.objects.threads[thread].refs += 1;
        kernel.objects.threads[thread].sched.affinity = 1 << cpu.0;
        kernel.sched().ready(thread);
        self.smp.interrupt(cpu, Interrupt::Ipi);
        self.smp.settle();
        Ok(thread)
    }

    /// Whether the thread runs its program.
    fn runs(&self, cpu: CpuId, thread: ThreadId) -> bool {
        self.smp.place(cpu) == Place::User(thread)
    }

    fn gone(&self, thread: ThreadId) -> bool {
        let off = matches!(self.smp.places[0], Place::Off(_));
        off || self.smp.kernel.objects.threads.get(thread).is_none_or(|thread| thread.dead)
    }

    /// How many threads run their programs.
    fn busy(&self) -> usize {
        self.smp.places.iter().filter(|place| matches!(place, Place::User(_))).count()
    }

    /// Time goes to the next deadline, which passes.
    fn jump(&mut self) {
        let Some(next) = self.smp.kernel.sched.deadlines.next_ns() else { return };
        let machine = &mut self.smp.kernel.machine;
        machine.now_ns = machine.now_ns.max(next);
        self.fire();
    }

    /// Timers whose time has come interrupt.
    fn fire(&mut self) {
        let now = self.smp.kernel.machine.now_ns;
        for cpu in self.smp.cpus() {
            let due = self.smp.kernel.machine.cpus[usize::from(cpu.0)].timer_ns;
            if due.is_some_and(|due| due <= now) {
                self.smp.timer_fires(cpu);
                self.smp.settle();
            }
        }
    }
}

impl Seat {
    /// The process.
    pub fn process(&self) -> ProcessId {
        self.process
    }

    /// The system.
    pub fn live(&self) -> &Arc<Live> {
        &self.live
    }

    /// Gives the process a handle of the resource, as init's program has one.
    ///
    /// # Errors
    /// When it has no room for a handle.
    pub fn resource(&self) -> Result<Handle, Error> {
        self.live.lock().smp.kernel.memory().grant(
            self.process,
            ObjectRef::Resource,
            Rights::ALL,
            0,
        )
    }

    /// A call whose arguments name no memory.
    ///
    /// # Errors
    /// [`Gone`] when the thread must not go on.
    pub fn call(
        &self,
        number: u64,
        arguments: [u64; 6],
    ) -> Result<Result<(u64, u64), Error>, Gone> {
        let frame = self.enter(number, &arguments, 0)?;
        let status = Error::from_status(frame.number_status);
        Ok(status.map_or(Ok((frame.value0, frame.value1)), Err))
    }

    /// A call that reads or writes this memory, whose address is the argument at this place.
    ///
    /// # Errors
    /// [`Gone`] when the thread must not go on.
    pub fn call_with(
        &self,
        number: u64,
        mut arguments: [u64; 6],
        places: &mut [(usize, &mut [u8])],
    ) -> Result<Result<(u64, u64), Error>, Gone> {
        let mut at = slot(self.cpu) + SEND_AT;
        for (place, bytes) in places.iter() {
            arguments[*place] = at;
            self.write(at, bytes);
            at += (bytes.len() as u64).next_multiple_of(64);
        }
        let done = self.call(number, arguments)?;
        for (place, bytes) in places {
            self.read(arguments[*place], bytes);
        }
        Ok(done)
    }

    /// A call with a message. The envelope's addresses are replaced by those of the bytes.
    ///
    /// # Errors
    /// [`Gone`] when the thread must not go on.
    pub fn exchange(
        &self,
        number: u64,
        arguments: &[u64],
        envelope: &mut Envelope,
        send: &[u8],
        receive: &mut [u8],
    ) -> Result<Exchanged, Gone> {
        let slot = slot(self.cpu);
        let sent = send.get(..MESSAGE_MAX).unwrap_or(send);
        self.write(slot + SEND_AT, sent);
        envelope.send_address = slot + SEND_AT;
        envelope.send_len = send.len() as u64;
        envelope.receive_address = slot + RECEIVE_AT;
        envelope.receive_capacity = receive.len().min(MESSAGE_MAX) as u64;
        self.write(slot, envelope.as_bytes());
        self.write(slot + RECEIPT, &[0; RECEIPT_LEN]);
        let frame = self.enter(number, arguments, envelope.register(slot))?;
        self.read(slot + RECEIPT, &mut envelope.as_mut_bytes()[Envelope::SIZE - RECEIPT_LEN..]);
        let len = usize::try_from(envelope.received_len).unwrap_or(0).min(receive.len());
        self.read(slot + RECEIVE_AT, &mut receive[..len]);
        Ok(Exchanged {
            status: frame.number_status,
            values: (frame.value0, frame.value1),
            words: frame.words,
            token: frame.envelope_token,
        })
    }

    /// Makes the call and waits until the kernel lets the thread run.
    fn enter(&self, number: u64, arguments: &[u64], envelope: u64) -> Result<HostedFrame, Gone> {
        let mut state = self.live.lock();
        if let Some(clock) = self.live.clock {
            state.smp.kernel.machine.now_ns = elapsed(clock);
        }
        // It may have been suspended while its program ran.
        state = self.until_running(state)?;
        state.smp.syscall(self.cpu, number, arguments, envelope);
        state.smp.settle();
        self.live.changed.notify_all();
        let state = self.until_running(state)?;
        Ok(state.smp.kernel.objects.threads[self.thread].frame.as_ref().clone())
    }

    fn until_running<'a>(
        &self,
        mut state: MutexGuard<'a, State>,
    ) -> Result<MutexGuard<'a, State>, Gone>
    where
        Self: 'a,
    {
        while !state.runs(self.cpu, self.thread) {
            if state.gone(self.thread) {
                return Err(Gone);
            }
            state = self.wait(state);
        }
        Ok(state)
    }

    fn wait<'a>(&self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        let next = state.smp.kernel.sched.deadlines.next_ns();
        let Some(clock) = self.live.clock else {
            if state.busy() <= state.away && next.is_some() {
                state.jump();
                self.live.changed.notify_all();
                return state;
            }
            return self.live.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        };
        let left = next.unwrap_or(u64::MAX).saturating_sub(elapsed(clock));
        // Never much longer than a moment: a missed wake-up must not hang a test.
        let left = Duration::from_nanos(left.min(50_000_000));
        let waited = self.live.changed.wait_timeout(state, left);
        let mut state = waited.map_or_else(|error| error.into_inner().0, |(state, _)| state);
        state.smp.kernel.machine.now_ns = elapsed(clock);
        state.fire();
        self.live.changed.notify_all();
        state
    }

    fn write(&self, address: u64, bytes: &[u8]) {
        let Ok(slice) = UserSlice::new(address, bytes.len() as u64) else { return };
        // A process that is being taken apart has no memory: the call will tell.
        let _ = self.live.lock().smp.kernel.memory().write_user(self.process, slice, bytes);
    }

    fn read(&self, address: u64, into: &mut [u8]) {
        let Ok(slice) = UserSlice::new(address, into.len() as u64) else { return };
        let _ = self.live.lock().smp.kernel.memory().read_user(self.process, slice, into);
    }

    /// The process behind a handle of this one.
    ///
    /// # Errors
    /// When the handle names none.
    pub fn process_of(&self, handle: Handle) -> Result<ProcessId, Error> {
        match self.live.lock().smp.kernel.objects.lookup(self.process, handle)?.object {
            ObjectRef::Process(id) => Ok(id),
            _ => Err(Error::WrongKind),
        }
    }

    /// The memory object whose pages a handle shows: its number, its pages, and which of them
    /// is the handle's first. Not 0 for a loan.
    ///
    /// # Errors
    /// When the handle names no memory.
    pub fn memory_of(&self, handle: Handle) -> Result<(u64, u64, u64), Error> {
        let state = self.live.lock();
        let kernel = &state.smp.kernel;
        let ObjectRef::Memory(id) = kernel.objects.lookup(self.process, handle)?.object else {
            return Err(Error::WrongKind);
        };
        let (shown, first) = match kernel.objects.memories[id].storage {
            Storage::Loan(Loan { parent: Some(parent), first, .. }) => (parent, first),
            _ => (id, 0),
        };
        Ok((ObjectRef::Memory(shown).number(), kernel.objects.memories[shown].pages, first))
    }

    /// A number of the process that no other one of the system has at the time.
    pub fn process_number(&self) -> u64 {
        ObjectRef::Process(self.process).number()
    }

    /// An address for a mapping of this number of pages.
    pub fn room_for(&self, pages: u64) -> u64 {
        let mut state = self.live.lock();
        let at = state.next_mapping;
        state.next_mapping += pages * PAGE_SIZE;
        at
    }

    /// Open handles of the process.
    pub fn handles(&self) -> u32 {
        self.live.lock().smp.kernel.objects.processes[self.process].handles.used()
    }

    /// Whether a handle of the process is open.
    pub fn is_open(&self, handle: Handle) -> bool {
        self.live.lock().smp.kernel.objects.lookup(self.process, handle).is_ok()
    }
}

impl Drop for Seat {
    /// The host thread ends: so does its kernel thread.
    fn drop(&mut self) {
        let mut state = self.live.lock();
        if state.runs(self.cpu, self.thread) {
            let unmap = [0, slot(self.cpu), SLOT_PAGES];
            state.smp.syscall(self.cpu, Syscall::Unmap as u64, &unmap, 0);
            state.smp.settle();
            if state.runs(self.cpu, self.thread) {
                state.smp.syscall(self.cpu, Syscall::ThreadKill as u64, &[0], 0);
                state.smp.settle();
            }
        }
        let kernel = &mut state.smp.kernel;
        if let Some(thread) = kernel.objects.threads.get_mut(self.thread) {
            thread.refs -= 1;
            kernel.free_thread(self.thread);
        }
        let free = !matches!(state.smp.place(self.cpu), Place::User(_));
        if free {
            state.free.push(self.cpu);
        }
        self.live.changed.notify_all();
    }
}

fn slot(cpu: CpuId) -> u64 {
    SCRATCH + u64::from(cpu.0) * SLOT
}

/// Nanoseconds since the boot, never 0.
fn elapsed(clock: Instant) -> u64 {
    u64::try_from(clock.elapsed().as_nanos()).unwrap_or(u64::MAX).max(1)
}
