//! Signals inside a program: handlers, masks, waits. POSIX's, on upcalls.
//!
//! ```no_run
//! use proc_api::signals::Signals;
//! use proc_api::{Flags, Signal};
//!
//! fn start(env: rt::Env) -> Result<(), rt::Failure> {
//!     let signals = Signals::start(&env)?;
//!     signals.handle(Signal::TERM, Flags::NONE, |info, _frame| {
//!         assert_eq!(info.signal, Signal::TERM);
//!         rt::exit(0)
//!     })?;
//!     sys::sleep_until(sys::FOREVER);
//!     Ok(())
//! }
//! # let _ = start;
//! ```
//!
//! # Shape
//! `proc` keeps dispositions, mask and pending signals, and rings the program's bell when
//! there is something for a handler. The bell diverts the thread that called
//! [`Signals::start`], between any two of its instructions; there the handler's signals are
//! fetched and the handler runs. All signals come to that thread; others can wait for signals
//! ([`Signals::wait`]). While signals are fetched, and while this module asks `proc`
//! something, the bell is held back, so that no answer is lost.
//!
//! A handler may allocate, log and call. Inside it, [`Signals::here`] is what it needs.
//!
//! # Errors
//! Blocking calls that a handler cut short fail with an error for which
//! [`Interruptible::was_interrupted`] holds; [`Signals::restarting`] makes them again after
//! handlers with [`Flags::RESTART`].

mod fetch;

use crate::{
    Action, Disposition, Flags, Info, MaskChange, ProcClient, ProcError, Signal, SignalSet, Target,
    WaitFor, Waited,
};
use core::sync::atomic::Ordering;
use fetch::{HANDLED, INTERRUPTING, STATE};
use service::CallError;
use sys::upcall::SavedFrame;
use sys::{Endpoint, Error, FOREVER, Notification, Rights};

/// What runs when a signal comes: about the signal, and the registers of what it interrupted.
pub type Handler = fn(&Info, &SavedFrame);

/// Why a call to `proc` failed.
pub type Failed = CallError<ProcError>;

/// The rights of the endpoint to `proc`, which a program may copy.
const OWN: Rights = Rights::SEND.union(Rights::TRANSFER);

/// An error that may mean that a handler cut a call short.
pub trait Interruptible {
    /// Whether it does.
    fn was_interrupted(&self) -> bool;
}

impl<E> Interruptible for CallError<E> {
    fn was_interrupted(&self) -> bool {
        matches!(self, Self::Interrupted)
    }
}

impl Interruptible for Error {
    fn was_interrupted(&self) -> bool {
        *self == Self::Interrupted
    }
}

/// The calling program's signals.
#[derive(Debug)]
pub struct Signals {
    proc: ProcClient,
}

impl Signals {
    /// Takes over the handles `proc` and `signals`. From now on signals with handlers divert
    /// the calling thread.
    ///
    /// # Errors
    /// In a program that `proc` did not start, or a second time.
    pub fn start(env: &rt::Env) -> Result<Self, rt::Failure> {
        let endpoint: Endpoint = env.handle("proc")?;
        let bell: Notification = env.handle("signals")?;
        let own = endpoint.copy(OWN)?;
        sys::upcall::register(&bell, fetch::deliver, u64::MAX)?;
        fetch::set(ProcClient::from_endpoint(endpoint), bell);
        sys::upcall::mask(0)?;
        Ok(Self { proc: ProcClient::from_endpoint(own) })
    }

    /// The same in a handler, where what it interrupted may be using the program's own;
    /// `None` before [`Signals::start`].
    #[must_use]
    pub fn here() -> Option<Self> {
        let endpoint = critical_section::with(|section| {
            STATE.borrow_ref(section).client.as_ref().map(copy_endpoint)
        });
        Some(Self { proc: ProcClient::from_endpoint(endpoint?.ok()?) })
    }

    /// The connection to `proc`. Calls that are made through it can be cut short by handlers;
    /// those of [`Signals::quietly`] cannot.
    #[must_use]
    pub fn proc(&self) -> &ProcClient {
        &self.proc
    }

    /// Makes a call that no handler cuts short: handlers run behind it. For calls that do not
    /// wait, such as `kill`: so it is known what came of them.
    pub fn quietly<T>(&self, call: impl FnOnce(&ProcClient) -> T) -> T {
        // Threads that are not diverted have no mask.
        let before = sys::upcall::mask(u64::MAX);
        let result = call(&self.proc);
        if let Ok(before) = before {
            let _ = sys::upcall::mask(before);
        }
        result
    }

    /// Sets a handler.
    ///
    /// # Errors
    /// For SIGKILL and SIGSTOP, and numbers that no signal has.
    pub fn handle(&self, signal: Signal, flags: Flags, handler: Handler) -> Result<Action, Failed> {
        self.handle_masked(signal, flags, SignalSet::EMPTY, handler)
    }

    /// Sets a handler that runs with these signals blocked too.
    ///
    /// # Errors
    /// As [`Signals::handle`].
    pub fn handle_masked(
        &self,
        signal: Signal,
        flags: Flags,
        mask: SignalSet,
        handler: Handler,
    ) -> Result<Action, Failed> {
        self.quietly(|proc| {
            let action = Action { disposition: Disposition::Handled, flags, mask };
            let before = proc.sigaction(signal.number(), action)?;
            fetch::set_handler(signal, handler);
            Ok(before)
        })
    }

    /// Ignores the signal; what it did before.
    ///
    /// # Errors
    /// As [`Signals::handle`].
    pub fn ignore(&self, signal: Signal) -> Result<Action, Failed> {
        self.set(signal, Disposition::Ignore, Flags::NONE)
    }

    /// Goes back to what happens by default; what it did before.
    ///
    /// # Errors
    /// As [`Signals::handle`].
    pub fn default(&self, signal: Signal) -> Result<Action, Failed> {
        self.set(signal, Disposition::Default, Flags::NONE)
    }

    /// Sets a disposition without a handler.
    ///
    /// # Errors
    /// As [`Signals::handle`].
    pub fn set(
        &self,
        signal: Signal,
        disposition: Disposition,
        flags: Flags,
    ) -> Result<Action, Failed> {
        let action = Action { disposition, flags, mask: SignalSet::EMPTY };
        self.quietly(|proc| proc.sigaction(signal.number(), action))
    }

    /// Blocks these signals too; what was blocked before.
    ///
    /// # Errors
    /// When `proc` is gone.
    pub fn block(&self, set: SignalSet) -> Result<SignalSet, Failed> {
        self.quietly(|proc| proc.sigprocmask(MaskChange::Block(set)))
    }

    /// Does not block these signals any more; what was blocked before.
    ///
    /// # Errors
    /// When `proc` is gone.
    pub fn unblock(&self, set: SignalSet) -> Result<SignalSet, Failed> {
        self.quietly(|proc| proc.sigprocmask(MaskChange::Unblock(set)))
    }

    /// Blocks these signals and no others; what was blocked before.
    ///
    /// # Errors
    /// When `proc` is gone.
    pub fn set_mask(&self, set: SignalSet) -> Result<SignalSet, Failed> {
        self.quietly(|proc| proc.sigprocmask(MaskChange::Set(set)))
    }

    /// Which signals wait to be unblocked.
    ///
    /// # Errors
    /// When `proc` is gone.
    pub fn pending(&self) -> Result<SignalSet, Failed> {
        self.quietly(ProcClient::sigpending)
    }

    /// Waits with this mask until a handler has run, then goes back to the mask before.
    ///
    /// # Errors
    /// When `proc` is gone.
    pub fn suspend(&self, mask: SignalSet) -> Result<(), Failed> {
        let before = HANDLED.load(Ordering::Relaxed);
        loop {
            match self.proc.sigsuspend(mask) {
                Ok(()) | Err(CallError::Interrupted) => {}
                Err(error) => return Err(error),
            }
            if HANDLED.load(Ordering::Relaxed) != before {
                return Ok(());
            }
        }
    }

    /// Waits for one of these signals and takes it, without a handler. They should be
    /// blocked, so that they wait for it.
    ///
    /// # Errors
    /// When another signal's handler cut it short.
    pub fn wait(&self, set: SignalSet) -> Result<Info, Failed> {
        self.restarting(|| self.proc.sigwait(set))
    }

    /// The same until a deadline; `None` when that came first.
    ///
    /// # Errors
    /// As [`Signals::wait`].
    pub fn wait_until(&self, set: SignalSet, deadline_ns: u64) -> Result<Option<Info>, Failed> {
        let answer = self.restarting(|| {
            let left = deadline_ns.saturating_sub(sys::clock());
            let endpoint = self.proc.endpoint().copy(OWN).map_err(CallError::Kernel)?;
            ProcClient::from_endpoint(endpoint).with_timeout(left).sigwait(set)
        });
        match answer {
            Ok(info) => Ok(Some(info)),
            Err(CallError::TimedOut) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Waits for something to happen to programs that this one started.
    ///
    /// # Errors
    /// When there are none, or a handler cut it short.
    pub fn wait_for(&self, target: Target, what: WaitFor) -> Result<Option<Waited>, Failed> {
        self.restarting(|| self.proc.wait_for(target, what))
    }

    /// Makes a call again as long as only handlers with [`Flags::RESTART`] cut it short.
    ///
    /// # Errors
    /// Those of the call.
    pub fn restarting<T, E: Interruptible>(
        &self,
        mut call: impl FnMut() -> Result<T, E>,
    ) -> Result<T, E> {
        let before = INTERRUPTING.load(Ordering::Relaxed);
        loop {
            match call() {
                Err(error)
                    if error.was_interrupted()
                        && INTERRUPTING.load(Ordering::Relaxed) == before => {}
                result => return result,
            }
        }
    }

    /// Sleeps until then.
    ///
    /// # Errors
    /// When a handler cut it short.
    pub fn sleep_until(&self, deadline_ns: u64) -> Result<(), Error> {
        self.restarting(|| sys::upcall::sleep_until(deadline_ns))
    }

    /// Waits until a handler has run.
    pub fn pause(&self) {
        let before = HANDLED.load(Ordering::Relaxed);
        while HANDLED.load(Ordering::Relaxed) == before {
            // It ends only by being cut short.
            let _ = sys::upcall::sleep_until(FOREVER);
        }
    }

    /// Creates a stack of `pages` pages, on which handlers with [`Flags::ONSTACK`] run from now
    /// on. It is never freed.
    ///
    /// # Errors
    /// When there is no memory, or not in the thread that called [`Signals::start`].
    pub fn alternate_stack(&self, pages: u64) -> Result<(), Error> {
        fetch::alternate_stack(pages)
    }

    /// Waits until this program may read the terminal: in the background it is stopped until
    /// someone brings it to the foreground.
    ///
    /// # Errors
    /// `Background` when it cannot be stopped, and when a handler of SIGTTIN ran.
    pub fn may_read(&self) -> Result<(), Failed> {
        let before = INTERRUPTING.load(Ordering::Relaxed);
        while !self.quietly(ProcClient::may_read)? {
            if INTERRUPTING.load(Ordering::Relaxed) != before {
                return Err(CallError::Interrupted);
            }
        }
        Ok(())
    }
}

fn copy_endpoint(client: &ProcClient) -> Result<Endpoint, Error> {
    client.endpoint().copy(OWN)
}
