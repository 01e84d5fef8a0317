//! What the tests of the table share.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use core::sync::atomic::{AtomicU64, Ordering};
use proc_api::signals::{Failed, Signals};
use proc_api::{
    Cause, ChildStatus, ExitStatus, Flags, Info, ProcClient, Signal, SignalSet, Target, WaitFor,
};
use sys::upcall::SavedFrame;

/// Why a test failed.
#[derive(Debug)]
pub(crate) struct Why(pub(crate) String);

impl From<Failed> for Why {
    fn from(error: Failed) -> Self {
        Self(error.to_string())
    }
}

impl From<sys::Error> for Why {
    fn from(error: sys::Error) -> Self {
        Self(error.to_string())
    }
}

pub(crate) type Outcome = Result<(), Why>;

/// Demands something.
pub(crate) fn ensure(holds: bool, what: &str) -> Outcome {
    if holds { Ok(()) } else { Err(Why(what.into())) }
}

/// Demands that two things are equal.
pub(crate) fn equal<T: PartialEq + core::fmt::Debug>(is: T, wanted: T) -> Outcome {
    if is == wanted { Ok(()) } else { Err(Why(format!("{is:?} instead of {wanted:?}"))) }
}

/// By this signal a child says that it is ready; blocked in every test.
pub(crate) const READY: Signal = Signal::RTMAX;
/// How long is waited for what must not happen.
pub(crate) const MOMENT_NS: u64 = 20_000_000;
/// How long is waited for what must happen.
const PATIENCE_NS: u64 = 20_000_000_000;

/// How often each signal's handler ran.
static COUNTS: [AtomicU64; 64] = [const { AtomicU64::new(0) }; 64];
/// The numbers of the signals whose handlers ran, six bits each, the last lowest.
static ORDER: AtomicU64 = AtomicU64::new(0);
/// Values of queued signals, eight bits each, the last lowest.
pub(crate) static VALUES: AtomicU64 = AtomicU64::new(0);

/// The handler of most tests: remembers what came.
pub(crate) fn note(info: &Info, _: &SavedFrame) {
    let number = info.signal.number();
    if let Some(count) = COUNTS.get(usize::from(number)) {
        count.fetch_add(1, Ordering::Relaxed);
    }
    let order = ORDER.load(Ordering::Relaxed);
    ORDER.store(order << 6 | u64::from(number), Ordering::Relaxed);
    if let Cause::Queued { value, .. } = info.cause {
        VALUES.store(VALUES.load(Ordering::Relaxed) << 8 | value & 0xff, Ordering::Relaxed);
    }
}

/// How often the handler of a signal ran.
pub(crate) fn count(signal: Signal) -> u64 {
    COUNTS.get(usize::from(signal.number())).map_or(0, |count| count.load(Ordering::Relaxed))
}

/// Demands that the handlers ran in this order, and no others.
pub(crate) fn ran(signals: &[Signal]) -> Outcome {
    let wanted = signals.iter().fold(0, |order, signal| order << 6 | u64::from(signal.number()));
    equal(ORDER.load(Ordering::Relaxed), wanted)
}

pub(crate) fn set(signals: &[Signal]) -> SignalSet {
    SignalSet::of(signals)
}

/// A test's program.
pub(crate) struct Context<'a> {
    pub(crate) signals: Signals,
    program: &'a str,
}

impl<'a> Context<'a> {
    pub(crate) fn new(env: &'a rt::Env) -> Result<Self, rt::Failure> {
        let signals = Signals::start(env)?;
        signals.block(set(&[READY]))?;
        Ok(Self { signals, program: env.name() })
    }

    pub(crate) fn me(&self) -> Result<u32, Why> {
        Ok(self.signals.quietly(|proc| proc.ids(0))?.pid)
    }

    /// Sends a signal; its handler, if it is the program's own, has run when this returns.
    pub(crate) fn kill(&self, pid: u32, signal: Signal) -> Outcome {
        Ok(self.signals.quietly(|proc| proc.kill(pid, signal.number()))?)
    }

    /// Sends it to this program.
    pub(crate) fn raise(&self, signal: Signal) -> Outcome {
        self.kill(self.me()?, signal)
    }

    pub(crate) fn queue(&self, pid: u32, signal: Signal, value: u64) -> Result<(), Failed> {
        self.signals.quietly(|proc| proc.sigqueue(pid, signal.number(), value))
    }

    /// Sets the handler that remembers.
    pub(crate) fn note(&self, signal: Signal, flags: Flags) -> Outcome {
        Ok(self.signals.handle(signal, flags, note).map(drop)?)
    }

    /// Starts this program as a child that does what its role says.
    pub(crate) fn child(&self, role: &str) -> Result<u32, Why> {
        let arguments = vec!["child".into(), role.into()];
        Ok(self.signals.quietly(|proc: &ProcClient| proc.spawn(self.program, arguments, false))?)
    }

    /// The same for one that says when it is ready.
    pub(crate) fn ready_child(&self, role: &str) -> Result<u32, Why> {
        let pid = self.child(role)?;
        self.wait_ready()?;
        Ok(pid)
    }

    /// Waits until a child says that it is ready: what it says.
    pub(crate) fn wait_ready(&self) -> Result<u64, Why> {
        let until = sys::clock().saturating_add(PATIENCE_NS);
        match self.signals.wait_until(set(&[READY]), until)?.map(|info| info.cause) {
            Some(Cause::Queued { value, .. }) => Ok(value),
            _ => Err(Why("the child is not ready".into())),
        }
    }

    /// Says to the parent that this child is ready.
    pub(crate) fn say_ready(&self, value: u64) -> Outcome {
        let parent = self.signals.quietly(|proc| proc.ids(0))?.parent;
        Ok(self.queue(parent, READY, value)?)
    }

    pub(crate) fn wait(&self, target: Target, what: WaitFor) -> Result<(u32, ChildStatus), Why> {
        match self.signals.wait_for(target, what)? {
            Some(waited) => Ok((waited.pid, waited.status)),
            None => Err(Why("nothing happened to a child".into())),
        }
    }

    /// Waits for the child's end.
    pub(crate) fn ended(&self, pid: u32) -> Result<ExitStatus, Why> {
        match self.wait(Target::Process(pid), WaitFor::default())?.1 {
            ChildStatus::Ended(status) => Ok(status),
            other => Err(Why(format!("{other:?} is no end"))),
        }
    }

    /// A child with this role must end so.
    pub(crate) fn ends(&self, role: &str, wanted: ExitStatus) -> Outcome {
        let pid = self.child(role)?;
        equal(self.ended(pid)?, wanted)
    }

    /// Ends a child.
    pub(crate) fn end(&self, pid: u32) -> Outcome {
        self.kill(pid, Signal::KILL)?;
        equal(self.ended(pid)?, ExitStatus::Killed(Signal::KILL.number()))
    }
}

/// Waits for what must not happen.
pub(crate) fn moment() {
    sys::sleep_for(MOMENT_NS);
}
