//! Random system calls: arguments that make sense often enough to get somewhere.

use super::random::Random;
use crate::hosted::{DATA, Smp};
use crate::object::{ProcessId, ThreadId};
use crate::tests::kit::{BYTES, ENVELOPE, envelope_bytes};
use crate::{UserSlice, Writable};
use abi::{Envelope, Gift, Handle, ObjectKind, Rights, Syscall};

/// A call with everything that is in registers.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) number: u64,
    pub(super) arguments: Vec<u64>,
    pub(super) envelope: u64,
}

/// A call for this thread. What it points at is written into the thread's memory.
pub(super) fn any(smp: &mut Smp, me: ThreadId, random: &mut Random) -> Call {
    let call = match random.below(3) {
        0 => random.one_of(OFTEN),
        _ => random.one_of(Syscall::ALL),
    };
    if spared(call, random) {
        return Call { number: random.one_of(&[0, 127, u64::MAX]), arguments: vec![], envelope: 0 };
    }
    let envelope = prepare(smp, me, random);
    let arguments = arguments(smp, me, call, random);
    let fatal = matches!(call, Syscall::ProcessKill | Syscall::FaultRaise | Syscall::ThreadKill);
    if fatal && is_first(smp, me) && !random.once_in(40) {
        return Call { number: Syscall::Yield as u64, arguments: vec![], envelope: 0 };
    }
    Call { number: call as u64, arguments, envelope }
}

/// Whether the thread is of the first program, which takes the machine along when it dies.
pub(super) fn is_first(smp: &Smp, me: ThreadId) -> bool {
    smp.kernel.processes[smp.kernel.threads[me].process].pid == 1
}

/// What makes things happen.
const OFTEN: &[Syscall] = &[
    Syscall::Call,
    Syscall::Send,
    Syscall::Recv,
    Syscall::Reply,
    Syscall::ReplyRecv,
    Syscall::Signal,
    Syscall::Wait,
    Syscall::Yield,
    Syscall::ThreadAffinity,
    Syscall::ThreadResume,
    Syscall::MemoryLend,
    Syscall::Map,
];

/// Calls that end a run, or after which hardly anything happens: seldom or never.
fn spared(call: Syscall, random: &mut Random) -> bool {
    match call {
        Syscall::Shutdown => true,
        Syscall::ProcessSuspend | Syscall::ProcessKill | Syscall::ProcessDispatch => {
            !random.once_in(12)
        }
        Syscall::Sleep | Syscall::ThreadKill | Syscall::ThreadSuspend | Syscall::FaultRaise => {
            !random.once_in(6)
        }
        _ => false,
    }
}

/// A handle of the process, good or stale.
fn any_handle(smp: &Smp, process: ProcessId, random: &mut Random) -> u64 {
    let generation = random.below(8).saturating_sub(5);
    let used = u64::from(smp.kernel.processes[process].handles.used());
    random.below(used + 3) | generation << Handle::SLOT_BITS
}

/// A handle of the process to memory, if it has one: calls with others are refused at once.
fn memory_handle(smp: &Smp, process: ProcessId, random: &mut Random) -> u64 {
    let (handles, chunks) = (&smp.kernel.processes[process].handles, &smp.kernel.chunks);
    let mut found = Vec::new();
    let mut slot = 0;
    while let Some((handle, entry)) = handles.next(chunks, slot) {
        if entry.object.kind() == ObjectKind::Memory {
            found.push(u64::from(handle.0));
        }
        slot = handle.slot() + 1;
    }
    if found.is_empty() || random.once_in(4) {
        return any_handle(smp, process, random);
    }
    random.one_of(&found)
}

/// A reply token of some thread's last call.
fn token(smp: &Smp, random: &mut Random) -> u64 {
    let threads = &smp.kernel.threads;
    let count = threads.ids().count() as u64;
    let index = usize::try_from(random.below(count)).unwrap();
    let id = threads.ids().nth(index).unwrap();
    threads[id].token.value()
}

fn arguments(smp: &Smp, me: ThreadId, call: Syscall, random: &mut Random) -> Vec<u64> {
    let own = smp.kernel.threads[me].process;
    let h = any_handle(smp, own, random);
    let g = any_handle(smp, own, random);
    let time = smp.kernel.machine.now_ns + random.below(2000);
    let address = DATA + random.one_of(&[0x10_0000, 0x10_1000, 0x20_0000, 0x40_0000, 0]);
    let pages = random.below(4);
    // All of the object whose pages can be one large page.
    let mapped = if random.once_in(6) { 512 } else { pages };
    let other = if random.below(2) == 0 { 0 } else { g };
    let bits = random.below(8);
    match call {
        Syscall::Call | Syscall::Send => vec![h, bits, 1, 2, 3],
        Syscall::Reply | Syscall::ReplyWaits => vec![token(smp, random), bits],
        Syscall::ReplyRecv => vec![token(smp, random), bits | h << 32],
        Syscall::HandleCopy if random.once_in(2) => {
            vec![memory_handle(smp, own, random), 0x3ff, 0]
        }
        Syscall::HandleCopy => vec![h, random.below(1024), bits / 4],
        Syscall::HandleGive => vec![g, h, random.below(1024), 0],
        Syscall::Wait | Syscall::TimerArm => vec![h, random.one_of(&[time, 0, u64::MAX])],
        Syscall::Sleep => vec![time],
        Syscall::UpcallRegister => {
            let stack = random.one_of(&[0, DATA + 0x4000, 0x6666_0000]);
            let size = random.one_of(&[0, 0x1000, u64::MAX]);
            vec![h, 0x40_0100, stack, bits, size, random.below(4)]
        }
        Syscall::UpcallReturn => vec![(DATA + 0x4000 - 160) & !15],
        Syscall::MemoryCreate => vec![pages],
        Syscall::MemoryLend => {
            let memory = memory_handle(smp, own, random);
            vec![memory, random.below(2), pages, random.one_of(&[1, 3, 5])]
        }
        Syscall::HandleClose if random.once_in(2) => vec![memory_handle(smp, own, random)],
        Syscall::Map => {
            let memory = memory_handle(smp, own, random);
            let first = if mapped == 512 { 0 } else { random.below(2) };
            vec![other, memory, address, first, mapped, random.one_of(&[1, 3, 5])]
        }
        Syscall::Unmap | Syscall::Protect => vec![other, address, mapped, random.one_of(&[1, 3])],
        Syscall::ProcessCreate => vec![BYTES, 5, BYTES + 64, h, 1],
        Syscall::ProcessFaults => vec![other, h, bits],
        Syscall::ProcessTrace => vec![other, h, bits, random.below(32)],
        Syscall::ProcessDispatch => vec![g, h, bits],
        Syscall::ProcessMemory => vec![g, address, BYTES, random.below(5000), bits & 1],
        Syscall::ProcessHandles => vec![g, random.below(70), BYTES, random.below(40)],
        // Never its own: a filter cannot be taken back.
        Syscall::ProcessFilter => vec![g, u64::MAX, u64::MAX],
        Syscall::ProcessKill | Syscall::ProcessSuspend => vec![g, bits],
        Syscall::ThreadCreate => vec![other, 0x40_0000, DATA + 0x6000, 0, 26 + random.below(7)],
        Syscall::ThreadPriority => vec![h, 26 + random.below(7)],
        Syscall::ThreadAffinity => vec![h, random.below(16)],
        Syscall::ThreadRegisters | Syscall::ThreadDebug => vec![h, BYTES + 512, bits & 1],
        Syscall::TimerCreate | Syscall::LifelineCreate | Syscall::Signal => vec![h, bits],
        Syscall::ProcessFind => vec![1, random.below(9)],
        Syscall::IrqCreate => vec![1, random.below(17), g, bits],
        Syscall::FaultRaise => vec![random.below(9), BYTES, 8],
        Syscall::ContextCreate | Syscall::ContextConfigure => {
            let (budget, period) = (random.one_of(&[10_000, 20_000]), random.one_of(&[20_000, 1]));
            let first = if call == Syscall::ContextCreate { 1 } else { h };
            vec![first, budget, period, 26 + random.below(7), random.below(2)]
        }
        Syscall::ContextBind => vec![h, other, random.below(2)],
        Syscall::ThreadPassive => vec![other, random.below(2)],
        Syscall::PortWriteBytes => vec![h, 0, BYTES, 8],
        Syscall::LogWrite => vec![BYTES, random.below(64)],
        _ => vec![h, bits],
    }
}

/// Puts an envelope and what calls point at into the thread's memory; the envelope's address.
fn prepare(smp: &mut Smp, me: ThreadId, random: &mut Random) -> u64 {
    let process = smp.kernel.threads[me].process;
    let page = UserSlice::<Writable>::new(ENVELOPE, 8192).unwrap();
    if smp.kernel.check_user(process, page).is_err() || random.once_in(2) {
        return random.one_of(&[0, 0, 0, 0, 0, 0, 0, 8, 0x6666_0000, u64::MAX]);
    }
    let mut poke = |address, bytes: &[u8]| {
        let slice = UserSlice::new(address, bytes.len() as u64).unwrap();
        smp.kernel.write_user(process, slice, bytes).unwrap();
    };
    poke(BYTES, b"child");
    let halves = [40_u32, 8, 3, 12, random.one_of(&[26, 32]), 0];
    let bytes: Vec<u8> = halves.iter().flat_map(|half| half.to_le_bytes()).collect();
    poke(BYTES + 64, &bytes);
    let handle = u32::try_from(any_handle(smp, process, random)).unwrap();
    let moved = u16::try_from(random.below(2)).unwrap();
    // The last holder of a lifeline may arrive without the right that makes it one.
    let rights = random.one_of(&[Rights::ALL.0, Rights::TRANSFER.0]);
    let gift = Gift { handle: if random.once_in(3) { handle } else { 0 }, rights, moved };
    let now = smp.kernel.machine.now_ns;
    let envelope = Envelope {
        send_address: random.one_of(&[BYTES, BYTES, BYTES, 0x6666_0000]),
        send_len: random.one_of(&[0, 0, 8, 100]),
        receive_address: random.one_of(&[BYTES + 128, BYTES + 128, 0x6666_0000]),
        receive_capacity: random.one_of(&[0, 64, 200]),
        deadline_ns: random.one_of(&[now + 500, now + 50, u64::MAX, 0]),
        gifts: [gift, Gift::default(), Gift::default(), Gift::default()],
        ..Envelope::EMPTY
    };
    let slice = UserSlice::new(ENVELOPE, Envelope::SIZE as u64).unwrap();
    smp.kernel.write_user(process, slice, &envelope_bytes(&envelope)).unwrap();
    // With and without a word about what is in it, true or not.
    ENVELOPE + random.below(4)
}
