//! Random system calls: arguments that make sense often enough to get somewhere.

use super::random::Random;
use crate::hosted::{DATA, Smp};
use crate::object::{ProcessId, ThreadId};
use crate::tests::kit::{BYTES, ENVELOPE, envelope_bytes};
use crate::{UserSlice, Writable};
use abi::{
    Envelope, FAULT_LABEL, Handle, HandleTransfer, NOTIFIED_LABEL, ObjectKind as Kind, Rights,
    Syscall, TRACE_LABEL,
};

/// Where a large page can be mapped, and how long it is.
pub(super) const LARGE: u64 = 0x4000_0000;
const LARGE_BYTES: u64 = 0x20_0000;

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
    smp.kernel.objects.processes[smp.kernel.objects.threads[me].process].pid == 1
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
    Syscall::Unmap,
    Syscall::Bind,
    Syscall::LifelineCreate,
    Syscall::HandleClose,
    Syscall::IoMap,
];

/// Calls that end a run, or after which hardly anything happens: seldom or never.
fn spared(call: Syscall, random: &mut Random) -> bool {
    match call {
        Syscall::Shutdown => true,
        Syscall::ProcessSuspend | Syscall::ProcessDispatch => !random.once_in(12),
        Syscall::ProcessKill => !random.once_in(8),
        Syscall::Sleep | Syscall::ThreadKill | Syscall::ThreadSuspend | Syscall::FaultRaise => {
            !random.once_in(6)
        }
        _ => false,
    }
}

/// A handle of the process, good or stale.
fn any_handle(smp: &Smp, process: ProcessId, random: &mut Random) -> u64 {
    let generation = random.below(8).saturating_sub(5);
    let used = u64::from(smp.kernel.objects.processes[process].handles.used());
    random.below(used + 3) | generation << Handle::SLOT_BITS
}

/// A handle of the process of this kind, if it has one: calls with others are refused at once.
fn handle_of(smp: &Smp, process: ProcessId, kind: Kind, random: &mut Random) -> u64 {
    if random.once_in(8) {
        return any_handle(smp, process, random);
    }
    let (handles, chunks) =
        (&smp.kernel.objects.processes[process].handles, &smp.kernel.objects.chunks);
    let mut found = Vec::new();
    let mut slot = 0;
    while let Some((handle, entry)) = handles.next(chunks, slot..u16::MAX) {
        if entry.object.kind() == kind {
            found.push(u64::from(handle.0));
        }
        slot = handle.slot() + 1;
    }
    if found.is_empty() { any_handle(smp, process, random) } else { random.one_of(&found) }
}

/// A notification: most often the one that all processes know, where ends and waits meet.
fn bell_of(smp: &Smp, process: ProcessId, random: &mut Random) -> u64 {
    if random.once_in(3) {
        return handle_of(smp, process, Kind::Notification, random);
    }
    let (handles, chunks) =
        (&smp.kernel.objects.processes[process].handles, &smp.kernel.objects.chunks);
    let mut slot = 0;
    while let Some((handle, entry)) = handles.next(chunks, slot..u16::MAX) {
        if entry.object.kind() == Kind::Notification {
            return u64::from(handle.0);
        }
        slot = handle.slot() + 1;
    }
    0
}

/// A reply token of some thread's last call.
fn token(smp: &Smp, random: &mut Random) -> u64 {
    let threads = &smp.kernel.objects.threads;
    let count = threads.ids().count() as u64;
    let index = usize::try_from(random.below(count)).unwrap();
    let id = threads.ids().nth(index).unwrap();
    threads[id].ipc.token.value()
}

/// A label: an answer to a stop or fault, most often; now and then one of the kernel's own.
fn label(random: &mut Random) -> u64 {
    let reserved = [NOTIFIED_LABEL, FAULT_LABEL, TRACE_LABEL, TRACE_LABEL + 1];
    if random.once_in(12) { random.one_of(&reserved).into() } else { random.below(4) }
}

/// Where things are mapped: the edges of pages and tables, address 0.
fn address(random: &mut Random) -> u64 {
    match random.below(8) {
        0 => random.one_of(&[0, 0x1000, 0xf000, 0x1_0000]),
        1 | 2 => LARGE + random.below(2) * LARGE_BYTES,
        3 => LARGE + random.one_of(&[0x1000, 0x1f_f000, 0x20_1000]),
        _ => DATA + random.one_of(&[0x10_0000, 0x10_1000, 0x20_0000, 0x40_0000, 0]),
    }
}

/// A handler's stack: the current one, mapped, unmapped, or too low for what goes onto it.
fn stack_top(random: &mut Random) -> u64 {
    match random.below(4) {
        0 => random.one_of(&[8, 128, 160, 168, 288, 0x1000, 0x1_0008]),
        1 => DATA + 0x4000,
        2 => 0x6666_0000,
        _ => 0,
    }
}

fn arguments(smp: &Smp, me: ThreadId, call: Syscall, random: &mut Random) -> Vec<u64> {
    let own = smp.kernel.objects.threads[me].process;
    let of = |kind, random: &mut Random| handle_of(smp, own, kind, random);
    let now = smp.kernel.machine.now_ns;
    let time = now + random.below(2000);
    let bits = random.below(8);
    let r = random;
    match call {
        Syscall::Call | Syscall::Send | Syscall::Recv => {
            vec![of(Kind::Endpoint, r), label(r), 1, 2, 3]
        }
        Syscall::Reply | Syscall::ReplyWaits => vec![token(smp, r), label(r)],
        Syscall::ReplyRecv => vec![token(smp, r), label(r) | of(Kind::Endpoint, r) << 32],
        Syscall::HandleCopy if r.once_in(2) => vec![of(Kind::Memory, r), 0x3ff, 0],
        Syscall::HandleCopy => vec![any_handle(smp, own, r), r.below(1024), bits / 4],
        Syscall::HandleGive => {
            vec![of(Kind::Process, r), any_handle(smp, own, r), r.below(1024), 0]
        }
        Syscall::Wait => vec![of(Kind::Notification, r), r.one_of(&[time, 0, u64::MAX])],
        Syscall::TimerArm => vec![of(Kind::Timer, r), r.one_of(&[time, 0, u64::MAX])],
        Syscall::Sleep => vec![time],
        Syscall::Bind if r.once_in(4) => vec![0],
        Syscall::Bind => vec![bell_of(smp, own, r)],
        Syscall::UpcallRegister => {
            let (stack, size) = (stack_top(r), r.one_of(&[0, 0x1000, u64::MAX]));
            vec![bell_of(smp, own, r), 0x40_0100, stack, bits, size, r.below(4)]
        }
        Syscall::UpcallReturn => vec![(DATA + 0x4000 - 160) & !15],
        Syscall::MemoryCreate => {
            let payer = if r.once_in(2) { 0 } else { of(Kind::Process, r) };
            vec![r.below(4), payer, r.one_of(&[0, 0, 1, 2])]
        }
        Syscall::MemoryLend => {
            vec![of(Kind::Memory, r), r.below(2), r.below(4), r.one_of(&[1, 3, 5])]
        }
        Syscall::HandleClose if r.once_in(2) => vec![of(Kind::Memory, r)],
        Syscall::Map if r.once_in(4) => {
            // One large page, if the memory lies so.
            let at = LARGE + r.below(2) * LARGE_BYTES;
            vec![0, of(Kind::Memory, r), at, 512 * r.below(2), 512, 3]
        }
        Syscall::Map => {
            let (other, memory) = (or_self(smp, own, r), of(Kind::Memory, r));
            vec![other, memory, address(r), r.below(2), r.below(4), r.one_of(&[1, 3, 5])]
        }
        Syscall::Unmap | Syscall::Protect => {
            let pages = if r.once_in(6) { 512 } else { r.below(4) };
            vec![or_self(smp, own, r), address(r), pages, r.one_of(&[1, 3])]
        }
        Syscall::ProcessCreate => vec![BYTES, 5, BYTES + 64, of(Kind::Notification, r), 1],
        Syscall::ProcessFaults => vec![or_self(smp, own, r), of(Kind::Endpoint, r), bits],
        Syscall::ProcessTrace => {
            vec![or_self(smp, own, r), of(Kind::Endpoint, r), bits, r.below(32)]
        }
        Syscall::ProcessDispatch => vec![of(Kind::Process, r), of(Kind::Endpoint, r), bits],
        Syscall::ProcessMemory => {
            vec![of(Kind::Process, r), address(r), BYTES, r.below(5000), bits & 1]
        }
        Syscall::ProcessHandles => vec![of(Kind::Process, r), r.below(70), BYTES, r.below(40)],
        // Never its own: a filter cannot be taken back.
        Syscall::ProcessFilter => vec![of(Kind::Process, r), u64::MAX, u64::MAX],
        // Its own, too: what it made must not outlive it unseen.
        Syscall::ProcessKill if r.once_in(3) => vec![0, bits],
        Syscall::ProcessKill | Syscall::ProcessSuspend | Syscall::ProcessResume => {
            vec![of(Kind::Process, r), bits]
        }
        Syscall::ProcessThread => vec![of(Kind::Process, r), r.below(4)],
        Syscall::ThreadCreate => {
            let stack = r.one_of(&[DATA + 0x6000, DATA + 0x6000, 288, 0]);
            vec![or_self(smp, own, r), 0x40_0000, stack, 0, 26 + r.below(7)]
        }
        Syscall::ThreadResume | Syscall::ThreadSuspend | Syscall::ThreadKill => {
            vec![of(Kind::Thread, r)]
        }
        Syscall::ThreadPriority => vec![of(Kind::Thread, r), 26 + r.below(7)],
        Syscall::ThreadAffinity => vec![of(Kind::Thread, r), r.below(16)],
        Syscall::ThreadRegisters | Syscall::ThreadDebug => {
            vec![of(Kind::Thread, r), BYTES + 512, bits & 1]
        }
        Syscall::LifelineCreate => vec![bell_of(smp, own, r), bits],
        Syscall::TimerCreate | Syscall::Signal | Syscall::CallsWatch => {
            vec![of(Kind::Notification, r), bits]
        }
        Syscall::LifelineHeld => vec![of(Kind::Lifeline, r)],
        Syscall::ProcessFind => vec![1, r.below(9)],
        Syscall::IrqCreate => {
            vec![of(Kind::Resource, r), r.below(17), of(Kind::Notification, r), bits]
        }
        Syscall::MsiCreate => {
            vec![of(Kind::Resource, r), r.below(5), of(Kind::Notification, r), bits]
        }
        Syscall::IrqAck | Syscall::IrqInfo => vec![of(Kind::Irq, r)],
        Syscall::IoSpaceCreate => {
            let (limit, flags) = (r.one_of(&[1, 4, 600]), r.one_of(&[1, 1, 1, 0, 2]));
            vec![of(Kind::Resource, r), r.below(3), limit, flags]
        }
        Syscall::IoMap => {
            let pages = r.one_of(&[1, 2, 3, 512]);
            let (space, memory) = (of(Kind::IoSpace, r), of(Kind::Memory, r));
            vec![space, memory, r.below(2), pages, r.one_of(&[1, 2, 3, 0])]
        }
        Syscall::IoUnmap => {
            let (address, pages) = mapping(smp, r);
            vec![of(Kind::IoSpace, r), address, pages]
        }
        Syscall::IoSpaceClear => vec![of(Kind::IoSpace, r)],
        Syscall::FaultRaise => vec![r.below(9), BYTES, 8],
        Syscall::ContextCreate | Syscall::ContextConfigure => {
            let (budget, period) = (r.one_of(&[10_000, 20_000]), r.one_of(&[20_000, 1]));
            let first = if call == Syscall::ContextCreate { 1 } else { of(Kind::SchedContext, r) };
            vec![first, budget, period, 26 + r.below(7), r.below(2)]
        }
        Syscall::ContextBind => {
            let thread = if r.once_in(2) { 0 } else { of(Kind::Thread, r) };
            vec![of(Kind::SchedContext, r), thread, r.below(2)]
        }
        Syscall::ThreadPassive => {
            vec![if r.once_in(2) { 0 } else { of(Kind::Thread, r) }, r.below(2)]
        }
        Syscall::PortWriteBytes => vec![of(Kind::Port, r), 0, BYTES, 8],
        Syscall::LogWrite => vec![BYTES, r.below(64)],
        _ => vec![any_handle(smp, own, r), bits],
    }
}

/// Where something is mapped for a device, and how much.
fn mapping(smp: &Smp, random: &mut Random) -> (u64, u64) {
    let spaces = &smp.kernel.objects.io_spaces;
    let mappings = spaces.ids().flat_map(|id| spaces[id].mappings());
    let mut all: Vec<_> = mappings.map(|it| (it.address, u64::from(it.pages))).collect();
    all.push((0x1000, 1));
    random.one_of(&all)
}

/// A handle to some process, or 0 for the caller's own.
fn or_self(smp: &Smp, own: ProcessId, random: &mut Random) -> u64 {
    if random.once_in(2) { 0 } else { handle_of(smp, own, Kind::Process, random) }
}

/// Puts an envelope and what calls point at into the thread's memory; the envelope's address.
fn prepare(smp: &mut Smp, me: ThreadId, random: &mut Random) -> u64 {
    let process = smp.kernel.objects.threads[me].process;
    let page = UserSlice::<Writable>::new(ENVELOPE, 8192).unwrap();
    if smp.kernel.memory().check_user(process, page).is_err() || random.once_in(2) {
        return random.one_of(&[0, 0, 0, 0, 0, 0, 0, 8, 0x6666_0000, u64::MAX]);
    }
    let mut poke = |address, bytes: &[u8]| {
        let slice = UserSlice::new(address, bytes.len() as u64).unwrap();
        smp.kernel.memory().write_user(process, slice, bytes).unwrap();
    };
    poke(BYTES, b"child");
    let halves = [40_u32, 8, 3, 12, random.one_of(&[26, 32]), 0];
    let bytes: Vec<u8> = halves.iter().flat_map(|half| half.to_le_bytes()).collect();
    poke(BYTES + 64, &bytes);
    // Most often something ends with it.
    let kind = random.one_of(&[Kind::Lifeline, Kind::Lifeline, Kind::Endpoint, Kind::Memory]);
    let handle = u32::try_from(handle_of(smp, process, kind, random)).unwrap();
    let moved = u16::try_from(random.below(3)).unwrap().min(1);
    // The last holder of a lifeline may arrive without the right that makes it one.
    let narrow = Rights::TRANSFER.bits();
    let rights = random.one_of(&[Rights::ALL.bits(), narrow, narrow]);
    let transfer =
        HandleTransfer { handle: if random.once_in(2) { handle } else { 0 }, rights, moved };
    let now = smp.kernel.machine.now_ns;
    let envelope = Envelope {
        send_address: random.one_of(&[BYTES, BYTES, BYTES, 0x6666_0000]),
        send_len: random.one_of(&[0, 0, 8, 100]),
        receive_address: random.one_of(&[BYTES + 128, BYTES + 128, 0x6666_0000]),
        receive_capacity: random.one_of(&[0, 64, 200]),
        deadline_ns: random.one_of(&[now + 500, now + 50, u64::MAX, 0]),
        transfers: [
            transfer,
            HandleTransfer::default(),
            HandleTransfer::default(),
            HandleTransfer::default(),
        ],
        ..Envelope::EMPTY
    };
    let slice = UserSlice::new(ENVELOPE, Envelope::SIZE as u64).unwrap();
    smp.kernel.memory().write_user(process, slice, &envelope_bytes(&envelope)).unwrap();
    // With and without a word about what is in it, true or not.
    ENVELOPE + random.below(4)
}
