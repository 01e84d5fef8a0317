//! What a program does about each signal.

use proc_api::{DefaultAction, Disposition, Signal};

/// What `proc` does to deliver a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Ends the program.
    Terminate,
    /// Nothing.
    Ignore,
    /// Stops it.
    Stop,
    /// Lets it go on.
    Continue,
    /// Sets the signal's bit: its handler runs.
    Notify,
    /// Lets it go on, and its handler runs.
    ContinueAndNotify,
}

/// The dispositions of one program. A new program handles nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dispositions {
    /// Signals as bits.
    ignored: u64,
    handled: u64,
}

impl Dispositions {
    /// What the program set for a signal.
    pub fn get(&self, signal: Signal) -> Disposition {
        if self.handled & signal.bit() != 0 {
            Disposition::Handled
        } else if self.ignored & signal.bit() != 0 {
            Disposition::Ignore
        } else {
            Disposition::Default
        }
    }

    /// Sets it: what it was, or `None` for the two signals that nobody can change.
    pub fn set(&mut self, signal: Signal, disposition: Disposition) -> Option<Disposition> {
        if !signal.can_be_handled() {
            return None;
        }
        let before = self.get(signal);
        self.handled &= !signal.bit();
        self.ignored &= !signal.bit();
        match disposition {
            Disposition::Default => {}
            Disposition::Ignore => self.ignored |= signal.bit(),
            Disposition::Handled => self.handled |= signal.bit(),
        }
        Some(before)
    }

    /// What to do when the signal comes.
    pub fn action(&self, signal: Signal) -> Action {
        let goes_on = signal == Signal::Continue;
        match (self.get(signal), signal.default_action()) {
            (Disposition::Handled, _) if goes_on => Action::ContinueAndNotify,
            (Disposition::Handled, _) => Action::Notify,
            // Ignoring SIGCONT does not keep a program stopped.
            (Disposition::Ignore, _) if goes_on => Action::Continue,
            (Disposition::Ignore, _) => Action::Ignore,
            (Disposition::Default, DefaultAction::Terminate) => Action::Terminate,
            (Disposition::Default, DefaultAction::Ignore) => Action::Ignore,
            (Disposition::Default, DefaultAction::Stop) => Action::Stop,
            (Disposition::Default, DefaultAction::Continue) => Action::Continue,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Action, Dispositions};
    use proc_api::{Disposition, Signal};

    #[test]
    fn a_new_program_does_what_signals_do_by_default() {
        let new = Dispositions::default();
        assert_eq!(new.action(Signal::Interrupt), Action::Terminate);
        assert_eq!(new.action(Signal::Kill), Action::Terminate);
        assert_eq!(new.action(Signal::Child), Action::Ignore);
        assert_eq!(new.action(Signal::Stop), Action::Stop);
        assert_eq!(new.action(Signal::TerminalStop), Action::Stop);
        assert_eq!(new.action(Signal::Continue), Action::Continue);
    }

    #[test]
    fn each_signal_has_its_own_and_tells_what_it_was() {
        let mut table = Dispositions::default();
        let set = table.set(Signal::Interrupt, Disposition::Handled);
        assert_eq!(set, Some(Disposition::Default));
        assert_eq!(table.action(Signal::Interrupt), Action::Notify);
        assert_eq!(table.action(Signal::Terminate), Action::Terminate);
        let set = table.set(Signal::Interrupt, Disposition::Ignore);
        assert_eq!(set, Some(Disposition::Handled));
        assert_eq!(table.action(Signal::Interrupt), Action::Ignore);
        let set = table.set(Signal::Interrupt, Disposition::Default);
        assert_eq!(set, Some(Disposition::Ignore));
        assert_eq!(table, Dispositions::default());
    }

    #[test]
    fn kill_and_stop_stay() {
        let mut table = Dispositions::default();
        for signal in [Signal::Kill, Signal::Stop] {
            for disposition in [Disposition::Ignore, Disposition::Handled] {
                assert_eq!(table.set(signal, disposition), None);
            }
        }
        assert_eq!(table, Dispositions::default());
    }

    #[test]
    fn cont_always_lets_it_go_on() {
        let mut table = Dispositions::default();
        table.set(Signal::Continue, Disposition::Ignore);
        assert_eq!(table.action(Signal::Continue), Action::Continue);
        table.set(Signal::Continue, Disposition::Handled);
        assert_eq!(table.action(Signal::Continue), Action::ContinueAndNotify);
    }
}
