//! Faults as messages, and what a handler can do.

use crate::bench::{Bench, Check, Outcome, SMALL, SOON_NS, after};
use crate::child::Child;
use abi::{FAULT_LABEL, KILLED, Syscall};
use alloc::format;
use sys::hazard::{self, Instruction};
use sys::{
    Endpoint, Failure, FaultKind, FaultReply, Incoming, Memory, Message, Protection, Received,
};

pub(super) const CHECKS: &[Check] = &[
    ("fault-read-fault-tells-its-address", read_fault),
    ("fault-write-fault-tells-that-it-wrote", write_fault),
    ("fault-jump-to-no-code-is-fetch-fault", fetch_fault),
    ("fault-stack-is-not-executable", no_execute),
    ("fault-programs-code-is-not-writable", no_write),
    ("fault-handler-maps-page-and-resumes", map_and_resume),
    ("fault-handler-goes-on-elsewhere", resume_at),
    ("fault-handler-kills", handler_kills),
    ("fault-without-handler-kills", no_handler),
    ("fault-with-dead-handler-kills", dead_handler),
    ("fault-undefined-instruction-is-told", |bench| {
        tells(bench, Instruction::Undefined, FaultKind::IllegalInstruction)
    }),
    ("fault-division-by-zero-is-told", |bench| {
        tells(bench, Instruction::Divide, FaultKind::Arithmetic)
    }),
    ("fault-breakpoint-is-told", |bench| tells(bench, Instruction::Breakpoint, FaultKind::Debug)),
    ("fault-privileged-instructions-are-told", privileged),
    ("fault-stack-has-guard", stack_guard),
    ("exit-39-a-hidden-clock-is-a-fault-of-its-thread-alone", clock_hidden),
];

const HOLE: u64 = 0x6666_0000_0000;

fn faulty(
    bench: &Bench,
    role: &str,
    argument: u64,
) -> Result<(Endpoint, Child, Incoming), Failure> {
    let handler = Endpoint::create()?;
    let role = [role, &alloc::format!("{argument:#x}")];
    let child = bench.child_with(&role, &[], Some((&handler, 9)), SMALL)?;
    match handler.receive(after(SOON_NS), &mut [])? {
        Received::Message(message) => Ok((handler, child, message)),
        Received::Notified(_) => Err(Failure::from("no message")),
    }
}

fn answer(message: Incoming, reply: FaultReply, word: u64) {
    crate::peer::reply(message, Message::new(reply as u32, [word, 0, 0, 0, 0, 0, 0]));
}

/// A page fault with this code and address.
fn page_fault(bench: &Bench, role: &str, address: u64, code: u64) -> Outcome {
    let (_handler, child, message) = faulty(bench, role, address)?;
    let [kind, found_code, found_address, _, _, pid, _] = message.words;
    bench.same("label and badge", (message.label, message.badge), (FAULT_LABEL, 9))?;
    bench.same(
        "kind, code, address",
        (kind, found_code, found_address),
        (FaultKind::Page as u64, code, address),
    )?;
    bench.same("process", pid, child.process.info()?.pid.into())?;
    answer(message, FaultReply::Kill, 0);
    bench.same("recorded", child.end()?.fault, FaultKind::Page as u64)
}

/// In a child: the clock is read, hidden, and read again.
pub(crate) fn hidden_clock() {
    let before = hazard::ticks();
    let hidden = hazard::plain(Syscall::ThreadClock as u64, [0; 6]);
    if (hidden.status, hidden.value0) == (0, 1) && hazard::ticks() > before {
        rt::exit(1);
    }
}

fn clock_hidden(bench: &Bench) -> Outcome {
    let (_handler, child, message) = faulty(bench, "hidden-clock", 0)?;
    // The handler runs on the same CPU perhaps, and reads its own.
    let (first, second) = (hazard::ticks(), hazard::ticks());
    let kind = message.words[0];
    answer(message, FaultReply::Kill, 0);
    child.end()?;
    bench.same("kind", kind, FaultKind::Protection as u64)?;
    bench.hold("others read it", second >= first && first > 0)
}

fn read_fault(bench: &Bench) -> Outcome {
    page_fault(bench, "read", HOLE + 0x123, 0)
}

fn write_fault(bench: &Bench) -> Outcome {
    page_fault(bench, "write", HOLE + 0x456, 1)
}

fn fetch_fault(bench: &Bench) -> Outcome {
    page_fault(bench, "jump", HOLE + 0x789, 2)
}

fn no_execute(bench: &Bench) -> Outcome {
    page_fault(bench, "jump", abi::STACK_TOP - 4096, 2)
}

fn no_write(bench: &Bench) -> Outcome {
    page_fault(bench, "write", abi::IMAGE_BASE, 1)
}

fn map_and_resume(bench: &Bench) -> Outcome {
    let (_handler, child, message) = faulty(bench, "write", HOLE + 8)?;
    let memory = Memory::create(1)?;
    child.process.map(&memory, HOLE, 0, 1, Protection::ReadWrite)?;
    answer(message, FaultReply::Resume, 0);
    bench.same("status", child.status()?, 0)?;
    let mut byte = [0];
    memory.map_own(Protection::Read)?.read_at(8, &mut byte)?;
    bench.same("what it wrote", byte, [1])
}

fn resume_at(bench: &Bench) -> Outcome {
    let (handler, child, message) = faulty(bench, "read", HOLE)?;
    answer(message, FaultReply::ResumeAt, HOLE + 0x1000);
    let Received::Message(second) = handler.receive(after(SOON_NS), &mut [])? else {
        return bench.hold("a message", false);
    };
    let found = (second.words[1], second.words[2]);
    answer(second, FaultReply::Kill, 0);
    child.end()?;
    bench.same("code and address", found, (2, HOLE + 0x1000))
}

fn handler_kills(bench: &Bench) -> Outcome {
    let (_handler, child, message) = faulty(bench, "read", HOLE)?;
    answer(message, FaultReply::Kill, 0);
    bench.hold("a status of the killed", child.status()? >= KILLED)
}

fn no_handler(bench: &Bench) -> Outcome {
    let info = bench.child(&["read", "0"], &[])?.end()?;
    bench.same("fault", info.fault, FaultKind::Page as u64)?;
    bench.hold("a status of the killed", info.status >= KILLED)
}

fn dead_handler(bench: &Bench) -> Outcome {
    let (handler, child, message) = faulty(bench, "read", HOLE)?;
    // The child is resumed, faults again, and has no handler any more.
    answer(message, FaultReply::Resume, 0);
    drop(handler);
    bench.hold("a status of the killed", child.status()? >= KILLED)
}

fn fault_of(bench: &Bench, instruction: Instruction) -> Result<Option<FaultKind>, Failure> {
    let info = bench.child(&["instruction", instruction.name()], &[])?.end()?;
    Ok(FaultKind::from_number(info.fault))
}

fn tells(bench: &Bench, instruction: Instruction, kind: FaultKind) -> Outcome {
    bench.same("fault", fault_of(bench, instruction)?, Some(kind))
}

/// Nothing that a kernel does allows it to user mode: where it passes and others do not, an
/// emulator leaves its check out, as QEMU 10.0 does.
const CHECKED_BY_THE_CPU_ALONE: [Instruction; 1] = [Instruction::Caches];

fn privileged(bench: &Bench) -> Outcome {
    let others = [Instruction::Undefined, Instruction::Divide, Instruction::Breakpoint];
    for instruction in Instruction::ALL.iter().filter(|known| !others.contains(known)) {
        let found = fault_of(bench, *instruction)?;
        let allowed = [FaultKind::Protection, FaultKind::IllegalInstruction];
        if found.is_none() && CHECKED_BY_THE_CPU_ALONE.contains(instruction) {
            bench.tell(format!("{} passes: a gap of the emulator", instruction.name()));
            continue;
        }
        if !found.is_some_and(|kind| allowed.contains(&kind)) {
            return bench.same(instruction.name(), found, Some(FaultKind::Protection));
        }
    }
    bench.hold("all of them faulted", true)
}

fn stack_guard(bench: &Bench) -> Outcome {
    let (_handler, child, message) = faulty(bench, "stack", 0)?;
    let [kind, code, address, ..] = message.words;
    answer(message, FaultReply::Kill, 0);
    child.end()?;
    bench.same("kind and code", (kind, code), (FaultKind::Page as u64, 1))?;
    let bottom = abi::STACK_TOP - 8 * abi::PAGE_SIZE;
    bench.hold("just below the stack", (bottom - 4096..bottom).contains(&address))?;
    Ok(())
}
