//! Signals: names, numbers, what they do to a program that says nothing.

use alloc::borrow::Cow;
use core::fmt;

/// What a signal does where the program set nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefaultAction {
    /// Ends the program.
    Terminate,
    /// Nothing.
    Ignore,
    /// Stops it.
    Stop,
    /// Lets it go on.
    Continue,
}

/// A signal; the numbers are the usual ones. From [`Signal::RTMIN`] on each one that is sent
/// is queued with its value; below, one that is pending already takes in the next.
#[service::data]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Signal(u8);

macro_rules! signals {
    ($($(#[$doc:meta])* $name:ident = $number:literal $action:ident,)*) => {
        impl Signal {
            $($(#[$doc])* pub const $name: Self = Self($number);)*

            /// All signals that have names of their own, by number.
            pub const NAMED: &'static [Self] = &[$(Self::$name,)*];

            fn own_name(self) -> Option<&'static str> {
                match self { $(Self::$name => Some(stringify!($name)),)* _ => None }
            }

            /// What it does where the program set nothing else.
            pub fn default_action(self) -> DefaultAction {
                match self { $(Self::$name => DefaultAction::$action,)* _ => DefaultAction::Terminate }
            }
        }
    };
}

signals! {
    /// The terminal is gone.
    HUP = 1 Terminate,
    /// Ctrl-C.
    INT = 2 Terminate,
    /// Ctrl-\.
    QUIT = 3 Terminate,
    /// An instruction that does not exist.
    ILL = 4 Terminate,
    /// A breakpoint.
    TRAP = 5 Terminate,
    /// It gave up by itself.
    ABRT = 6 Terminate,
    /// A misaligned access.
    BUS = 7 Terminate,
    /// Division by zero and the like.
    FPE = 8 Terminate,
    /// The end; cannot be handled.
    KILL = 9 Terminate,
    /// The program's own.
    USR1 = 10 Terminate,
    /// A wrong memory access.
    SEGV = 11 Terminate,
    /// The program's own.
    USR2 = 12 Terminate,
    /// A write to a pipe without a reader.
    PIPE = 13 Terminate,
    /// An alarm.
    ALRM = 14 Terminate,
    /// Please end.
    TERM = 15 Terminate,
    /// A program that it started has ended, stopped or gone on.
    CHLD = 17 Ignore,
    /// Go on.
    CONT = 18 Continue,
    /// Stop; cannot be handled.
    STOP = 19 Stop,
    /// Ctrl-Z.
    TSTP = 20 Stop,
    /// A program in the background reads the terminal.
    TTIN = 21 Stop,
    /// A program in the background changes the terminal.
    TTOU = 22 Stop,
    /// Something urgent came.
    URG = 23 Ignore,
    /// Its budget of time is spent.
    XCPU = 24 Terminate,
    /// An impossible system call.
    SYS = 31 Terminate,
}

impl Signal {
    /// The first of the queued ones.
    pub const RTMIN: Self = Self(32);
    /// The last.
    pub const RTMAX: Self = Self(63);

    /// The signal with this number.
    pub fn from_number(number: u8) -> Option<Self> {
        let signal = Self(number);
        (signal.is_queued() || signal.own_name().is_some()).then_some(signal)
    }

    /// The signal with this name or number: `9`, `KILL`, `sigkill`, `RTMIN+3`, each with or
    /// without `-`.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix('-').unwrap_or(text);
        if let Ok(number) = text.parse() {
            return Self::from_number(number);
        }
        let upper = text.to_uppercase();
        let name = upper.strip_prefix("SIG").unwrap_or(&upper);
        if let Some(rest) = name.strip_prefix("RTMIN") {
            let offset =
                rest.strip_prefix('+').map_or(rest.is_empty().then_some(0), |n| n.parse().ok());
            let number = Self::RTMIN.0.checked_add(offset?)?;
            return Some(Self(number)).filter(|signal| signal.is_queued());
        }
        Self::NAMED.iter().copied().find(|signal| signal.own_name() == Some(name))
    }

    /// Its name, without `SIG`.
    pub fn name(self) -> Cow<'static, str> {
        match self.own_name() {
            Some(name) => name.into(),
            None => alloc::format!("RTMIN+{}", self.0.saturating_sub(Self::RTMIN.0)).into(),
        }
    }

    /// Its number.
    pub const fn number(self) -> u8 {
        self.0
    }

    /// Whether each one that is sent is kept, with its value, in order.
    pub fn is_queued(self) -> bool {
        (Self::RTMIN..=Self::RTMAX).contains(&self)
    }

    /// Whether a program may choose what it does about it, and when.
    pub fn can_be_handled(self) -> bool {
        !matches!(self, Self::KILL | Self::STOP)
    }

    /// Whether it stops programs by default.
    pub fn stops(self) -> bool {
        self.default_action() == DefaultAction::Stop
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SIG{}", self.name())
    }
}

/// Some signals. The set that no program can block is never in one that came from a program.
#[service::data]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct SignalSet(u64);

impl SignalSet {
    /// None.
    pub const EMPTY: Self = Self(0);
    /// All.
    pub const ALL: Self = Self(u64::MAX - 1);

    /// These.
    pub fn of(signals: &[Signal]) -> Self {
        signals.iter().fold(Self::EMPTY, |set, signal| set.with(*signal))
    }

    /// With this one.
    #[must_use]
    pub const fn with(self, signal: Signal) -> Self {
        Self(self.0 | 1 << (signal.0 & 63))
    }

    /// Without this one.
    #[must_use]
    pub const fn without(self, signal: Signal) -> Self {
        Self(self.0 & !(1 << (signal.0 & 63)))
    }

    /// With all of those.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Without those.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Those that are in both.
    #[must_use]
    pub const fn common(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// What is left when it is used as a mask: some signals cannot be blocked.
    #[must_use]
    pub const fn as_mask(self) -> Self {
        self.without(Signal::KILL).without(Signal::STOP)
    }

    /// Whether this one is in it.
    pub const fn contains(self, signal: Signal) -> bool {
        self.0 & 1 << (signal.0 & 63) != 0
    }

    /// Whether none is.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// By number.
    pub fn iter(self) -> impl Iterator<Item = Signal> {
        let mut left = self.common(Self::ALL).0;
        core::iter::from_fn(move || {
            let lowest = (left != 0).then(|| left.trailing_zeros().to_le_bytes()[0]);
            left &= left.wrapping_sub(1);
            lowest.map(Signal)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Signal, SignalSet};

    #[test]
    fn names_and_numbers_are_read() {
        for text in ["9", "-9", "KILL", "-kill", "SIGKILL", "-SigKill"] {
            assert_eq!(Signal::parse(text), Some(Signal::KILL), "{text}");
        }
        for text in ["40", "RTMIN+8", "sigrtmin+8"] {
            assert_eq!(Signal::parse(text), Signal::from_number(40), "{text}");
        }
        for text in ["", "-", "0", "16", "64", "99", "sig", "killer", "RTMIN+32", "RTMINx"] {
            assert_eq!(Signal::parse(text), None, "{text}");
        }
        assert_eq!(Signal::parse("RTMIN"), Some(Signal::RTMIN));
    }

    #[test]
    fn every_signal_is_found_by_its_number_and_name() {
        for signal in (0..=255).filter_map(Signal::from_number) {
            assert_eq!(Signal::parse(&signal.name()), Some(signal));
            assert!(SignalSet::ALL.contains(signal));
        }
        assert_eq!(Signal::NAMED.len(), 24);
    }

    #[test]
    fn sets() {
        let set = SignalSet::of(&[Signal::INT, Signal::KILL, Signal::RTMAX]);
        assert!(set.iter().eq([Signal::INT, Signal::KILL, Signal::RTMAX]));
        assert!(set.as_mask().iter().eq([Signal::INT, Signal::RTMAX]));
        assert!(set.minus(set).is_empty());
        assert_eq!(set.common(SignalSet::ALL), set);
    }
}
