//! Calls by which one program looks into another.

use super::Done;
use super::handle::may_mint;
use super::hooks::{call_mask, short_badge};
use crate::cpu::Context;
use crate::kernel::Kernel;
use crate::machine::{CpuId, Frame, Machine};
use crate::number;
use crate::object::{Listener, Objects, ProcessId, State, ThreadId, Watch};
use crate::sched::Sched;
use abi::{CpuInfo, DebugRegisters, Error, Rights, SavedFrame, TraceFlags, TraceRecord, USER_END};
use zerocopy::IntoBytes;

const RECORD_LEN: u64 = size_of::<TraceRecord>() as u64;
/// Records that one call copies.
const RECORDS_PER_CALL: u64 = 32;

impl<M: Machine> Kernel<M> {
    pub(super) fn sys_process_thread(&mut self, me: ThreadId) -> Result<Done, Error> {
        let process = self.objects.changed_process(me, 0)?;
        self.find_thread(me, process, self.objects.argument(me, 1))
    }

    pub(super) fn sys_process_trace(&mut self, me: ThreadId) -> Result<Done, Error> {
        let process = self.objects.managed_process(me, 0)?;
        let tracer = self.objects.listener(me, process)?;
        let flags =
            TraceFlags::from_bits(self.objects.argument(me, 3)).ok_or(Error::BadArgument)?;
        let stops = TraceFlags::ENTER | TraceFlags::EXIT | TraceFlags::STEP;
        // One's own stop could never be answered.
        if (tracer.is_none() && flags.intersects(stops)) || process == self.objects.own(me) {
            return Err(Error::BadArgument);
        }
        // What is recorded of the caller is recorded of those that it watches.
        let flags =
            flags | self.objects.processes[self.objects.own(me)].supervision.watch.records();
        let watch = self.objects.processes[process].supervision.watch;
        self.change_listener(tracer, watch.tracer);
        Ok(self.set_watch(me, process, Watch { flags, tracer, ..watch }))
    }

    pub(super) fn sys_process_filter(&mut self, me: ThreadId) -> Result<Done, Error> {
        let process = self.objects.managed_process(me, 0)?;
        // No more than the caller may do itself: its own filter only gets narrower, and so do
        // those that it sets.
        let own = self.objects.processes[self.objects.own(me)].supervision.watch.allowed;
        let allowed = own & call_mask(self.objects.argument(me, 1), self.objects.argument(me, 2));
        let watch = self.objects.processes[process].supervision.watch;
        Ok(self.set_watch(me, process, Watch { allowed, ..watch }))
    }

    pub(super) fn sys_process_dispatch(&mut self, me: ThreadId) -> Result<Done, Error> {
        let process = self.objects.managed_process(me, 0)?;
        let dispatch = self.objects.listener(me, process)?;
        if process == self.objects.own(me) {
            return Err(Error::BadArgument);
        }
        let watch = self.objects.processes[process].supervision.watch;
        self.change_listener(dispatch, watch.dispatch);
        Ok(self.set_watch(me, process, Watch { dispatch, ..watch }))
    }

    /// A thread whose registers are not in use.
    fn stopped_thread(&self, me: ThreadId) -> Result<ThreadId, Error> {
        let id = self.objects.thread_argument(me, 0)?;
        let thread = &self.objects.threads[id];
        let process = &self.objects.processes[thread.process];
        let stopped = thread.suspended
            || process.suspended
            || thread.state == State::Inactive
            || thread.faults.unanswered.is_some();
        if !stopped || self.sched.on_cpu(&self.objects.threads, id) || thread.operation.is_some() {
            return Err(Error::BadState);
        }
        Ok(id)
    }

    /// The caller's own is set while it runs; of others, what no CPU holds.
    pub(super) fn sys_thread_pointer(&mut self, me: ThreadId) -> Result<Done, Error> {
        let id = if self.objects.argument(me, 0) == 0 { me } else { self.stopped_thread(me)? };
        let address = self.objects.argument(me, 1);
        if address >= USER_END {
            return Err(Error::BadAddress);
        }
        self.machine.set_thread_pointer(&mut self.objects.threads[id].frame, address);
        Ok(Done::NOTHING)
    }

    pub(super) fn sys_thread_registers(&mut self, me: ThreadId) -> Result<Done, Error> {
        let id = self.stopped_thread(me)?;
        let address = self.objects.argument(me, 1);
        if self.objects.writes(me)? {
            if self.objects.threads[id].call_is_shown() {
                return Err(Error::BadState);
            }
            let mut frame = SavedFrame::default();
            self.memory().read_record(me, address, frame.as_mut_bytes())?;
            self.objects.threads[id].frame.restore(&frame);
        } else {
            let frame = self.objects.threads[id].frame.save();
            self.memory().write_record(me, address, frame.as_bytes())?;
        }
        Ok(Done::NOTHING)
    }

    pub(super) fn sys_thread_debug(&mut self, me: ThreadId) -> Result<Done, Error> {
        let id = self.stopped_thread(me)?;
        let address = self.objects.argument(me, 1);
        if self.objects.writes(me)? {
            let mut registers = DebugRegisters::default();
            self.memory().read_record(me, address, registers.as_mut_bytes())?;
            self.sched().set_debug(id, checked(registers)?);
        } else {
            let registers = self.objects.threads[id].registers.debug.unwrap_or_default();
            self.memory().write_record(me, address, registers.as_bytes())?;
        }
        Ok(Done::NOTHING)
    }

    pub(super) fn sys_trace_read(&mut self, me: ThreadId) -> Result<Done, Error> {
        self.objects.resource(me)?;
        let first = self.trace.from(self.objects.argument(me, 1));
        let address = self.objects.argument(me, 2);
        let room = self.objects.argument(me, 3).min(RECORDS_PER_CALL);
        let mut next = first;
        while next - first < room {
            let Some(record) = self.trace.get(next).copied() else { break };
            let place = address.wrapping_add((next - first) * RECORD_LEN);
            self.memory().write_record(me, place, record.as_bytes())?;
            next += 1;
        }
        Ok(Done::Values(next - first, next))
    }

    pub(super) fn sys_cpu_info(&mut self, me: ThreadId) -> Result<Done, Error> {
        let number = u16::try_from(self.objects.argument(me, 0)).map_err(|_| Error::BadArgument)?;
        if usize::from(number) >= self.sched.cpus.len() {
            return Err(Error::BadArgument);
        }
        let index = number::masked(usize::from(number), self.sched.cpus.len());
        let number = u16::try_from(index).map_err(|_| Error::BadArgument)?;
        let info = self.cpu_info(CpuId(number));
        let address = self.objects.argument(me, 1);
        self.memory().write_record(me, address, info.as_bytes())?;
        Ok(Done::NOTHING)
    }

    /// One CPU as the kernel sees it now.
    pub fn cpu_info(&self, cpu: CpuId) -> CpuInfo {
        let cpu = self.cpu(cpu);
        // What it is doing now was not booked yet. Saturating: `since` was read on that CPU, whose
        // counter may be ahead of the one of this CPU. Wrapping, as sums of ticks are.
        let open = self.machine.ticks().saturating_sub(cpu.clock.since);
        let total = |doing: Context, booked: u64| {
            let open = if cpu.context == doing { open } else { 0 };
            self.machine.ns_of(booked.wrapping_add(open))
        };
        CpuInfo {
            user_ns: total(Context::User, cpu.clock.user),
            kernel_ns: total(Context::Kernel, cpu.clock.kernel),
            idle_ns: total(Context::Idle, cpu.clock.idle),
            interrupts: cpu.interrupts,
            turns: cpu.turns,
        }
    }
}

impl<M: Machine> Sched<'_, M> {
    pub(super) fn sys_thread_affinity(&mut self, me: ThreadId) -> Result<Done, Error> {
        let id = self.objects.thread_argument(me, 0)?;
        let old = self.objects.threads[id].sched.affinity & self.sched.all_cpus();
        let wanted = self.objects.argument(me, 1);
        if wanted == 0 {
            return Ok(Done::Values(old, 0));
        }
        if wanted & self.sched.all_cpus() == 0 {
            return Err(Error::BadArgument);
        }
        self.set_affinity(id, wanted);
        Ok(Done::Values(old, 0))
    }
}

impl<M: Machine> Objects<M> {
    /// The listener behind an endpoint argument and a badge argument; endpoint 0: none. Stops have
    /// badges of their own, half of which is the thread's number: the handle must allow any.
    fn listener(&self, me: ThreadId, process: ProcessId) -> Result<Option<Listener>, Error> {
        if self.argument(me, 1) == 0 {
            return Ok(None);
        }
        let (endpoint, entry) = self.object(me, 1, Rights::SEND)?;
        if !may_mint(&entry) {
            return Err(Error::NoRight);
        }
        self.living(process)?;
        let badge = short_badge(self.argument(me, 2))?;
        Ok(Some(Listener { endpoint, badge }))
    }

    /// Whether a register call writes (1) or reads (0).
    fn writes(&self, me: ThreadId) -> Result<bool, Error> {
        match self.argument(me, 2) {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Error::BadArgument),
        }
    }
}

/// Debug registers that watch user space alone.
fn checked(registers: DebugRegisters) -> Result<Option<DebugRegisters>, Error> {
    /// Enable bits, conditions and lengths.
    const USABLE: u64 = 0xffff_0055;
    let in_user_space = registers.address.iter().all(|address| *address < USER_END);
    let in_use = registers.control & 0x55 != 0;
    // Condition 2 is for ports.
    let ports = (0..4).any(|place| registers.control >> (16 + 4 * place) & 3 == 2);
    if !in_user_space || ports || registers.control & !USABLE != 0 {
        return Err(Error::BadArgument);
    }
    Ok(in_use.then_some(registers))
}
