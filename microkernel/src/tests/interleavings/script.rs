//! Threads as scripts of system calls.

use crate::hosted::{Smp, VECTOR_BYTES};
use crate::machine::{Access, CpuId};
use crate::object::{Fault, ThreadId};
use abi::{Error, Syscall};

/// An argument of a call.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value {
    /// This number.
    Is(u64),
    /// The token of the message that the thread received last.
    Token,
}

/// One step of a program.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// A system call.
    Call(Syscall, Vec<Value>, u64),
    /// A read or a write of an address.
    Touch(u64, Access),
    /// A use of the vector registers: what is in each of them before and after.
    Vector(u8, u8),
    /// Something wrong.
    Fault(Fault),
}

/// A call with plain arguments.
pub(super) fn call(call: Syscall, arguments: &[u64]) -> Step {
    Step::Call(call, arguments.iter().copied().map(Value::Is).collect(), 0)
}

/// The same with an envelope at this address.
pub(super) fn call_with(call: Syscall, arguments: &[u64], envelope: u64) -> Step {
    Step::Call(call, arguments.iter().copied().map(Value::Is).collect(), envelope)
}

/// Answers the message received last, and waits for the next one.
pub(super) fn reply_receive(endpoint: u64) -> Step {
    Step::Call(Syscall::ReplyRecv, vec![Value::Token, Value::Is(endpoint << 32)], 0)
}

/// Answers the message received last.
pub(super) fn reply() -> Step {
    Step::Call(Syscall::Reply, vec![Value::Token], 0)
}

/// The end of a script: the thread stops itself for ever.
pub(super) fn park() -> Step {
    call(Syscall::ThreadSuspend, &[0])
}

/// How a call ended: its status and first value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Ended(pub(super) Option<Error>, pub(super) u64);

/// How far a thread is in its script.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Progress {
    /// The next step.
    pub(super) at: usize,
    /// How its calls ended, as far as it saw it.
    pub(super) ended: Vec<Ended>,
}

impl Progress {
    pub(super) const START: Self = Self { at: 0, ended: Vec::new() };

    /// Notes how the last call ended; the thread runs again.
    fn see(&mut self, smp: &Smp, thread: ThreadId) {
        if self.at > self.ended.len() {
            let frame = &smp.kernel.objects.threads[thread].frame;
            self.ended.push(Ended(Error::from_status(frame.number_status), frame.value0));
        }
    }

    /// Makes the next step of the script on the CPU that runs the thread.
    pub(super) fn step(&mut self, script: &[Step], smp: &mut Smp, cpu: CpuId) {
        let thread = smp.running(cpu).expect("only running threads make steps");
        self.see(smp, thread);
        let token = smp.kernel.objects.threads[thread].frame.envelope_token;
        let step = &script[self.at];
        self.at += 1;
        match step {
            Step::Call(call, arguments, envelope) => {
                let value = |value: &Value| match value {
                    Value::Is(number) => *number,
                    Value::Token => token,
                };
                let arguments: Vec<u64> = arguments.iter().map(value).collect();
                smp.syscall(cpu, *call as u64, &arguments, *envelope);
            }
            Step::Touch(address, access) => {
                let worked = smp.touch(cpu, *address, *access);
                self.ended.push(Ended(None, u64::from(worked)));
            }
            Step::Vector(found, put) => match smp.vector(cpu) {
                Some(registers) => {
                    assert_eq!(*registers, [*found; VECTOR_BYTES], "registers of another thread");
                    registers.fill(*put);
                    self.ended.push(Ended(None, 0));
                }
                // It was stopped at it: the same step again.
                None => self.at -= 1,
            },
            Step::Fault(fault) => smp.fault(cpu, fault),
        }
    }
}
