//! Signals: names, numbers, what they do to a program that says nothing.

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

macro_rules! signals {
    ($($(#[$doc:meta])* $name:ident = $number:literal $text:literal $action:ident,)*) => {
        /// A signal; the numbers are the usual ones.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Signal { $($(#[$doc])* $name = $number,)* }

        impl Signal {
            /// All signals, by number.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The signal with this number.
            pub fn from_number(number: u8) -> Option<Self> {
                match number { $($number => Some(Self::$name),)* _ => None }
            }

            /// Its name, without `SIG`.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// What it does where the program set nothing else.
            pub fn default_action(self) -> DefaultAction {
                match self { $(Self::$name => DefaultAction::$action,)* }
            }
        }
    };
}

signals! {
    /// The line is gone.
    Hangup = 1 "HUP" Terminate,
    /// Ctrl-C.
    Interrupt = 2 "INT" Terminate,
    /// Ctrl-\.
    Quit = 3 "QUIT" Terminate,
    /// An instruction that does not exist.
    Illegal = 4 "ILL" Terminate,
    /// A breakpoint.
    Trap = 5 "TRAP" Terminate,
    /// It gave up by itself.
    Abort = 6 "ABRT" Terminate,
    /// A misaligned access.
    Bus = 7 "BUS" Terminate,
    /// Division by zero and the like.
    Arithmetic = 8 "FPE" Terminate,
    /// The end; cannot be handled.
    Kill = 9 "KILL" Terminate,
    /// The program's own.
    User1 = 10 "USR1" Terminate,
    /// A wrong memory access.
    Segment = 11 "SEGV" Terminate,
    /// The program's own.
    User2 = 12 "USR2" Terminate,
    /// Please end.
    Terminate = 15 "TERM" Terminate,
    /// A program that it started has ended.
    Child = 17 "CHLD" Ignore,
    /// Go on.
    Continue = 18 "CONT" Continue,
    /// Stop; cannot be handled.
    Stop = 19 "STOP" Stop,
    /// Ctrl-Z.
    TerminalStop = 20 "TSTP" Stop,
    /// An impossible system call.
    System = 31 "SYS" Terminate,
}

impl Signal {
    /// The signal with this name or number: `9`, `KILL`, `sigkill`, each with or without `-`.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix('-').unwrap_or(text);
        if let Ok(number) = text.parse() {
            return Self::from_number(number);
        }
        let has_prefix = text.get(..3).is_some_and(|head| head.eq_ignore_ascii_case("sig"));
        let name = if has_prefix { text.get(3..)? } else { text };
        Self::ALL.iter().copied().find(|signal| signal.name().eq_ignore_ascii_case(name))
    }

    /// Its number.
    pub fn number(self) -> u8 {
        self as u8
    }

    /// Its bit in a program's `signals` notification.
    pub fn bit(self) -> u64 {
        1 << self.number()
    }

    /// Whether a program may choose what it does about it.
    pub fn can_be_handled(self) -> bool {
        !matches!(self, Self::Kill | Self::Stop)
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SIG{}", self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::Signal;

    #[test]
    fn names_and_numbers_are_read() {
        for text in ["9", "-9", "KILL", "-kill", "SIGKILL", "-SigKill"] {
            assert_eq!(Signal::parse(text), Some(Signal::Kill), "{text}");
        }
        for text in ["", "-", "0", "13", "99", "sig", "killer"] {
            assert_eq!(Signal::parse(text), None, "{text}");
        }
    }

    #[test]
    fn every_signal_is_found_by_its_number_and_name() {
        for signal in Signal::ALL {
            assert_eq!(Signal::from_number(signal.number()), Some(*signal));
            assert_eq!(Signal::parse(signal.name()), Some(*signal));
        }
    }
}
