//! Children: born, moved, suspended, looked into, killed; some by their own faults.

use super::counts::{BIRTHS, FAULTS, KILLS, MIGRATIONS, PEEKS, SUSPENDS, UPCALLS, WATCHES, WRONG};
use super::random::Random;
use super::threads::Crew;
use super::zoo;
use crate::children::{Child, SOON_NS};
use crate::machine::{Machine, after};
use abi::{DebugRegisters, USER_END};
use alloc::vec::Vec;
use rt::Failure;
use sys::trace::Debuggee;
use sys::{Endpoint, Error, FaultKind, FaultReply, Message, Quota, Received, Rights};

pub(crate) use zoo::play;

/// The most at one time.
const MOST: usize = 8;
const QUOTA: Quota =
    Quota { pages: 500, handles: 64, threads: 4, objects: 64, max_priority: 40, reserved: 0 };

/// A child and what it is.
struct Pupil {
    child: Child,
    role: &'static str,
    suspended: bool,
}

/// Keeps them busy until then; none is left afterwards.
pub(super) fn keep(
    machine: &Machine,
    until_ns: u64,
    random: &mut Random,
    crew: &Crew,
) -> Result<(), Failure> {
    let faults = Endpoint::create()?;
    let mut pupils: Vec<Pupil> = Vec::new();
    while sys::clock() < until_ns {
        if pupils.len() < MOST {
            pupils.push(born(machine, random, crew, &faults)?);
        }
        let ns = random.below(4_000_000);
        answer_faults(random, &faults, ns)?;
        for _ in 0..3 {
            let place = random.below(pupils.len() as u64);
            act_on(random, &mut pupils, usize::try_from(place).unwrap_or(0))?;
        }
        pupils.retain(|pupil| !over(pupil));
    }
    for pupil in &pupils {
        pupil.child.process.kill(0)?;
    }
    // Those that wait for an answer go with their endpoint.
    drop(faults);
    for pupil in &pupils {
        pupil.child.end()?;
    }
    Ok(())
}

fn born(
    machine: &Machine,
    random: &mut Random,
    crew: &Crew,
    faults: &Endpoint,
) -> Result<Pupil, Failure> {
    let role = random.of(&zoo::ROLES).copied().unwrap_or("spin");
    let seed = alloc::format!("{}", random.below(u64::from(u32::MAX)));
    let grants = [("echo", crew.echo.as_handle(), Rights::SEND, 0)];
    let child = machine.child(&[role, &seed], QUOTA, &grants, Some((faults, 1)))?;
    BIRTHS.add();
    Ok(Pupil { child, role, suspended: false })
}

/// Whether it has ended; one that saw something wrong says so in its status.
fn over(pupil: &Pupil) -> bool {
    let Ok(info) = pupil.child.process.info() else { return true };
    if info.state != sys::ProcessState::Dead as u32 {
        return false;
    }
    if info.status == zoo::SAW_WRONG {
        defmt::error!("violation seen by a child: {=str}", pupil.role);
        WRONG.add();
    } else if info.status == 0 && pupil.role == "upcalls" {
        UPCALLS.add();
    }
    true
}

/// Faults that come until then are answered: run again, go on elsewhere, the end.
fn answer_faults(random: &mut Random, faults: &Endpoint, ns: u64) -> Result<(), Failure> {
    let until_ns = after(ns);
    loop {
        let message = match faults.receive(until_ns, &mut []) {
            Ok(Received::Message(message)) => message,
            Ok(Received::Notified(_)) => continue,
            Err(Error::TimedOut) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        FAULTS.add();
        let debug = message.words[0] == FaultKind::Debug as u64;
        let (reply, word) = match random.below(4) {
            _ if debug => (FaultReply::Resume, 0),
            0 => (FaultReply::ResumeAt, random.any() % USER_END),
            1 => (FaultReply::Resume, 0),
            _ => (FaultReply::Kill, 0),
        };
        if let Some(right) = message.reply {
            // The child may have been killed meanwhile.
            let _ = right.reply(&mut Message::new(reply as u32, [word, 0, 0, 0, 0, 0, 0]));
        }
        if sys::clock() > until_ns {
            return Ok(());
        }
    }
}

/// What may fail because the child has ended, or runs.
fn perhaps(result: Result<(), Error>) -> Result<(), Failure> {
    match result {
        Err(Error::PeerDied | Error::BadState | Error::BadArgument) | Ok(()) => Ok(()),
        Err(error) => Err(Failure::from(error)),
    }
}

fn act_on(random: &mut Random, pupils: &mut [Pupil], place: usize) -> Result<(), Failure> {
    let Some(pupil) = pupils.get_mut(place) else { return Ok(()) };
    match random.below(10) {
        0 => {
            KILLS.add();
            pupil.child.process.kill(0x4b)?;
            // Half of them are waited for, the others die while more happens.
            if random.below(2) == 0 {
                pupil.child.end()?;
            }
            Ok(())
        }
        1 | 2 => {
            SUSPENDS.add();
            let process = &pupil.child.process;
            pupil.suspended = !pupil.suspended;
            perhaps(if pupil.suspended { process.suspend() } else { process.resume() })
        }
        3 | 4 => perhaps(look_into(random, pupil)),
        5 => perhaps(watch(random, pupil)),
        6 | 7 => perhaps(send_away(random, pupil)),
        _ => Ok(()),
    }
}

fn debuggee(pupil: &Pupil) -> Result<Debuggee, Error> {
    Debuggee::of(&pupil.child.process, 0)
}

fn look_into(random: &mut Random, pupil: &Pupil) -> Result<(), Error> {
    let debuggee = debuggee(pupil)?;
    let frame = debuggee.registers()?;
    PEEKS.add();
    if pupil.role == "spin" && random.below(2) == 0 {
        // It looks at no register: wild ones make it fault, or nothing.
        let rip = if random.below(2) == 0 { random.any() } else { frame.rip };
        let wild = sys::trace::SavedFrame { rip, rsp: random.any(), rflags: random.any(), ..frame };
        debuggee.set_registers(&wild)?;
    } else {
        debuggee.set_registers(&frame)?;
    }
    Ok(())
}

fn watch(random: &mut Random, pupil: &Pupil) -> Result<(), Error> {
    let debuggee = debuggee(pupil)?;
    let place = debuggee.registers()?.rip & (USER_END - 1);
    let control = if random.below(2) == 0 { 0 } else { 1 };
    debuggee.set_debug_registers(&DebugRegisters { address: [place, 0, 0, 0], control })?;
    WATCHES.add();
    Ok(())
}

fn send_away(random: &mut Random, pupil: &Pupil) -> Result<(), Error> {
    let mask = 1 << random.below(8) | 1;
    debuggee(pupil)?.thread().set_affinity(mask)?;
    MIGRATIONS.add();
    Ok(())
}

/// The limit of each wait.
pub(super) const PATIENCE_NS: u64 = SOON_NS;
