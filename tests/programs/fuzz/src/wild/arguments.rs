//! Arguments of each call: handles of the right kind, and what must be refused.

use super::handles::{any as handle, or_self, token};
use super::memory::{self, buffer, length, page, pages, random_kind, time, wild};
use super::{dma, lives};
use crate::random::Random;
use abi::{ObjectKind as Kind, Rights, Syscall};

/// All rights.
pub(super) const ALL: u64 = Rights::ALL.bits() as u64;

/// A label: the kernel's own among them.
fn label(random: &mut Random) -> u64 {
    match random.below(12) {
        0 => u64::from(u32::MAX) - random.below(0x22),
        1 => random.any(),
        2 => 0xffff_0000 + random.below(0x1_0000),
        _ => random.below(8),
    }
}

/// A badge: none, small, or one of those that the keeper could have given.
fn badge(random: &mut Random) -> u64 {
    match random.below(6) {
        0 => random.any(),
        1 => random.below(16),
        2 => 0x4000_0000 | random.below(0x100),
        _ => 0,
    }
}

fn bits(random: &mut Random) -> u64 {
    if random.below(8) == 0 { random.any() } else { 1 << random.below(4) }
}

fn rights(random: &mut Random) -> u64 {
    if random.below(3) == 0 { random.any() >> random.below(64) } else { ALL }
}

fn protection(random: &mut Random) -> u64 {
    match random.below(8) {
        0 => random.any() >> random.below(64),
        1 => 5,
        2 => 1,
        _ => 3,
    }
}

fn priority(random: &mut Random) -> u64 {
    if random.below(8) == 0 { random.any() >> random.below(64) } else { 20 + random.below(12) }
}

/// Where to map: the playground, or what must be refused.
fn place(random: &mut Random) -> u64 {
    match random.below(24) {
        0 => wild(random),
        1 => page(random) + random.below(4096),
        2..8 => memory::large(random),
        _ => page(random),
    }
}

/// Arguments for a call.
pub(super) fn arguments(call: Syscall, random: &mut Random) -> [u64; 6] {
    use Syscall as S;
    let r = random;
    match call {
        S::Call | S::Send | S::Recv => [handle(r, Kind::Endpoint), label(r), 1, 2, 3, 4],
        S::Reply | S::ReplyWaits => [token(r), label(r), 0, 0, 0, 0],
        S::ReplyRecv => {
            let token = if r.below(3) == 0 { 0 } else { token(r) };
            [token, label(r) & 0xffff_ffff | handle(r, Kind::Endpoint) << 32, 0, 0, 0, 0]
        }
        S::CallsWatch | S::Signal | S::TimerCreate | S::LifelineCreate => {
            [handle(r, Kind::Notification), bits(r), 0, 0, 0, 0]
        }
        S::Bind => [handle(r, Kind::Notification), 0, 0, 0, 0, 0],
        S::HandleClose | S::HandleInfo => {
            let kind = random_kind(r);
            [handle(r, kind), 0, 0, 0, 0, 0]
        }
        S::HandleCopy => {
            let kind = random_kind(r);
            [handle(r, kind), rights(r), badge(r), 0, 0, 0]
        }
        S::HandleGive => {
            let kind = random_kind(r);
            [handle(r, Kind::Process), handle(r, kind), rights(r), badge(r), 0, 0]
        }
        S::Wait => [handle(r, Kind::Notification), time(r), 0, 0, 0, 0],
        S::UpcallRegister => upcall(r),
        S::UpcallMask => [r.any() & r.any(), 0, 0, 0, 0, 0],
        S::UpcallReturn => [buffer(r), 0, 0, 0, 0, 0],
        S::LifelineHeld => [handle(r, Kind::Lifeline), 0, 0, 0, 0, 0],
        S::TimerArm => [handle(r, Kind::Timer), time(r), 0, 0, 0, 0],
        S::Sleep => [time(r), 0, 0, 0, 0, 0],
        _ => match number_class(call) {
            Class::Memory => of_memory(call, r),
            Class::Process => of_process(call, r),
            Class::Thread => of_thread(call, r),
            Class::Device => of_device(call, r),
        },
    }
}

enum Class {
    Memory,
    Process,
    Thread,
    Device,
}

fn number_class(call: Syscall) -> Class {
    match call as u64 {
        30..=36 => Class::Memory,
        37..=49 => Class::Process,
        50..=59 | 63..=69 => Class::Thread,
        _ => Class::Device,
    }
}

/// A handler that returns, one that is none; stacks of all kinds.
fn upcall(r: &mut Random) -> [u64; 6] {
    let entry = match r.below(8) {
        0 => wild(r),
        _ => lives::upcall_entry(),
    };
    let top = match r.below(8) {
        0 => wild(r),
        1 => r.below(400),
        2 => page(r),
        3 => memory::area() + 4 * abi::PAGE_SIZE,
        _ => 0,
    };
    let size = match r.below(4) {
        0 => u64::MAX >> r.below(64),
        1 => r.below(400),
        _ => 0x2000,
    };
    let stack_bits = if r.below(2) == 0 { 0 } else { bits(r) };
    let mask = if r.below(4) == 0 { r.any() } else { 0 };
    [handle(r, Kind::Notification), entry, top, mask, size, stack_bits]
}

fn of_memory(call: Syscall, r: &mut Random) -> [u64; 6] {
    let first = if r.below(4) == 0 { pages(r) } else { 0 };
    match call {
        Syscall::MemoryCreate => {
            let flags = if r.below(8) == 0 { r.any() >> r.below(64) } else { r.below(4) / 3 };
            [pages(r), or_self(r, Kind::Process), flags, 0, 0, 0]
        }
        Syscall::MemoryDevice => [handle(r, Kind::Resource), wild(r), pages(r), 0, 0, 0],
        Syscall::Map if r.below(4) == 0 => {
            // What could be one large page, where small ones may have been.
            [0, handle(r, Kind::Memory), memory::large(r), 512 * r.below(2), 512, 3]
        }
        Syscall::Map => {
            let process = if r.below(4) == 0 { handle(r, Kind::Process) } else { 0 };
            [process, handle(r, Kind::Memory), place(r), first, pages(r), protection(r)]
        }
        Syscall::Unmap | Syscall::Protect => {
            let process = if r.below(4) == 0 { handle(r, Kind::Process) } else { 0 };
            let pages = if r.below(8) == 0 { 512 * r.below(5) } else { pages(r) };
            [process, place(r), pages, protection(r), 0, 0]
        }
        Syscall::MemoryLend => [handle(r, Kind::Memory), first, pages(r), protection(r), 0, 0],
        _ => [handle(r, Kind::Memory), 0, 0, 0, 0, 0],
    }
}

fn of_process(call: Syscall, r: &mut Random) -> [u64; 6] {
    use Syscall as S;
    let process = handle(r, Kind::Process);
    match call {
        S::ProcessMemory => [process, place(r), buffer(r), length(r), r.below(3), 0],
        S::ProcessHandles => [process, length(r), buffer(r), length(r), 0, 0],
        S::ProcessThread => [process, r.below(6), 0, 0, 0, 0],
        S::ProcessCreate => lives::new_process(r),
        S::ProcessFaults => {
            [or_self(r, Kind::Process), handle(r, Kind::Endpoint), badge(r), 0, 0, 0]
        }
        S::ProcessTrace => {
            let flags = if r.below(8) == 0 { r.any() } else { r.below(32) & !16 };
            [process, handle(r, Kind::Endpoint), badge(r), flags, 0, 0]
        }
        S::ProcessDispatch => [process, handle(r, Kind::Endpoint), badge(r), 0, 0, 0],
        S::ProcessFilter => {
            let target = if r.below(4) == 0 { 0 } else { process };
            [target, !(1 << r.below(64)), !(1 << r.below(64)), 0, 0, 0]
        }
        S::ProcessInfo => [or_self(r, Kind::Process), buffer(r), 0, 0, 0, 0],
        S::ProcessKill => {
            let target = if r.below(8) == 0 { 0 } else { process };
            [target, r.any() >> r.below(64), 0, 0, 0, 0]
        }
        S::FaultRaise => [r.below(14), buffer(r), length(r), 0, 0, 0],
        _ => [process, 0, 0, 0, 0, 0],
    }
}

fn of_thread(call: Syscall, r: &mut Random) -> [u64; 6] {
    use Syscall as S;
    match call {
        S::ThreadCreate => lives::new_thread(r, priority),
        S::ThreadPriority => [or_self(r, Kind::Thread), priority(r), 0, 0, 0, 0],
        S::ThreadAffinity => [or_self(r, Kind::Thread), r.any() >> r.below(64), 0, 0, 0, 0],
        S::ThreadRegisters | S::ThreadDebug => {
            [handle(r, Kind::Thread), buffer(r), r.below(3), 0, 0, 0]
        }
        S::ThreadPointer => [or_self(r, Kind::Thread), wild(r), r.below(3), 0, 0, 0],
        S::ThreadClock | S::ThreadPassive => [or_self(r, Kind::Thread), r.below(3), 0, 0, 0, 0],
        S::ThreadKill | S::ThreadSuspend => {
            let target = if r.below(8) == 0 { 0 } else { handle(r, Kind::Thread) };
            [target, 0, 0, 0, 0, 0]
        }
        S::Yield => [0; 6],
        S::ContextCreate => {
            [handle(r, Kind::Resource), span(r), span(r), priority(r), r.below(3), 0]
        }
        S::ContextConfigure => {
            [handle(r, Kind::SchedContext), span(r), span(r), priority(r), r.below(3), 0]
        }
        S::ContextBind => {
            [handle(r, Kind::SchedContext), or_self(r, Kind::Thread), r.below(3), 0, 0, 0]
        }
        S::ContextInfo => [handle(r, Kind::SchedContext), 0, 0, 0, 0, 0],
        _ => [handle(r, Kind::Thread), 0, 0, 0, 0, 0],
    }
}

/// A budget, a period.
fn span(r: &mut Random) -> u64 {
    if r.below(6) == 0 { r.any() >> r.below(64) } else { 10_000 * (1 + r.below(6)) }
}

fn of_device(call: Syscall, r: &mut Random) -> [u64; 6] {
    use Syscall as S;
    match call {
        S::IrqCreate => {
            // Lines without a device.
            let line = if r.below(2) == 0 { 5 + r.below(2) } else { 24 + r.any() % 300 };
            [handle(r, Kind::Resource), line, handle(r, Kind::Notification), bits(r), 0, 0]
        }
        S::IrqAck | S::IrqInfo => [handle(r, Kind::Irq), 0, 0, 0, 0, 0],
        S::MsiCreate => {
            let cpu = if r.below(8) == 0 { r.any() >> r.below(64) } else { r.below(4) };
            [handle(r, Kind::Resource), cpu, handle(r, Kind::Notification), bits(r), 0, 0]
        }
        S::IoSpaceCreate | S::IoMap | S::IoUnmap | S::IoSpaceClear => dma::arguments(call, r),
        S::PortCreate => [handle(r, Kind::Resource), r.any(), r.any(), 0, 0, 0],
        S::PortRead | S::PortWrite => {
            [handle(r, Kind::Port), r.below(4), r.below(6), r.any(), 0, 0]
        }
        S::PortWriteBytes => [handle(r, Kind::Port), r.below(4), buffer(r), length(r), 0, 0],
        S::PortAllow => [handle(r, Kind::Port), 0, 0, 0, 0, 0],
        S::LogWrite => [buffer(r), r.below(1100), 0, 0, 0, 0],
        S::SystemInfo => [buffer(r), 0, 0, 0, 0, 0],
        S::ProcessFind => [handle(r, Kind::Resource), length(r), 0, 0, 0, 0],
        S::TraceRead | S::LogRead => {
            [handle(r, Kind::Resource), length(r), buffer(r), length(r), 0, 0]
        }
        S::CpuInfo => [r.below(6), buffer(r), 0, 0, 0, 0],
        // Refused for want of the right: no child has it.
        S::Shutdown => [handle(r, Kind::Notification), 0x10, 0, 0, 0, 0],
        _ => [r.any(); 6],
    }
}
