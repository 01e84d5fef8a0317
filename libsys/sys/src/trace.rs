//! Watching another process: its system calls, its threads' registers, the kernel's records.
//!
//! ```no_run
//! # fn example(process: sys::Process) -> Result<(), sys::Error> {
//! use sys::trace::{TraceFlags, Tracer};
//! let tracer = Tracer::watch(process, TraceFlags::ENTER.union(TraceFlags::EXIT))?;
//! while let Ok(stop) = tracer.next(sys::clock() + 1_000_000_000) {
//!     // stop.words[0] is the number of the call, the rest are its arguments.
//!     stop.resume()?;
//! }
//! # Ok(()) }
//! ```

use crate::raw::{address_of, argument, plain, with_memory};
use crate::{
    Endpoint, Error, Message, Process, Received, ReplyRight, Resource, Rights, Thread, Words,
};
use abi::{CpuInfo, Syscall, TraceReply};

pub use abi::{DebugRegisters, SavedFrame, TraceFlags, TraceRecord, TraceStage};

/// A process and the endpoint where its stops arrive.
#[derive(Debug)]
struct Stops {
    process: Process,
    endpoint: Endpoint,
}

impl Stops {
    /// Has the stops of a process sent here, by `ProcessTrace` with flags or by
    /// `ProcessDispatch`.
    fn begin(process: Process, call: Syscall, flags: TraceFlags) -> Result<Self, Error> {
        let endpoint = Endpoint::create()?;
        let sender = endpoint.copy(Rights::SEND | Rights::MINT)?;
        let arguments =
            [argument(process.handle()), argument(sender.handle()), 0, flags.bits(), 0, 0];
        plain(call, arguments)?;
        Ok(Self { process, endpoint })
    }

    /// Takes back what the same call has begun.
    fn end(&self, call: Syscall) {
        // When it fails, the process is gone. Stops that wait are let go with the endpoint.
        let _ = plain(call, [argument(self.process.handle()), 0, 0, 0, 0, 0]);
    }

    fn next(&self, deadline_ns: u64) -> Result<Stop, Error> {
        let Received::Message(message) = self.endpoint.receive(deadline_ns, &mut [])? else {
            return Err(Error::Interrupted);
        };
        let stage = TraceStage::from_label(message.label).ok_or(Error::BadArgument)?;
        let thread = u32::try_from(message.badge >> 32).unwrap_or(u32::MAX);
        let right = message.reply.ok_or(Error::BadReply)?;
        Ok(Stop { stage, thread, words: message.words, right })
    }
}

/// Stops of a process come here until this is dropped.
#[derive(Debug)]
pub struct Tracer(Stops);

impl Tracer {
    /// Watches a process that this one may manage.
    pub fn watch(process: Process, flags: TraceFlags) -> Result<Self, Error> {
        Stops::begin(process, Syscall::ProcessTrace, flags).map(Self)
    }

    /// The process.
    pub fn process(&self) -> &Process {
        &self.0.process
    }

    /// The next stop. [`Error::TimedOut`] at the deadline; [`Error::PeerDied`] when the
    /// process is gone.
    pub fn next(&self, deadline_ns: u64) -> Result<Stop, Error> {
        self.0.next(deadline_ns)
    }
}

impl Drop for Tracer {
    fn drop(&mut self) {
        self.0.end(Syscall::ProcessTrace);
    }
}

/// A thread that waits before or after a system call. Dropping it answers with a label that
/// means `Resume` at most stages: say what is meant.
#[derive(Debug)]
#[must_use = "the thread waits for the answer"]
pub struct Stop {
    /// Where it stopped.
    pub stage: TraceStage,
    /// The thread's number.
    pub thread: u32,
    /// See [`abi`]'s table of stages.
    pub words: Words,
    right: ReplyRight,
}

impl Stop {
    /// Goes on as if not traced.
    pub fn resume(self) -> Result<(), Error> {
        self.answer(TraceReply::Resume, Words::default())
    }

    /// Goes on with another number and arguments (before), or another result (after).
    pub fn rewrite(self, words: Words) -> Result<(), Error> {
        self.answer(TraceReply::Rewrite, words)
    }

    /// The call is not made: its status and values.
    pub fn skip(self, status: u64, value0: u64, value1: u64) -> Result<(), Error> {
        self.answer(TraceReply::Skip, [status, value0, value1, 0, 0, 0, 0])
    }

    /// The personality server's result of a `Dispatch`: status, values, message words.
    pub fn result(self, words: Words) -> Result<(), Error> {
        self.answer(TraceReply::Resume, words)
    }

    fn answer(self, reply: TraceReply, words: Words) -> Result<(), Error> {
        self.right.reply(&mut Message::new(reply as u32, words)).map_err(|(error, _)| error)
    }
}

/// All system calls of the process come to this server's endpoint as `Dispatch` stops.
#[derive(Debug)]
pub struct Personality(Stops);

impl Personality {
    /// Takes over a process's calls until this is dropped.
    pub fn of(process: Process) -> Result<Self, Error> {
        Stops::begin(process, Syscall::ProcessDispatch, TraceFlags::default()).map(Self)
    }

    /// The next call; to be answered with [`Stop::result`].
    pub fn next(&self, deadline_ns: u64) -> Result<Stop, Error> {
        self.0.next(deadline_ns)
    }
}

impl Drop for Personality {
    fn drop(&mut self) {
        self.0.end(Syscall::ProcessDispatch);
    }
}

/// Allows a process only these calls, one bit for each number; others are refused.
pub fn filter(process: &Process, allowed: u128) -> Result<(), Error> {
    set_filter(argument(process.handle()), allowed)
}

/// The same for this process, for ever: calls can only be taken away.
pub fn filter_own(allowed: u128) -> Result<(), Error> {
    set_filter(0, allowed)
}

fn set_filter(process: u64, allowed: u128) -> Result<(), Error> {
    let half = |bits: u128| u64::try_from(bits & u128::from(u64::MAX)).unwrap_or(u64::MAX);
    let arguments = [process, half(allowed), half(allowed >> 64), 0, 0, 0];
    plain(Syscall::ProcessFilter, arguments).map(|_| ())
}

/// How often, and after which pauses, a thread is asked for that is not stopped yet.
const STOP_TRIES: u32 = 100;
const STOP_PAUSE_NS: u64 = 100_000;

/// A thread of another process, to be looked at while it is stopped.
#[derive(Debug)]
pub struct Debuggee(Thread);

impl Debuggee {
    /// The thread at this place in the process's list. Refused for this process itself: its
    /// own registers are the compiler's.
    pub fn of(process: &Process, index: u64) -> Result<Self, Error> {
        process.must_be_another()?;
        let found = plain(Syscall::ProcessThread, [argument(process.handle()), index, 0, 0, 0, 0]);
        Ok(Self(Thread::from(crate::handle::created(found)?)))
    }

    /// The thread.
    pub fn thread(&self) -> &Thread {
        &self.0
    }

    /// A register call. A thread that was just suspended may still be on its way off another
    /// CPU: it is asked for again for a moment before [`Error::BadState`] is told.
    ///
    /// # Safety
    /// The address is of a live value of the type that the call reads (write 1), or of an
    /// exclusive one that it writes (write 0) and of which every bit pattern is a value.
    unsafe fn when_stopped(&self, call: Syscall, address: u64, write: u64) -> Result<(), Error> {
        let arguments = [argument(self.0.handle()), address, write, 0, 0, 0];
        let mut tries = 0;
        loop {
            // SAFETY: the caller's promise; the thread is another process's, where no Rust
            // value of ours lives.
            match unsafe { with_memory(call, arguments) } {
                Err(Error::BadState) if tries < STOP_TRIES => {
                    tries += 1;
                    crate::sleep_for(STOP_PAUSE_NS);
                }
                result => return result.map(|_| ()),
            }
        }
    }

    /// Its registers. [`Error::BadState`] while it is not stopped.
    pub fn registers(&self) -> Result<SavedFrame, Error> {
        let mut frame = SavedFrame::default();
        // SAFETY: an exclusive, live `SavedFrame`, which is plain numbers.
        unsafe { self.when_stopped(Syscall::ThreadRegisters, address_of(&raw mut frame), 0) }?;
        Ok(frame)
    }

    /// Changes its registers; what user mode must not choose is repaired.
    pub fn set_registers(&self, frame: &SavedFrame) -> Result<(), Error> {
        let address = address_of(core::ptr::from_ref(frame));
        // SAFETY: a live `SavedFrame`.
        unsafe { self.when_stopped(Syscall::ThreadRegisters, address, 1) }
    }

    /// What its debug registers watch for.
    pub fn debug_registers(&self) -> Result<DebugRegisters, Error> {
        let mut registers = DebugRegisters::default();
        // SAFETY: an exclusive, live `DebugRegisters`, which is plain numbers.
        unsafe { self.when_stopped(Syscall::ThreadDebug, address_of(&raw mut registers), 0) }?;
        Ok(registers)
    }

    /// Makes them watch for something else; a hit is a `Debug` fault of the thread.
    pub fn set_debug_registers(&self, registers: &DebugRegisters) -> Result<(), Error> {
        let address = address_of(core::ptr::from_ref(registers));
        // SAFETY: a live `DebugRegisters`.
        unsafe { self.when_stopped(Syscall::ThreadDebug, address, 1) }
    }
}

/// Copies records of the kernel's trace ring from this number on: how many, and the number
/// behind the last.
pub fn records(
    resource: &Resource,
    first: u64,
    into: &mut [TraceRecord],
) -> Result<(usize, u64), Error> {
    let arguments = [
        argument(resource.handle()),
        first,
        address_of(into.as_mut_ptr()),
        into.len() as u64,
        0,
        0,
    ];
    // SAFETY: 1. the kernel writes at most `into.len()` records to an exclusive, live slice.
    // 2. they are plain numbers: every bit pattern is a value of them.
    let (count, next) = unsafe { with_memory(Syscall::TraceRead, arguments) }?;
    Ok((usize::try_from(count).unwrap_or(0), next))
}

/// Times and counts of a CPU; [`Error::BadArgument`] behind the last.
pub fn cpu_info(cpu: u64) -> Result<CpuInfo, Error> {
    let mut info = CpuInfo::default();
    let address = address_of(&raw mut info);
    // SAFETY: 1. the kernel writes one `CpuInfo` to an exclusive, live value.
    // 2. it is plain numbers: every bit pattern is a value of it.
    unsafe { with_memory(Syscall::CpuInfo, [cpu, address, 0, 0, 0, 0]) }?;
    Ok(info)
}

/// The CPUs that the calling thread may run on, one bit each; 0 only asks. The old mask.
pub fn set_affinity(mask: u64) -> Result<u64, Error> {
    plain(Syscall::ThreadAffinity, [0, mask, 0, 0, 0, 0]).map(|(old, _)| old)
}
