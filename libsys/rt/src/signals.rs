//! POSIX signals on upcalls: numbers, handlers, masks.
//!
//! Bit n of the `signals` notification is signal n. Programs that were started without it
//! (servers) have no signals: everything here still works, and nothing ever comes.
//! `proc` learns what a program handles through its own interface (`proc-api`); here is
//! only what happens when a signal arrives.
//!
//! ```
//! use rt::signals::{Signal, handle, ignore};
//! handle(Signal::INT, |signal| assert_eq!(signal.name(), Some("INT")));
//! ignore(Signal::TERM);
//! ```
//!
//! A handler runs on the program's first thread, between any two of its instructions, and
//! may do everything but wait for what that thread would do next. It may log and allocate.

use core::cell::RefCell;
use critical_section::Mutex;
use sys::upcall::SavedFrame;
use sys::{Error, Notification};

/// Signals have numbers below this.
pub const SIGNALS: usize = 32;

/// A signal, by its POSIX number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Signal(pub u8);

macro_rules! signals {
    ($($(#[$doc:meta])* $name:ident = $number:literal,)*) => {
        impl Signal {
            $($(#[$doc])* pub const $name: Self = Self($number);)*

            /// The name without `SIG`.
            #[must_use]
            pub fn name(self) -> Option<&'static str> {
                match self.0 { $($number => Some(stringify!($name)),)* _ => None }
            }

            /// The signal with this name, with or without `SIG`, or this number.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                let upper = text.to_uppercase();
                match upper.strip_prefix("SIG").unwrap_or(&upper) {
                    $(stringify!($name) => Some(Self::$name),)*
                    other => other.parse().ok().filter(|number| (1..32).contains(number)).map(Self),
                }
            }
        }
    };
}

signals! {
    /// The terminal hung up.
    HUP = 1,
    /// Ctrl-C.
    INT = 2,
    /// Quit with a record.
    QUIT = 3,
    /// An instruction that does not exist.
    ILL = 4,
    /// A breakpoint.
    TRAP = 5,
    /// The program gave itself up.
    ABRT = 6,
    /// A misaligned access.
    BUS = 7,
    /// An arithmetic error.
    FPE = 8,
    /// Ends at once; cannot be handled.
    KILL = 9,
    /// For the program's own use.
    USR1 = 10,
    /// A bad memory access.
    SEGV = 11,
    /// For the program's own use.
    USR2 = 12,
    /// Nobody reads what is written.
    PIPE = 13,
    /// A timer.
    ALRM = 14,
    /// Please end.
    TERM = 15,
    /// A child ended or stopped.
    CHLD = 17,
    /// Go on.
    CONT = 18,
    /// Stops at once; cannot be handled.
    STOP = 19,
    /// Ctrl-Z.
    TSTP = 20,
}

impl Signal {
    /// Its bit in masks and in the notification.
    #[must_use]
    pub fn bit(self) -> u64 {
        1u64.checked_shl(self.0.into()).unwrap_or(0)
    }

    /// Whether a program cannot change what it does.
    #[must_use]
    pub fn is_fixed(self) -> bool {
        matches!(self, Self::KILL | Self::STOP)
    }

    /// Whether nothing happens when it comes and no handler is set.
    #[must_use]
    pub fn is_harmless(self) -> bool {
        matches!(self, Self::CHLD | Self::CONT)
    }
}

/// What happens when a signal comes.
#[derive(Clone, Copy, Debug, Default)]
pub enum Action {
    /// Ends the program with `abi::KILLED` plus the number, unless it is harmless.
    #[default]
    Default,
    /// Nothing.
    Ignore,
    /// Runs a function.
    Handle(fn(Signal)),
}

static ACTIONS: Mutex<RefCell<[Action; SIGNALS]>> =
    Mutex::new(RefCell::new([Action::Default; SIGNALS]));

/// Sets what happens; the action before. Fixed signals and unknown numbers change nothing.
pub fn set(signal: Signal, action: Action) -> Action {
    critical_section::with(|section| {
        let mut actions = ACTIONS.borrow_ref_mut(section);
        match actions.get_mut(usize::from(signal.0)) {
            Some(place) if !signal.is_fixed() => core::mem::replace(place, action),
            _ => Action::Default,
        }
    })
}

/// Runs a function when the signal comes.
pub fn handle(signal: Signal, handler: fn(Signal)) {
    set(signal, Action::Handle(handler));
}

/// Ignores the signal.
pub fn ignore(signal: Signal) {
    set(signal, Action::Ignore);
}

/// Goes back to what happens by default.
pub fn default(signal: Signal) {
    set(signal, Action::Default);
}

/// Signals in the mask stay pending until they are unmasked; the old mask.
pub fn mask(mask: u64) -> Result<u64, Error> {
    sys::upcall::mask(mask)
}

/// What happens for a signal now.
#[must_use]
pub fn action(signal: Signal) -> Action {
    critical_section::with(|section| {
        let actions = ACTIONS.borrow_ref(section);
        actions.get(usize::from(signal.0)).copied().unwrap_or_default()
    })
}

/// Registers the upcall when the program was given a `signals` notification.
pub(crate) fn start() -> Result<(), Error> {
    let Some(handle) = sys::start::take_handle("signals") else { return Ok(()) };
    let bell = Notification::from(handle);
    sys::upcall::register(&bell, deliver, 0)?;
    // The kernel keeps the object; the handle stays open as long as the program runs.
    core::mem::forget(bell);
    Ok(())
}

fn deliver(bits: u64, _interrupted: &SavedFrame) {
    for number in (0..32u8).filter(|number| bits & 1 << number != 0) {
        act(Signal(number));
    }
}

fn act(signal: Signal) {
    match action(signal) {
        Action::Handle(handler) => handler(signal),
        Action::Ignore => {}
        Action::Default if signal.is_harmless() => {}
        Action::Default => sys::exit(abi::KILLED + u64::from(signal.0)),
    }
}

#[cfg(test)]
mod tests {
    use super::{Action, Signal, act, action, set};
    use std::sync::atomic::{AtomicU8, Ordering};

    #[test]
    fn names_and_numbers() {
        assert_eq!(Signal::parse("SIGINT"), Some(Signal::INT));
        assert_eq!(Signal::parse("kill"), Some(Signal::KILL));
        assert_eq!(Signal::parse("15"), Some(Signal::TERM));
        assert_eq!(Signal::parse("16"), Some(Signal(16)));
        for bad in ["", "0", "32", "-1", "SIG", "FOO", "SIGSIGINT"] {
            assert_eq!(Signal::parse(bad), None, "{bad}");
        }
        assert_eq!((Signal(9).name(), Signal(16).name()), (Some("KILL"), None));
        assert_eq!((Signal::INT.bit(), Signal(200).bit()), (4, 0));
    }

    #[test]
    fn handlers_are_set_run_and_put_back() {
        static SEEN: AtomicU8 = AtomicU8::new(0);
        let before = set(Signal::USR1, Action::Handle(|s| SEEN.store(s.0, Ordering::Relaxed)));
        assert!(matches!(before, Action::Default));
        act(Signal::USR1);
        assert_eq!(SEEN.load(Ordering::Relaxed), 10);
        assert!(matches!(set(Signal::USR1, Action::Ignore), Action::Handle(_)));
        act(Signal::USR1);
        act(Signal::CHLD);
    }

    #[test]
    fn fixed_signals_stay_as_they_are() {
        set(Signal::KILL, Action::Ignore);
        set(Signal(77), Action::Ignore);
        assert!(matches!(action(Signal::KILL), Action::Default));
        assert!(matches!(action(Signal(77)), Action::Default));
    }
}
