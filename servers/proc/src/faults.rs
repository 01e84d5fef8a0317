//! What a fault becomes: a signal, and a handler or the end.

use abi::FaultKind;
use proc_api::Signal;

/// The signal that a fault becomes.
pub fn signal_of(kind: FaultKind) -> Signal {
    match kind {
        FaultKind::Page | FaultKind::Protection => Signal::SEGV,
        FaultKind::IllegalInstruction => Signal::ILL,
        FaultKind::Arithmetic => Signal::FPE,
        FaultKind::Debug => Signal::TRAP,
        FaultKind::Alignment | FaultKind::NoMemory | FaultKind::Machine => Signal::BUS,
        FaultKind::Panic => Signal::ABRT,
        FaultKind::Syscall => Signal::SYS,
        FaultKind::TimeOut => Signal::XCPU,
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
    /// Decides about a fault at an instruction, over an address, whose signal has a handler
    /// and is not blocked, or not. Traps and spent budgets do not count: what they are at is over
    /// or not to blame.
    pub fn decide(
        &mut self,
        kind: Option<FaultKind>,
        handled: bool,
        instruction: u64,
        address: u64,
    ) -> FaultAction {
        let blamed = !matches!(kind, Some(FaultKind::Debug | FaultKind::TimeOut));
        let place = blamed.then_some((instruction, address));
        let before = core::mem::replace(&mut self.last, place);
        let again = place.is_some() && before == place;
        if handled && !again { FaultAction::Handle } else { FaultAction::Kill }
    }
}

#[cfg(test)]
mod tests {
    use super::{FaultAction, FaultMemory, signal_of};
    use abi::FaultKind;
    use proc_api::Signal;

    #[test]
    fn faults_become_the_usual_signals() {
        assert_eq!(signal_of(FaultKind::Page), Signal::SEGV);
        assert_eq!(signal_of(FaultKind::IllegalInstruction), Signal::ILL);
        assert_eq!(signal_of(FaultKind::Arithmetic), Signal::FPE);
        assert_eq!(signal_of(FaultKind::Alignment), Signal::BUS);
        assert_eq!(signal_of(FaultKind::Debug), Signal::TRAP);
    }

    #[test]
    fn only_a_handler_that_helps_lets_it_go_on() {
        let mut memory = FaultMemory::default();
        let mut at = |kind, instruction| memory.decide(Some(kind), true, instruction, 0);
        assert_eq!(at(FaultKind::Page, 1), FaultAction::Handle);
        assert_eq!(at(FaultKind::Page, 2), FaultAction::Handle);
        assert_eq!(at(FaultKind::Page, 2), FaultAction::Kill);
        assert_eq!(at(FaultKind::TimeOut, 3), FaultAction::Handle);
        assert_eq!(at(FaultKind::TimeOut, 3), FaultAction::Handle, "a loop without a call");
        assert_eq!(at(FaultKind::Debug, 3), FaultAction::Handle);
        assert_eq!(at(FaultKind::Debug, 3), FaultAction::Handle, "a breakpoint in a loop");
    }

    #[test]
    fn without_a_handler_it_ends() {
        let kind = Some(FaultKind::Page);
        assert_eq!(FaultMemory::default().decide(kind, false, 1, 0), FaultAction::Kill);
    }
}
