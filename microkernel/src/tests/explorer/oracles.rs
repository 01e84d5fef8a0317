//! What the history of a run forbids, beside the invariants of each state.
//!
//! | fault | what would show it |
//! |---|---|
//! | a token answers another call | one token, two threads |
//! | a stop after a call that was never made or was not watched | a thread stops so |
//! | a badge given without the right to | a listener set with a badge, by a handle without `MINT` |
//! | a message that looks like the kernel's | a call with a reserved label is taken |
//! | an exit that other CPUs can keep from its end | shared work is left after its last iteration |
//! | an error that a program does not expect | a call ends with one that its page does not list |

use super::calls::Call;
use crate::hosted::{Hosted, Place, Smp};
use crate::kernel::Kernel;
use crate::machine::CpuId;
use crate::object::{Entry, Life, Reason, State, ThreadId};
use abi::{Error, Handle, KERNEL_LABELS, Rights, Syscall, TraceStage};
use std::collections::{HashMap, HashSet};

/// What was seen so far.
#[derive(Default)]
pub(super) struct History {
    /// Who waited for the answer that a token gives.
    tokens: HashMap<u64, ThreadId>,
    /// Threads that have made a watched call and were not in user mode since.
    in_watched_call: HashSet<ThreadId>,
}

impl History {
    /// A thread makes a call. It is watched if the thread has no plain calls.
    pub(super) fn calls(&mut self, smp: &Smp, me: ThreadId) {
        if smp.kernel.objects.threads[me].calls.plain_end == 0 {
            self.in_watched_call.insert(me);
        } else {
            self.in_watched_call.remove(&me);
        }
    }

    /// Looks at the machine after a step.
    pub(super) fn check(&mut self, smp: &Smp) {
        let threads = &smp.kernel.objects.threads;
        for id in threads.ids() {
            let thread = &threads[id];
            if let State::AwaitReply(_) = thread.state {
                let token = thread.ipc.token.value();
                let first = *self.tokens.entry(token).or_insert(id);
                assert_eq!(first, id, "the token {token:#x} is given a second time");
            }
            let reason = thread.faults.unanswered.as_ref().map(|fault| fault.reason);
            if let Some(Reason::Trace(TraceStage::Exit | TraceStage::Step)) = reason {
                let may = self.in_watched_call.contains(&id);
                assert!(
                    may,
                    "{id:?} stops after a call that it did not make, or that was not watched"
                );
            }
        }
        for place in &smp.places {
            if let Place::User(id) = place {
                self.in_watched_call.remove(id);
            }
        }
    }
}

/// After a pass: an exit that has taken its iterations has put all other shared work off.
pub(super) fn check_postponed(smp: &Smp, cpu: CpuId) {
    let iterations = smp.kernel.cpu(cpu).exit_iterations;
    if smp.place(cpu) == Place::Window && iterations >= smp.kernel.sched.shared_iterations {
        let left = smp.kernel.read_work(cpu) & Kernel::<Hosted>::SHARED_MASK;
        assert_eq!(left, 0, "{cpu:?} goes on with shared work after {iterations} iterations");
    }
}

/// Why a call must be refused, whatever else is true.
pub(super) fn forbidden(smp: &Smp, me: ThreadId, call: &Call) -> Option<&'static str> {
    let at = |index: usize| call.arguments.get(index).copied().unwrap_or(0);
    let number = Syscall::from_number(call.number)?;
    let process = &smp.kernel.objects.processes[smp.kernel.objects.threads[me].process];
    // Its tracer may have changed the call.
    if process.supervision.watch.any() || smp.kernel.objects.threads[me].upcall.is_some() {
        return None;
    }
    let entry = |handle: u64| -> Option<Entry> {
        process.handles.get(&smp.kernel.objects.chunks, Handle(u32::try_from(handle).ok()?)).ok()
    };
    match number {
        Syscall::Call | Syscall::Send => {
            is_reserved(at(1)).then_some("a message with a label of the kernel is taken")
        }
        // Stops name their thread in the badge, so they are badges of their own in any case.
        Syscall::ProcessFaults | Syscall::ProcessTrace | Syscall::ProcessDispatch => {
            let line = entry(at(1))?;
            let chosen = at(2) != 0 || number != Syscall::ProcessFaults;
            let is_own = number == Syscall::ProcessFaults && at(2) == line.badge;
            let may = is_own || line.rights.contains(Rights::MINT) && line.badge == 0;
            (chosen && !may).then_some("a badge is given without the right to")
        }
        _ => None,
    }
}

fn is_reserved(label: u64) -> bool {
    let label = u32::try_from(label & 0xffff_ffff).unwrap();
    label >= KERNEL_LABELS
}

/// Whether the thread's call was taken: it waits, or its status is 0.
pub(super) fn was_taken(smp: &Smp, me: ThreadId) -> bool {
    let threads = &smp.kernel.objects.threads;
    threads.ids().any(|id| id == me) && !threads[me].dead && {
        let waits = matches!(threads[me].state, State::Sending(_) | State::AwaitReply(_));
        waits || threads[me].state == State::Ready && threads[me].frame.number_status == 0
    }
}

/// Whether nothing but the kernel answers the thread's calls.
pub(super) fn is_plain(smp: &Smp, me: ThreadId) -> bool {
    let thread = &smp.kernel.objects.threads[me];
    !smp.kernel.objects.processes[thread.process].supervision.watch.any() && thread.upcall.is_none()
}

/// The error with which a call came back at once.
pub(super) fn error_of(smp: &Smp, me: ThreadId, call: &Call) -> Option<(Syscall, Error)> {
    let number = Syscall::from_number(call.number)?;
    let thread = smp.kernel.objects.threads.get(me)?;
    // A thread of a killed process stays with its call's number in the status register.
    let is_over = !thread.dead
        && smp.kernel.objects.processes[thread.process].life == Life::Alive
        && thread.state == State::Ready
        && thread.operation.is_none()
        && thread.faults.raised.is_none()
        && thread.work.0 == 0;
    // The registers that an upcall returns to have no status.
    if !is_over || number == Syscall::UpcallReturn {
        return None;
    }
    Some((number, Error::from_status(thread.frame.number_status)?))
}
