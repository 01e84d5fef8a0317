//! Which call comes next, with which arguments.

use super::arguments::arguments;
use super::memory::{self, Place};
use crate::random::Random;
use abi::Syscall;

/// A call with all its registers.
pub(super) struct Choice {
    pub(super) number: u64,
    pub(super) values: [u64; 2],
    pub(super) words: [u64; 7],
    pub(super) envelope: Option<Place>,
}

/// What makes threads meet.
const OFTEN: [Syscall; 16] = [
    Syscall::Call,
    Syscall::Call,
    Syscall::Send,
    Syscall::Recv,
    Syscall::Recv,
    Syscall::Reply,
    Syscall::ReplyRecv,
    Syscall::ReplyRecv,
    Syscall::Signal,
    Syscall::Wait,
    Syscall::LifelineCreate,
    Syscall::Bind,
    Syscall::Map,
    Syscall::Unmap,
    Syscall::Yield,
    Syscall::TimerArm,
];

/// Numbers of calls that there are not, or not in this form.
const WRONG: [u64; 6] = [0, 9, 127, 128, 1 << 32 | 1, u64::MAX];

/// Any call.
pub(super) fn any(random: &mut Random) -> Choice {
    let list: &[Syscall] = if random.below(2) == 0 { &OFTEN } else { Syscall::ALL };
    let call = random.of(list).copied().unwrap_or(Syscall::Yield);
    if random.below(400) == 0 || is_spared(call, random) {
        // An impossible number ends a process that has no handler for faults.
        let end = if random.below(16) == 0 { 6 } else { 3 };
        let number = WRONG.get(..end).and_then(|all| random.of(all)).copied().unwrap_or(0);
        return Choice { number, values: [random.any(); 2], words: [0; 7], envelope: None };
    }
    let [a0, a1, a2, a3, a4, a5] = arguments(call, random);
    let envelope = is_message(call).then(|| envelope(call, random)).flatten();
    let spare = [random.any(), 0, random.any()];
    Choice {
        number: call as u64,
        values: [a0, a1],
        words: [a2, a3, a4, a5, spare[0], spare[1], spare[2]],
        envelope,
    }
}

fn is_message(call: Syscall) -> bool {
    use Syscall::{Call, Recv, Reply, ReplyRecv, Send};
    matches!(call, Call | Send | Recv | Reply | ReplyRecv)
}

/// Without one, a call waits for ever, and the short way is taken.
fn envelope(call: Syscall, random: &mut Random) -> Option<Place> {
    let none = match call {
        Syscall::Call | Syscall::ReplyRecv => random.below(3) == 0,
        Syscall::Reply => random.below(2) == 0,
        _ => random.below(12) == 0,
    };
    (!none).then(|| memory::envelope(random))
}

/// Calls after which hardly anything happens in this process: seldom.
fn is_spared(call: Syscall, random: &mut Random) -> bool {
    let once_in = match call {
        Syscall::ProcessKill
        | Syscall::FaultRaise
        | Syscall::ProcessFilter
        | Syscall::ProcessDispatch => 12,
        Syscall::ProcessSuspend | Syscall::LogWrite => 8,
        Syscall::ThreadKill | Syscall::ThreadSuspend | Syscall::ProcessCreate => 3,
        _ => 1,
    };
    random.below(once_in) != 0
}
