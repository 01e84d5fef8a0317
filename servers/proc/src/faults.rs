//! What a fault becomes: a signal, and a handler or the end.

use abi::FaultKind;
use proc_api::{Disposition, Signal};

/// The signal that a fault becomes.
pub fn signal_of(kind: FaultKind) -> Signal {
    match kind {
        FaultKind::Page | FaultKind::Protection => Signal::Segment,
        FaultKind::IllegalInstruction => Signal::Illegal,
        FaultKind::Arithmetic => Signal::Arithmetic,
        FaultKind::Debug => Signal::Trap,
        FaultKind::Alignment | FaultKind::NoMemory | FaultKind::Machine => Signal::Bus,
        FaultKind::Panic => Signal::Abort,
        FaultKind::Syscall => Signal::System,
    }
}

/// What happens to a program that faulted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultAction {
    /// Its handler runs, then the instruction again.
    Handle,
    /// It ends.
    Kill,
}

/// Remembers the last fault, so that a handler that does not help ends the program
/// instead of running for ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FaultMemory {
    last: Option<(u64, u64)>,
}

impl FaultMemory {
    /// Decides about a fault at an instruction, over an address.
    pub fn decide(
        &mut self,
        disposition: Disposition,
        instruction: u64,
        address: u64,
    ) -> FaultAction {
        let again = self.last.replace((instruction, address)) == Some((instruction, address));
        if disposition == Disposition::Handled && !again {
            FaultAction::Handle
        } else {
            FaultAction::Kill
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{FaultAction, FaultMemory, signal_of};
    use abi::FaultKind;
    use proc_api::{Disposition, Signal};

    #[test]
    fn faults_become_the_usual_signals() {
        assert_eq!(signal_of(FaultKind::Page), Signal::Segment);
        assert_eq!(signal_of(FaultKind::IllegalInstruction), Signal::Illegal);
        assert_eq!(signal_of(FaultKind::Arithmetic), Signal::Arithmetic);
    }

    #[test]
    fn only_a_handler_that_helps_lets_it_go_on() {
        let mut memory = FaultMemory::default();
        let mut at = |instruction| memory.decide(Disposition::Handled, instruction, 0);
        assert_eq!(at(1), FaultAction::Handle);
        assert_eq!(at(2), FaultAction::Handle);
        assert_eq!(at(2), FaultAction::Kill);
    }

    #[test]
    fn without_a_handler_it_ends_and_ignoring_does_not_help() {
        for disposition in [Disposition::Default, Disposition::Ignore] {
            assert_eq!(FaultMemory::default().decide(disposition, 1, 0), FaultAction::Kill);
        }
    }
}
