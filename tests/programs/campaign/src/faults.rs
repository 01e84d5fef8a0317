//! What is done to a server.

use crate::books::FIRST_DISK;
use crate::{disk, tamper};
use abi::{KILLED, Layout};
use alloc::vec::Vec;
use fastrand::Rng;
use sys::trace::Debuggee;
use sys::{Error, Memory, Notification, Process, Rights};

/// A jump to itself.
const FOREVER_LOOP: [u8; 2] = [0xeb, 0xfe];
/// How often another address is tried when one is not mapped.
const TRIES: u32 = 64;
/// Bytes around the instruction and the stack pointer that are used soon.
const NEAR: u64 = 4096;
/// The first pages of the heap.
const HEAP_BYTES: u64 = 16 * 4096;

/// A kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Kill,
    Hang,
    FlipCode,
    FlipData,
    FlipStack,
    WrongReply,
    LostNotice,
    DoubledNotice,
    NoHandles,
    NoMemory,
    FlipRing,
    DeadBeforeBell,
    Storm,
}

impl Kind {
    pub(crate) const ALL: [Self; 13] = [
        Self::Kill,
        Self::Hang,
        Self::FlipCode,
        Self::FlipData,
        Self::FlipStack,
        Self::WrongReply,
        Self::LostNotice,
        Self::DoubledNotice,
        Self::NoHandles,
        Self::NoMemory,
        Self::FlipRing,
        Self::DeadBeforeBell,
        Self::Storm,
    ];

    /// Whether a server has it. What a driver without an IOMMU writes into its device's rings goes to
    /// any memory, so nothing is promised when its own code or data are damaged.
    pub(crate) fn is_for(self, target: usize) -> bool {
        let any = matches!(self, Self::Kill | Self::Hang | Self::LostNotice | Self::DoubledNotice);
        let of_disks = matches!(self, Self::FlipRing | Self::DeadBeforeBell | Self::Storm);
        any || of_disks == (target >= FIRST_DISK)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Kill => "kill",
            Self::Hang => "hang",
            Self::FlipCode => "flip-code",
            Self::FlipData => "flip-data",
            Self::FlipStack => "flip-stack",
            Self::WrongReply => "wrong-reply",
            Self::LostNotice => "lost-notice",
            Self::DoubledNotice => "doubled-notice",
            Self::NoHandles => "no-handles",
            Self::NoMemory => "no-memory",
            Self::FlipRing => "flip-ring",
            Self::DeadBeforeBell => "dead-before-bell",
            Self::Storm => "storm",
        }
    }

    /// Whether the server cannot go on after it.
    pub(crate) fn is_fatal(self) -> bool {
        matches!(self, Self::Kill | Self::Hang)
    }

    /// Whether it leaves something in the server that only a new life is rid of.
    pub(crate) fn lasts(self) -> bool {
        matches!(self, Self::FlipCode | Self::FlipData | Self::FlipStack | Self::NoHandles)
    }
}

/// What keeps a fault going until it is dropped.
pub(crate) struct Held(Vec<Memory>);

impl Held {
    /// Whether dropping it ends the fault.
    pub(crate) fn ends(&self) -> bool {
        !self.0.is_empty()
    }
}

/// Does it. `BadState` when it could not be done: the server ended by itself meanwhile.
pub(crate) fn inject(
    kind: Kind,
    target: usize,
    process: &Process,
    rng: &mut Rng,
) -> Result<Held, Error> {
    let mut held = Vec::new();
    match kind {
        Kind::Kill => process.kill(KILLED + 9)?,
        Kind::Hang => stopped(process, |thread| hang(process, thread))?,
        Kind::FlipCode => {
            let near = stopped(process, |thread| Ok(thread.registers()?.rip))?;
            flip(process, rng, near.saturating_sub(NEAR / 2), NEAR)?;
        }
        Kind::FlipStack => {
            let near = stopped(process, |thread| Ok(thread.registers()?.rsp))?;
            flip(process, rng, near, NEAR)?;
        }
        Kind::FlipData => flip(process, rng, Layout::BITS_64.heap_base, HEAP_BYTES)?,
        Kind::WrongReply => tamper::wrong_reply(process, rng)?,
        Kind::LostNotice => tamper::lost_notice(process)?,
        Kind::DoubledNotice => tamper::doubled_notice(process, rng)?,
        Kind::FlipRing => disk::flip_ring(target.saturating_sub(FIRST_DISK), rng)?,
        Kind::DeadBeforeBell => tamper::dead_before_bell(process)?,
        Kind::Storm => tamper::storm(process)?,
        Kind::NoHandles => {
            let bell = Notification::create()?;
            while process.give(&bell, Rights::SIGNAL, 0).is_ok() {}
        }
        Kind::NoMemory => {
            while let Ok(memory) = Memory::create_for(process, 1) {
                held.push(memory);
            }
        }
    }
    Ok(Held(held))
}

/// Does something with the first thread while the process stands still.
fn stopped<T>(
    process: &Process,
    act: impl FnOnce(&Debuggee) -> Result<T, Error>,
) -> Result<T, Error> {
    process.suspend()?;
    let done = Debuggee::of(process, 0).and_then(|thread| act(&thread));
    process.resume()?;
    done
}

/// Whatever it does next, it does for ever.
fn hang(process: &Process, thread: &Debuggee) -> Result<(), Error> {
    process.write_memory(thread.registers()?.rip, &FOREVER_LOOP)
}

/// Flips a bit of a mapped byte in a range.
fn flip(process: &Process, rng: &mut Rng, start: u64, len: u64) -> Result<(), Error> {
    let mut last = Error::BadAddress;
    for _ in 0..TRIES {
        let address = start.saturating_add(rng.u64(0..len));
        let mut byte = [0];
        let flipped = process
            .read_memory(address, &mut byte)
            .and_then(|()| process.write_memory(address, &[byte[0] ^ 1 << rng.u8(0..8)]));
        match flipped {
            Ok(()) => return Ok(()),
            Err(error) => last = error,
        }
    }
    Err(last)
}
