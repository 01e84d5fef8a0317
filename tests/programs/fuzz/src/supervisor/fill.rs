//! Before anything is counted: as many objects of each kind as a keeper could ever have. The
//! kernel's arenas grow and are never given back; after this they do not grow any more.

use super::QUOTA;
use crate::machine::{Machine, after};
use abi::{MAP_BASE, PAGE_SIZE};
use alloc::vec::Vec;
use rt::Failure;
use sys::hazard::entries::sleep_for_ever;
use sys::{
    ContextFlags, Endpoint, Error, IoSpace, IoSpaceFlags, Irq, Lifeline, Memory, Notification,
    Priority, Process, Protection, Quota, Rights, SchedContext, Terms, Thread, Timer,
};

const COUNT: u32 = QUOTA.objects;
/// Processes that children can have together: each is one of their objects.
const PROCESSES: u64 = 600;

/// Makes all of a kind, then lets them go.
fn many<T>(count: u64, make: impl FnMut(u64) -> Result<T, Error>) -> Result<(), Failure> {
    Ok((0..count).map(make).collect::<Result<Vec<T>, Error>>().map(drop)?)
}

/// Some time for what is taken apart by and by.
fn wait_for_all(bell: &Notification, all: u64) -> Result<(), Failure> {
    let mut seen = 0;
    while seen != all {
        seen |= bell.wait(after(10_000_000_000))?;
    }
    Ok(())
}

/// Makes and drops everything.
pub(super) fn all_kinds(machine: &Machine) -> Result<(), Failure> {
    let count = u64::from(COUNT);
    many(count, |_| Endpoint::create())?;
    many(count, |_| Notification::create())?;
    many(count, |_| Memory::create(1))?;
    let bell = Notification::create()?;
    many(count, |_| Timer::create(&bell, 1))?;
    many(count / 2, |_| Lifeline::create(&bell, 1))?;
    let terms = Terms {
        budget_ns: 10_000,
        period_ns: 10_000_000,
        priority: Priority(1),
        flags: ContextFlags::NONE,
    };
    many(count, |_| SchedContext::create(machine.resource(), &terms))?;
    devices(machine, &bell)?;
    threads_and_mappings()?;
    processes()
}

/// All messages of all CPUs, and all I/O spaces.
fn devices(machine: &Machine, bell: &Notification) -> Result<(), Failure> {
    let mut messages = Vec::new();
    for cpu in 0..u16::try_from(sys::system_info()?.cpus).unwrap_or(u16::MAX) {
        loop {
            match Irq::message(machine.resource(), cpu, bell, 1) {
                Ok(message) => messages.push(message),
                Err(Error::OutOfMemory) => break,
                Err(error) => return Err(error.into()),
            }
        }
    }
    many(abi::IO_SPACES as u64, |number| {
        let function = u16::try_from(number).map_err(|_| Error::BadArgument)?;
        IoSpace::create(machine.resource(), function, 1, IoSpaceFlags::TRUSTED)
    })
}

fn threads_and_mappings() -> Result<(), Failure> {
    let bell = Notification::create()?;
    let quota = Quota { pages: 4_000, objects: COUNT, ..QUOTA };
    let process = Process::create("fill", &quota, Some((&bell, 1)))?;
    for _ in 0..QUOTA.threads {
        drop(Thread::create(&process, sleep_for_ever(), 0, 0, Priority(1))?);
    }
    let page = Memory::create(1)?;
    for index in 0..u64::from(COUNT) - 2 {
        process.map(&page, MAP_BASE + 2 * index * PAGE_SIZE, 0, 1, Protection::Read)?;
    }
    process.kill(0)?;
    wait_for_all(&bell, 1)
}

fn processes() -> Result<(), Failure> {
    let bell = Notification::create()?;
    let quota = Quota { pages: 4, handles: 64, threads: 0, objects: 0, ..QUOTA };
    let mut all = Vec::new();
    for _ in 0..PROCESSES {
        let process = Process::create("fill", &quota, None)?;
        process.give(&bell, Rights::SIGNAL, 0)?;
        all.push(process);
    }
    for process in &all {
        process.kill(0)?;
    }
    Ok(())
}
