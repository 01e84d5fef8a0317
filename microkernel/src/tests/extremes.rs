//! Every argument of every call at the values where arithmetic ends: nothing makes the core
//! panic, whatever the other arguments let it reach.
//!
//! Shape: one machine with an object of each kind, and for each call arguments that are good.
//! Each test starts from a copy of that machine and puts extreme values in their places.

use super::invariants::check;
use super::kit::{BYTES, CPU, ENVELOPE, boot, envelope_bytes};
use super::syscall_pages::assert_documented;
use crate::cpu::Context;
use crate::exit::Next;
use crate::hosted::{DATA, Driver, Hosted};
use crate::kernel::Kernel;
use crate::machine::{Access, Machine, PageSize, Pages};
use crate::mem::Memory;
use abi::{
    CompatCall, Envelope, FOREVER, HandleTransfer, Protection, SavedFrame, Syscall, USER_END,
};
use zerocopy::IntoBytes;

const EXTREMES: [u64; 15] = [
    0,
    1,
    7,
    8,
    160,
    4095,
    1 << 31,
    (1 << 32) - 1,
    1 << 47,
    USER_END - 8,
    USER_END,
    1 << 63,
    u64::MAX - 4095,
    u64::MAX - 7,
    u64::MAX,
];
/// Fewer, for combinations.
const WORST: [u64; 6] = [0, 1, (1 << 32) - 1, USER_END - 8, 1 << 63, u64::MAX];
const STACK: u64 = BYTES + 0x2000;
const HANDLER: u64 = 0x40_0100;

/// An object of each kind, by handle.
struct Objects {
    endpoint: u64,
    notification: u64,
    memory: u64,
    child: u64,
    thread: u64,
    timer: u64,
    irq: u64,
    ports: u64,
    context: u64,
    watch: u64,
    space: u64,
}

fn machine() -> (Driver, Objects) {
    let mut driver = boot();
    let notification = driver.make(Syscall::NotificationCreate, &[]);
    let (child, _) = driver.child(notification);
    let objects = Objects {
        endpoint: driver.make(Syscall::EndpointCreate, &[]),
        notification,
        memory: driver.make(Syscall::MemoryCreate, &[4]),
        child,
        thread: driver.thread(0, 20).0,
        timer: driver.make(Syscall::TimerCreate, &[notification, 1]),
        irq: driver.make(Syscall::IrqCreate, &[1, 5, notification, 1]),
        ports: driver.make(Syscall::PortCreate, &[1, 0x300, 8]),
        context: driver.make(Syscall::ContextCreate, &[1, 10_000, 20_000, 20, 0]),
        watch: driver.make(Syscall::LifelineCreate, &[notification, 1]),
        space: driver.make(Syscall::IoSpaceCreate, &[1, 0x10, 100, 1]),
    };
    driver.make(Syscall::MemoryDevice, &[1, 1 << 40, 16]);
    (driver, objects)
}

/// Shows a data page at address 0 too, which no program can ask for.
fn map_page_zero(driver: &mut Driver) {
    let process = driver.kernel.objects.threads[driver.running()].process;
    let frame = driver.kernel.memory().place(process, DATA + 0x7000, Access::Write).unwrap();
    let (size, protection) = (PageSize::Small, Protection::ReadWrite);
    let page = Pages { address: 0, frame, size, count: 1, protection, device: false };
    let Kernel { machine, objects, frames, .. } = &mut driver.kernel;
    let (processes, quotas) = (&mut objects.processes, &mut objects.quotas);
    let quota = processes[process].accounts.quota;
    let table = processes[process].space.table.as_mut().unwrap();
    let mut tables = |machine: &mut Hosted| Memory::take_frame(frames, quotas, machine, quota);
    machine.map(table, &page, &mut tables).unwrap();
}

fn copy(driver: &Driver) -> Driver {
    Driver { kernel: driver.kernel.clone(), next: driver.next }
}

/// Arguments with which the call does what it is for.
fn good(call: Syscall, o: &Objects) -> [u64; 9] {
    let mut all = [0; 9];
    let arguments: &[u64] = match call {
        Syscall::Call | Syscall::Send | Syscall::Recv => &[o.endpoint, 1],
        Syscall::HandleClose | Syscall::HandleInfo => &[o.notification],
        Syscall::HandleCopy => &[o.endpoint, 0x3ff, 0],
        Syscall::HandleGive => &[o.child, o.endpoint, 0x3ff, 0],
        Syscall::CallsWatch
        | Syscall::Signal
        | Syscall::TimerCreate
        | Syscall::LifelineCreate
        | Syscall::Bind => &[o.notification, 1],
        Syscall::Wait => &[o.notification, 0],
        Syscall::UpcallRegister => &[o.notification, HANDLER, STACK, 0, 0x1000, 1],
        Syscall::UpcallReturn => &[BYTES],
        Syscall::LifelineHeld => &[o.watch],
        Syscall::MemoryCreate => &[2],
        Syscall::MemoryDevice => &[1, 1 << 41, 4],
        Syscall::MemoryInfo => &[o.memory],
        Syscall::Map => &[0, o.memory, 0x60_0000, 1, 2, 3],
        Syscall::Unmap | Syscall::Protect => &[0, DATA + 0x6000, 1, 1],
        Syscall::MemoryLend => &[o.memory, 1, 2, 3],
        Syscall::ProcessMemory => &[o.child, DATA, BYTES, 8, 0],
        Syscall::ProcessHandles => &[o.child, 0, BYTES, 4],
        Syscall::ProcessThread => &[o.child, 0],
        Syscall::ProcessCreate => &[BYTES, 5, BYTES + 64, o.notification, 1],
        Syscall::ProcessFaults | Syscall::ProcessDispatch => &[o.child, o.endpoint, 0],
        Syscall::ProcessInfo | Syscall::CpuInfo => &[0, BYTES],
        Syscall::ProcessTrace => &[o.child, o.endpoint, 0, 1],
        Syscall::ProcessKill
        | Syscall::ProcessFilter
        | Syscall::ProcessSuspend
        | Syscall::ProcessResume => &[o.child, u64::MAX, u64::MAX],
        Syscall::FaultRaise => &[1, BYTES, 8],
        Syscall::ThreadCreate => &[0, 0x40_0000, STACK, 0, 20, 0],
        Syscall::ThreadPriority => &[o.thread, 20],
        Syscall::ThreadRegisters | Syscall::ThreadDebug => &[o.thread, BYTES, 1],
        Syscall::ThreadResume
        | Syscall::ThreadSuspend
        | Syscall::ThreadKill
        | Syscall::ThreadAffinity
        | Syscall::ThreadClock
        | Syscall::ThreadPointer
        | Syscall::ThreadPassive => &[o.thread, 1],
        Syscall::Sleep => &[1],
        Syscall::TimerArm => &[o.timer, 1],
        Syscall::ContextCreate => &[1, 10_000, 20_000, 20, 0],
        Syscall::ContextConfigure => &[o.context, 10_000, 20_000, 20, 0],
        Syscall::ContextBind => &[o.context, o.thread, 1],
        Syscall::ContextInfo => &[o.context],
        Syscall::IrqCreate => &[1, 6, o.notification, 1],
        Syscall::IrqAck | Syscall::IrqInfo => &[o.irq],
        Syscall::MsiCreate => &[1, 0, o.notification, 1],
        Syscall::IoSpaceCreate => &[1, 0x18, 100, 1],
        Syscall::IoMap => &[o.space, o.memory, 0, 2, 3],
        Syscall::IoUnmap => &[o.space, 0, 1],
        Syscall::IoSpaceClear => &[o.space],
        Syscall::PortCreate => &[1, 0x400, 4],
        Syscall::PortRead | Syscall::PortWrite => &[o.ports, 1, 1, 7],
        Syscall::PortWriteBytes => &[o.ports, 1, BYTES, 8],
        Syscall::PortAllow => &[o.ports],
        Syscall::ProcessFind => &[1, 1],
        Syscall::LogWrite => &[BYTES, 8],
        Syscall::SystemInfo => &[BYTES],
        Syscall::TraceRead | Syscall::LogRead => &[1, 0, BYTES, 4],
        Syscall::Reply | Syscall::ReplyRecv | Syscall::ReplyWaits => &[0, o.endpoint << 32],
        Syscall::UpcallMask
        | Syscall::Yield
        | Syscall::Clock
        | Syscall::Shutdown
        | Syscall::EndpointCreate
        | Syscall::NotificationCreate => &[],
    };
    all[..arguments.len()].copy_from_slice(arguments);
    all
}

/// Makes a call; an error that it ends with at once is one that its page lists.
fn call_once(driver: &mut Driver, call: Syscall, arguments: &[u64]) {
    let me = driver.raw(call as u64, arguments, 0);
    let is_back = driver.next == Next::User(me) && call != Syscall::UpcallReturn;
    if let Some(Err(error)) = is_back.then(|| driver.outcome(me)) {
        assert_documented(call, error);
    }
}

/// What the call began goes on: signals, deadlines, the far end of time.
fn play_on(driver: &mut Driver, objects: &Objects) {
    for nanoseconds in [1, 1_000_000, 1 << 40] {
        if matches!(driver.next, Next::Shutdown(_)) {
            return;
        }
        driver.advance(nanoseconds);
        if matches!(driver.next, Next::User(_)) {
            driver.raw(Syscall::Signal as u64, &[objects.notification, u64::MAX], 0);
        }
    }
    if !matches!(driver.next, Next::Shutdown(_)) {
        check(&driver.kernel);
    }
}

#[test]
fn every_argument_of_every_call_at_every_extreme() {
    let (driver, objects) = machine();
    for call in Syscall::ALL {
        for place in 0..9 {
            for extreme in EXTREMES {
                let mut arguments = good(*call, &objects);
                arguments[place] = extreme;
                let mut driver = copy(&driver);
                call_once(&mut driver, *call, &arguments);
                play_on(&mut driver, &objects);
            }
        }
    }
}

#[test]
fn every_two_arguments_at_the_worst_extremes() {
    let (driver, objects) = machine();
    let places = || (0..6).flat_map(|first| (first + 1..6).map(move |second| (first, second)));
    for call in Syscall::ALL {
        for (first, second) in places() {
            for pair in WORST.iter().flat_map(|a| WORST.iter().map(move |b| (*a, *b))) {
                let mut arguments = good(*call, &objects);
                (arguments[first], arguments[second]) = pair;
                call_once(&mut copy(&driver), *call, &arguments);
            }
        }
    }
}

#[test]
fn every_word_of_an_envelope_at_every_extreme() {
    let (mut driver, objects) = machine();
    driver.start_urgent(0);
    driver.raw(Syscall::Recv as u64, &[objects.endpoint], ENVELOPE + abi::RECEIVES_ONLY);
    let calls = [Syscall::Call, Syscall::Send, Syscall::Recv, Syscall::ReplyRecv];
    for (call, place) in calls.iter().flat_map(|call| (0..12).map(move |place| (*call, place))) {
        for extreme in EXTREMES {
            let mut driver = copy(&driver);
            let transfer = HandleTransfer { handle: 1, rights: 0x3ff, moved: 0 };
            let mut bytes = envelope_bytes(&Envelope {
                send_address: BYTES,
                send_len: 8,
                receive_address: BYTES + 64,
                receive_capacity: 8,
                deadline_ns: FOREVER,
                transfers: [transfer; 4],
                ..Envelope::EMPTY
            });
            bytes[8 * place..8 * place + 8].copy_from_slice(&extreme.to_le_bytes());
            driver.poke(ENVELOPE, &bytes);
            let arguments = good(call, &objects);
            driver.raw(call as u64, &arguments, ENVELOPE);
            play_on(&mut driver, &objects);
        }
    }
    for (call, extreme) in calls.iter().flat_map(|call| EXTREMES.map(|extreme| (*call, extreme))) {
        for beside in 0..8 {
            let mut driver = copy(&driver);
            let arguments = good(call, &objects);
            driver.raw(call as u64, &arguments, (extreme & !7) + beside);
            play_on(&mut driver, &objects);
        }
    }
}

#[test]
fn a_stack_for_upcalls_at_every_extreme() {
    let (mut driver, objects) = machine();
    map_page_zero(&mut driver);
    for (stack, pointer) in EXTREMES.iter().flat_map(|a| EXTREMES.map(|b| (*a, b))) {
        // The registers' frame at 0, at the last address, and around.
        for near in [0, 8, 128, 160, 168, 176, 288, 296, 304] {
            let mut driver = copy(&driver);
            driver.frame().stack = pointer.wrapping_add(near);
            let stack = if stack == 0 { 0 } else { stack.wrapping_add(near) };
            let arguments = [objects.notification, HANDLER, stack, 0, stack, 0];
            driver.raw(Syscall::UpcallRegister as u64, &arguments, 0);
            driver.raw(Syscall::Signal as u64, &[objects.notification, 1], 0);
            play_on(&mut driver, &objects);
        }
    }
}

#[test]
fn a_frame_at_address_0_leaves_no_room_for_an_upcall() {
    let (mut driver, objects) = machine();
    map_page_zero(&mut driver);
    for (pointer, top) in [(0x50_1000, 160), (288, 0)] {
        let mut driver = copy(&driver);
        driver.frame().stack = pointer;
        let arguments = [objects.notification, HANDLER, top, 0, 0, 0];
        driver.call(Syscall::UpcallRegister, &arguments).unwrap();
        driver.raw(Syscall::Signal as u64, &[objects.notification, 1], 0);
        assert!(!matches!(driver.next, Next::User(_)), "a fault without a handler ends it");
    }
    // One frame higher there is room.
    let mut driver = copy(&driver);
    let arguments = [objects.notification, HANDLER, 176, 0, 0, 0];
    driver.call(Syscall::UpcallRegister, &arguments).unwrap();
    driver.raw(Syscall::Signal as u64, &[objects.notification, 1], 0);
    let frame = driver.frame();
    assert_eq!((frame.instruction, frame.stack, frame.value1), (HANDLER, 8, 16));
}

#[test]
fn registers_that_come_back_at_every_extreme() {
    let (driver, objects) = machine();
    for extreme in EXTREMES {
        let mut driver = copy(&driver);
        let words = [extreme; size_of::<SavedFrame>() / 8];
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        driver.poke(BYTES, &bytes);
        let arguments = [objects.notification, HANDLER, 0, 0, 0, 0];
        driver.call(Syscall::UpcallRegister, &arguments).unwrap();
        driver.raw(Syscall::UpcallReturn as u64, &[BYTES], 0);
        play_on(&mut driver, &objects);
    }
}

#[test]
fn a_block_of_a_32_bit_call_at_every_extreme() {
    let (driver, objects) = machine();
    for call in Syscall::ALL {
        for extreme in EXTREMES {
            let mut driver = copy(&driver);
            let arguments = good(*call, &objects);
            let [first, second, words @ ..] = arguments;
            let block = CompatCall { values: [first, second], words, envelope: extreme };
            driver.poke(BYTES + 0x1000, block.as_bytes());
            let mut other = copy(&driver);
            driver.raw_compat(*call as u64, BYTES + 0x1000);
            play_on(&mut driver, &objects);
            other.raw_compat(*call as u64, extreme);
            play_on(&mut other, &objects);
        }
    }
}

/// Time-stamp counters of two CPUs need not agree, and one of a moved machine goes back.
#[test]
fn a_cpu_whose_counter_is_ahead_has_times() {
    for doing in [Context::User, Context::Kernel, Context::Idle] {
        let mut driver = boot();
        let now = driver.kernel.machine.now_ns;
        let cpu = driver.kernel.sched.cpu_mut(CPU);
        let was = cpu.context;
        (cpu.context, cpu.clock.since) = (doing, now + 5);
        (cpu.clock.user, cpu.clock.kernel, cpu.clock.idle) = (50, 60, 70);
        let info = driver.kernel.cpu_info(CPU);
        assert_eq!((info.user_ns, info.kernel_ns, info.idle_ns), (50, 60, 70), "{doing:?}");
        driver.kernel.sched.cpu_mut(CPU).context = was;
    }
}

#[test]
fn a_counter_that_goes_back_stops_nothing() {
    let (mut driver, objects) = machine();
    driver.advance(1_000_000);
    let calls: [(Syscall, &[u64]); 5] = [
        (Syscall::ProcessInfo, &[0, BYTES]),
        (Syscall::CpuInfo, &[0, BYTES]),
        (Syscall::Yield, &[]),
        (Syscall::ContextBind, &[objects.context, 0, 1]),
        (Syscall::ThreadKill, &[objects.thread]),
    ];
    for (back, (call, arguments)) in
        [1, 5, 900_000].iter().flat_map(|back| calls.map(|c| (back, c)))
    {
        driver.kernel.machine.now_ns -= back;
        if matches!(driver.next, Next::User(_)) {
            driver.raw(call as u64, arguments, 0);
        }
        driver.advance(1_000_000);
    }
}
