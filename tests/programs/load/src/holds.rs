//! Scenes in which a program makes large what the kernel goes through: at the end of the machine
//! the kernel with checks tells for how long it was held at most, and for what.

use crate::children::{Child, SOON_NS};
use crate::machine::{Machine, after};
use abi::{Envelope, MESSAGE_MAX, PAGE_SIZE, Syscall};
use alloc::format;
use rt::Failure;
use sys::hazard::entries::{call_once, sleep_for_ever, spin_for_ever};
use sys::hazard::{call, plain};
use sys::trace::{Debuggee, filter};
use sys::{
    Direction, Endpoint, Error, FOREVER, IoSpace, IoSpaceFlags, Irq, Mapping, Memory, Notification,
    Priority, Process, Protection, Quota, Rights, Thread,
};
use zerocopy::IntoBytes;

/// Threads that wait to be received.
const SENDERS: u64 = 10_000;
/// Threads that call with long messages.
const CALLS: u64 = 32;
/// Threads of one process that is suspended, resumed, watched and killed.
const THREADS: u64 = 1_000;
/// Processes of one priority, each with a ready thread.
const SHARES: u64 = 400;
/// Mappings of one page each.
const REGIONS: u64 = 10_000;
/// Frames of an object in which no two are neighbours.
const FRAMES: u64 = 4_000;
/// Frames that stay free, for tables and the kernel's own objects.
const SPARE: u64 = 1_000;
/// Numbers of mappings between two large pages: fewer than are looked at in a piece, as many, more.
const BETWEEN: [u64; 7] = [0, 1, 30, 61, 62, 63, 200];
/// Where the first large page is mapped.
const LARGE_AT: u64 = 0x4000_0000;
/// Pages in a large one.
const LARGE: u64 = 512;
/// Handles of one process that is killed.
const HANDLES: u64 = 1_000;
/// Less urgent than this program.
const BELOW: u8 = 20;

/// Bytes that are sent from where nothing is.
static BAD: Envelope = Envelope { send_address: 0x7000_0000_0000, send_len: 8, ..Envelope::EMPTY };

/// Plays one scene.
pub(crate) fn run(machine: &Machine, scene: &str) -> Result<(), Failure> {
    match scene {
        "senders" => senders(machine),
        "endpoint" => endpoint(machine),
        "messages" => messages(machine),
        "crowd" => crowd(machine),
        "shares" => shares(),
        "regions" => regions(),
        "protect" => protect(),
        "frames" => frames(),
        "devices" => devices(machine),
        "handles" => handles(),
        other => return Err(Failure::new(format_args!("no scene `{other}`"))),
    }?;
    machine.say(format_args!("holds: {scene} is over"));
    Ok(())
}

fn quota(threads: u64) -> Result<Quota, Failure> {
    let threads = u32::try_from(threads + 8).map_err(Failure::new)?;
    Ok(Quota { pages: 1_000, handles: 64, threads, objects: 64, max_priority: 62, reserved: 0 })
}

fn child(machine: &Machine, threads: u64) -> Result<Child, Failure> {
    let ready = Notification::create()?;
    let grants = [("ready", ready.as_handle(), Rights::SIGNAL, 0)];
    let child = machine.child(&["own-threads"], quota(threads)?, &grants, None)?;
    ready.wait(after(SOON_NS))?;
    Ok(child)
}

/// Threads of all priorities that call, each with an envelope that cannot be sent.
fn calling(machine: &Machine, endpoint: &Endpoint) -> Result<Child, Failure> {
    let child = child(machine, SENDERS)?;
    let handle = child.process.give(endpoint, Rights::SEND, 0)?;
    let envelope = (&raw const BAD).expose_provenance() as u64;
    for number in 0..SENDERS {
        // In no order.
        let priority = Priority(u8::try_from(number * 37 % 63).unwrap_or(0));
        let entry = call_once();
        let argument = u64::from(handle.0);
        Thread::create(&child.process, entry, envelope, argument, priority)?.resume()?;
    }
    // All of them run once.
    sys::sleep_for(SOON_NS / 10);
    Ok(child)
}

/// All of them fail in one receive.
fn senders(machine: &Machine) -> Result<(), Failure> {
    let endpoint = Endpoint::create()?;
    let child = calling(machine, &endpoint)?;
    match endpoint.receive(0, &mut []) {
        Err(Error::WouldBlock) => {}
        other => {
            return Err(Failure::new(format_args!("a message that cannot be sent: {other:?}")));
        }
    }
    child.stop()
}

/// What they call ends.
fn endpoint(machine: &Machine) -> Result<(), Failure> {
    let endpoint = Endpoint::create()?;
    let child = calling(machine, &endpoint)?;
    drop(endpoint);
    child.stop()
}

/// Threads that call with as many bytes as can be sent, some of them without the last page, for a
/// server that answers with as many.
fn messages(machine: &Machine) -> Result<(), Failure> {
    let endpoint = Endpoint::create()?;
    let child = child(machine, CALLS)?;
    let handle = child.process.give(&endpoint, Rights::SEND, 0)?;
    let pages = 1 + MESSAGE_MAX as u64 / PAGE_SIZE;
    let mut kept = alloc::vec::Vec::new();
    let mut whole = 0;
    for number in 0..CALLS {
        let bad = number % 8 < 6;
        let at = LARGE_AT + number * 2 * pages * PAGE_SIZE;
        let memory = Memory::create(pages)?;
        let own = memory.map_own(Protection::ReadWrite)?;
        own.write_at(0, long_envelope(at, FOREVER).as_bytes())?;
        let mapped = if bad { pages - 1 } else { pages };
        child.process.map(&memory, at, 0, mapped, Protection::ReadWrite)?;
        whole += u64::from(!bad);
        Thread::create(&child.process, call_once(), at, u64::from(handle.0), Priority(BELOW))?
            .resume()?;
        kept.push((memory, own));
    }
    sys::sleep_for(SOON_NS / 100);
    let memory = Memory::create(pages)?;
    let own = memory.map_own(Protection::ReadWrite)?;
    let at = own.as_mut_ptr().expose_provenance() as u64;
    own.write_at(0, long_envelope(at, 0).as_bytes())?;
    let own_handle = u64::from(endpoint.handle().0);
    let mut got = call(Syscall::Recv as u64, [own_handle, 0], [0; 7], at);
    for _ in 1..whole {
        let values = [got.token, own_handle << 32];
        got = call(Syscall::ReplyRecv as u64, values, [0; 7], at);
        if got.status != 0 {
            return Err(Failure::new(format_args!("a long message: {}", got.status)));
        }
    }
    child.stop()
}

/// An envelope at an address: the longest message lies in the pages after its own, and there is
/// room for another one in the same place.
fn long_envelope(at: u64, deadline_ns: u64) -> Envelope {
    let (address, len) = (at + PAGE_SIZE, MESSAGE_MAX as u64);
    Envelope {
        send_address: address,
        send_len: len,
        receive_address: address,
        receive_capacity: len,
        deadline_ns,
        ..Envelope::EMPTY
    }
}

/// A large process is suspended, looked at, watched, resumed and killed.
fn crowd(machine: &Machine) -> Result<(), Failure> {
    let child = child(machine, THREADS)?;
    for number in 0..THREADS {
        let entry = if number % 2 == 0 { spin_for_ever() } else { sleep_for_ever() };
        Thread::create(&child.process, entry, 0, 0, Priority(BELOW))?.resume()?;
    }
    sys::sleep_for(50_000_000);
    for _ in 0..2 {
        child.process.suspend()?;
        sys::sleep_for(5_000_000);
        child.process.info()?;
        Debuggee::of(&child.process, THREADS - 1)?;
        filter(&child.process, u128::MAX >> 1)?;
        child.process.resume()?;
        sys::sleep_for(5_000_000);
    }
    sys::system_info()?;
    child.stop()
}

/// Each process is a share of its own, and all are ready at one priority.
fn shares() -> Result<(), Failure> {
    let death = Notification::create()?;
    let mut processes = alloc::vec::Vec::new();
    let quota = Quota {
        pages: 4,
        handles: 2,
        threads: 2,
        objects: 2,
        max_priority: u32::from(BELOW),
        reserved: 0,
    };
    for number in 0..SHARES {
        let process = Process::create(&format!("share.{number}"), &quota, Some((&death, 1)))?;
        // Its first instruction is a fault, which nothing handles: it ends when it runs.
        Thread::create(&process, spin_for_ever(), 0, 0, Priority(BELOW))?.resume()?;
        processes.push(process);
    }
    for process in &processes {
        process.suspend()?;
    }
    for process in &processes {
        process.resume()?;
    }
    // All of them run, and end.
    sys::sleep_for(50_000_000);
    Ok(())
}

/// Many mappings, protected and unmapped at once.
fn regions() -> Result<(), Failure> {
    let memory = Memory::create(1)?;
    let mut mappings = alloc::vec::Vec::new();
    for _ in 0..REGIONS {
        mappings.push(memory.map_part(0, 1, Protection::ReadWrite)?);
    }
    mappings.into_iter().rev().for_each(drop);
    Ok(())
}

/// Ranges over the halves of two large pages, with mappings of a page between them, change their
/// protection and end.
fn protect() -> Result<(), Failure> {
    let quota = Quota { pages: 2_000, objects: 1_000, ..quota(0)? };
    let process = Process::create("protect", &quota, None)?;
    let large = Memory::create_contiguous(2 * LARGE)?;
    let single = Memory::create(1)?;
    let own = u64::from(process.handle().0);
    for between in BETWEEN {
        for call in [Syscall::Protect, Syscall::Unmap] {
            let rest = LARGE_AT + LARGE * PAGE_SIZE;
            let last = rest + LARGE * PAGE_SIZE;
            process.map(&large, LARGE_AT, 0, LARGE, Protection::ReadWrite)?;
            process.map(&large, last, LARGE, LARGE, Protection::ReadWrite)?;
            for page in 0..between {
                let at = last - (page + 1) * PAGE_SIZE;
                process.map(&single, at, 0, 1, Protection::ReadWrite)?;
            }
            let (half, pages) = (LARGE / 2 * PAGE_SIZE, 2 * LARGE);
            let arguments = [own, LARGE_AT + half, pages, Protection::Read as u64, 0, 0];
            match plain(call as u64, arguments).status {
                0 => process.unmap(LARGE_AT, 3 * LARGE)?,
                status => return Err(Failure::new(format_args!("{call:?}: {status}"))),
            }
        }
    }
    Ok(())
}

/// Free memory in single frames: an object of them is made, mapped, unmapped and given back.
fn frames() -> Result<(), Failure> {
    let _taken = single_frames()?;
    let memory = Memory::create(FRAMES)?;
    for _ in 0..2 {
        drop(memory.map_own(Protection::ReadWrite)?);
    }
    for page in (0..FRAMES).rev().step_by(100) {
        drop(memory.map_part(page, 1, Protection::Read)?);
    }
    drop(memory);
    Ok(())
}

/// Takes memory so that what is left free has no two frames together. Returns what it took.
fn single_frames() -> Result<(Memory, alloc::vec::Vec<Mapping>), Failure> {
    let free = sys::system_info()?.frames_free;
    let rest = Memory::create(free - 2 * FRAMES - SPARE)?;
    let mut singles = alloc::vec::Vec::new();
    for _ in 0..2 * FRAMES {
        singles.push(Memory::create(1)?.map_own(Protection::ReadWrite)?);
    }
    let mut number = 0;
    singles.retain(|_| {
        number += 1;
        number % 2 == 0
    });
    Ok((rest, singles))
}

/// All that devices can have: spaces with all their mappings, one of them the last name of a
/// large object of single frames; all messages of a CPU; contiguous memory where there is none.
fn devices(machine: &Machine) -> Result<(), Failure> {
    let create = |function: u16| {
        let flags = IoSpaceFlags::TRUSTED;
        IoSpace::create(machine.resource(), function, FRAMES, flags)
    };
    let functions = 0..u16::try_from(abi::IO_SPACES).map_err(Failure::new)?;
    let taken = single_frames()?;
    let large = Memory::create(FRAMES)?;
    for function in functions.clone() {
        let (space, _) = create(function)?;
        for page in 0..abi::IO_MAPPINGS as u64 {
            space.map(&large, page, FRAMES - page, Direction::Both)?;
        }
    }
    // What the search for a block costs, whether there is one or not.
    for pages in [2, 100, abi::CONTIGUOUS_MAX] {
        drop(Memory::create_contiguous(pages));
    }
    drop(large);
    for function in functions {
        let (orphan, _) = create(function)?;
        while orphan.clear()? > 0 {}
    }
    drop(taken);
    drop(Memory::create_contiguous(abi::CONTIGUOUS_MAX)?);
    let bell = Notification::create()?;
    let mut messages = alloc::vec::Vec::new();
    while let Ok(message) = Irq::message(machine.resource(), 0, &bell, 1) {
        messages.push(message);
    }
    drop(messages);
    Ok(())
}

/// A process with as many handles as fit nearly is killed.
fn handles() -> Result<(), Failure> {
    let quota = Quota {
        pages: 64,
        handles: u32::try_from(HANDLES + 8).map_err(Failure::new)?,
        threads: 2,
        objects: 2,
        max_priority: u32::from(BELOW),
        reserved: 0,
    };
    let process = Process::create("handles", &quota, None)?;
    let endpoint = Endpoint::create()?;
    for badge in 0..HANDLES {
        process.give(&endpoint, Rights::SEND, badge)?;
    }
    process.kill(0)?;
    drop(process);
    sys::sleep_for(SOON_NS / 100);
    Ok(())
}
