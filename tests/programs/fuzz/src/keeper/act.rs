//! What the keeper does to its children.

use super::{CHILDREN, Child, Keeper};
use crate::machine::after;
use abi::{MAP_BASE, Protection, Syscall, TraceFlags};
use alloc::vec::Vec;
use rt::Failure;
use sys::trace::Debuggee;
use sys::{ContextFlags, Error, Priority, Resource, SchedContext, Terms};

/// Contexts that there are to bind threads to.
const CONTEXTS: u64 = 3;
/// Pages of the children's playground, to be mapped and unmapped.
const PLAY: u64 = MAP_BASE + 0x1000_0000;

/// Contexts with little time.
pub(super) fn contexts(resource: &Resource) -> Result<Vec<SchedContext>, Error> {
    let terms = |number: u64| Terms {
        budget_ns: 20_000 * (number + 1),
        period_ns: 100_000,
        priority: Priority(28),
        flags: if number == 0 { ContextFlags::FAULTS } else { ContextFlags::NONE },
    };
    (0..CONTEXTS).map(|number| SchedContext::create(resource, &terms(number))).collect()
}

/// A call that `sys` has no function for.
pub(super) fn plain(call: Syscall, arguments: &[u64; 4]) -> Result<(), Error> {
    let [a0, a1, a2, a3] = *arguments;
    match sys::hazard::plain(call as u64, [a0, a1, a2, a3, 0, 0]).status {
        0 => Ok(()),
        status => Err(Error::from_status(status).unwrap_or(Error::NoSuchCall)),
    }
}

/// What may fail because the child has ended, is in no state for it, or has pages that
/// are never written.
fn perhaps(result: Result<(), Error>) -> Result<(), Failure> {
    match result {
        Ok(())
        | Err(
            Error::PeerDied
            | Error::NoRight
            | Error::BadState
            | Error::BadArgument
            | Error::BadAddress
            | Error::Overlap
            | Error::QuotaExceeded,
        ) => Ok(()),
        Err(error) => Err(Failure::from(error).while_doing("acting on a child")),
    }
}

impl Keeper {
    /// Something happens to one of the children, or there is one more.
    pub(super) fn act(&mut self) -> Result<(), Failure> {
        let place = usize::try_from(self.random.below(CHILDREN as u64)).unwrap_or(0);
        if self.children.get(place).is_none_or(Option::is_none) {
            return self.bear(place);
        }
        let (choice, value) = (self.random.below(64), self.random.any());
        let Some(Some(child)) = self.children.get_mut(place) else { return Ok(()) };
        if child.killed {
            return Ok(());
        }
        match choice {
            0 => end(child),
            1..4 => end_when_empty(child),
            4..8 => suspend(child),
            8..16 => resume(child),
            16..20 => self.to_thread(place, value),
            20..24 => self.to_space(place, value),
            24 => self.to_calls(place, value),
            25..28 => {
                let bell = &self.shared.bells[usize::from(value & 1 != 0)];
                Ok(bell.signal(1 << (value >> 8 & 3))?)
            }
            28 => perhaps(child.process.handles().map(drop)),
            _ => Ok(()),
        }
    }

    /// One of a child's threads goes to another CPU, gets a context, other registers.
    fn to_thread(&self, place: usize, value: u64) -> Result<(), Failure> {
        let Some(Some(child)) = self.children.get(place) else { return Ok(()) };
        let Ok(debuggee) = Debuggee::of(&child.process, value % 4) else { return Ok(()) };
        let thread = debuggee.thread();
        let context = usize::try_from(value % CONTEXTS).ok();
        let context = context.and_then(|index| self.shared.contexts.get(index));
        let done = match (value >> 16 & 7, context) {
            (0, _) => thread.set_affinity(value >> 32 | 1).map(drop),
            (1, _) => thread.set_priority(Priority(20 + (value >> 32).to_le_bytes()[0] % 11)),
            (2 | 3, Some(context)) => context.bind(thread),
            (4, Some(context)) => context.unbind(thread),
            (5, _) => thread.set_passive(value & 1 << 40 != 0).map(drop),
            (6, _) if child.suspended && child.stops.is_none() => look_into(&debuggee, value),
            _ => thread.suspend().and_then(|()| thread.resume()),
        };
        perhaps(done)
    }

    /// Its space changes.
    fn to_space(&self, place: usize, value: u64) -> Result<(), Failure> {
        let Some(Some(child)) = self.children.get(place) else { return Ok(()) };
        let process = &child.process;
        let slot = PLAY + (value >> 8 & 3) * 0x20_0000;
        let mut bytes = [0; 64];
        perhaps(match value & 3 {
            0 => process.unmap(slot, 1 << (value >> 16 & 7)),
            1 => process.map(&self.shared.large, slot, 0, 512, Protection::ReadWrite),
            2 => process.read_memory(slot, &mut bytes),
            _ => process.write_memory(slot + (value >> 16 & 0xfff), &bytes),
        })
    }

    /// Its calls are watched in another way.
    fn to_calls(&self, place: usize, value: u64) -> Result<(), Failure> {
        let Some(Some(child)) = self.children.get(place) else { return Ok(()) };
        if child.stops.is_some() {
            return Ok(());
        }
        perhaps(self.trace(
            &child.process,
            child.serial,
            TraceFlags::from_bits_retain(value & 0xf & !4),
        ))
    }
}

fn end(child: &mut Child) -> Result<(), Failure> {
    child.killed = true;
    perhaps(child.process.kill(9))
}

/// A child without threads, or that has not run for want of any that can, makes room.
fn end_when_empty(child: &mut Child) -> Result<(), Failure> {
    let info = child.process.info()?;
    if info.used.threads == 0 { end(child) } else { Ok(()) }
}

fn suspend(child: &mut Child) -> Result<(), Failure> {
    child.suspended = true;
    perhaps(child.process.suspend())
}

fn resume(child: &mut Child) -> Result<(), Failure> {
    child.suspended = false;
    perhaps(child.process.resume())
}

/// Other registers: a place where it works on, or a wild one.
fn look_into(debuggee: &Debuggee, value: u64) -> Result<(), Error> {
    let end = after(0);
    let mut frame = debuggee.registers()?;
    if value & 1 << 48 == 0 {
        frame.rflags = value ^ end;
        frame.rip = value;
    }
    debuggee.set_registers(&frame)
}
