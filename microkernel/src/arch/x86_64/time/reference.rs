//! Counters of known rate, by which the time-stamp counter is measured.

use super::super::ports;
use super::super::registers::Registers;
use super::stamp;
use core_kernel::logic::rate::{Estimate, Reading, Reference, Window};

/// A window is this part of a second: together they are long enough for an error below a thousandth,
/// short enough not to be felt.
const PART: u64 = 500;

/// A counter of known rate.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Counter {
    /// The high precision event timer.
    Hpet(Hpet),
    /// Channel 2 of the old timer.
    Pit,
}

impl Counter {
    /// Those that may be there, the best one first.
    pub(super) fn all(hpet: Option<Hpet>) -> [Option<Self>; 2] {
        [hpet.map(Self::Hpet), Some(Self::Pit)]
    }

    fn reference(self) -> Reference {
        match self {
            Self::Hpet(hpet) => Reference { hz: hpet.hz, mask: u64::from(u32::MAX) },
            Self::Pit => Reference { hz: PIT_HZ, mask: u64::from(u16::MAX) },
        }
    }

    fn read(self) -> Reading {
        match self {
            Self::Hpet(hpet) => reading(|| hpet.count()),
            Self::Pit => pit_reading(),
        }
    }

    /// The rate of time stamps; `None` where it does not count.
    pub(super) fn measure(self) -> Option<Estimate> {
        if matches!(self, Self::Pit) {
            start_pit();
        }
        let reference = self.reference();
        reference.measure(Window::Counts(reference.hz / PART), || self.read())
    }

    /// The rate by all the time since it was measured; `None` when that does not fit.
    pub(super) fn refine(self, estimate: &Estimate) -> Option<Estimate> {
        self.reference().refined(estimate, &self.read())
    }
}

/// What counts, and the stamps around it.
pub(crate) fn reading(count: impl FnOnce() -> u64) -> Reading {
    let before = stamp();
    let count = count();
    Reading { before, count, after: stamp() }
}

/// The high precision event timer.
///
/// Source: IA-PC HPET 1.0a, 2.3 "Register Definitions".
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hpet {
    registers: Registers,
    hz: u64,
}

const HPET_PERIOD: u16 = 0x04;
const HPET_CONFIGURATION: u16 = 0x10;
const HPET_COUNT: u16 = 0xf0;
const HPET_ON: u32 = 1;
/// The longest period that is allowed, and femtoseconds in a second.
const HPET_SLOWEST_FS: u32 = 100_000_000;
const FS_PER_SECOND: u64 = 1_000_000_000_000_000;

impl Hpet {
    /// Lets it count. `None`: its registers make no sense.
    pub(super) fn start(registers: Registers) -> Option<Self> {
        let period = registers.read(HPET_PERIOD);
        if period == 0 || period > HPET_SLOWEST_FS {
            return None;
        }
        let on = registers.read(HPET_CONFIGURATION) | HPET_ON;
        registers.write(HPET_CONFIGURATION, on);
        Some(Self { registers, hz: FS_PER_SECOND / u64::from(period) })
    }

    fn count(self) -> u64 {
        u64::from(self.registers.read(HPET_COUNT))
    }
}

const PIT_HZ: u64 = 1_193_182;
const PIT_COMMAND: u16 = 0x43;
const PIT_CHANNEL_2: u16 = 0x42;
const SPEAKER: u16 = 0x61;
const SPEAKER_GATE: u8 = 1;
const SPEAKER_SOUND: u8 = 2;
/// Channel 2, both bytes, count down once; at 0 it goes on from the top.
const COUNT_DOWN: u8 = 0b1011_0000;
/// Channel 2, latch the count.
const LATCH: u8 = 0b1000_0000;

/// Source: Intel 8254, "Mode 0" and "Counter Latch Command".
fn start_pit() {
    let speaker = ports::read::<u8>(SPEAKER) & !SPEAKER_SOUND;
    ports::write(SPEAKER, speaker | SPEAKER_GATE);
    ports::write(PIT_COMMAND, COUNT_DOWN);
    ports::write(PIT_CHANNEL_2, 0xff_u8);
    ports::write(PIT_CHANNEL_2, 0xff_u8);
}

/// The count is latched between the two stamps; it goes down.
fn pit_reading() -> Reading {
    let latched = reading(|| {
        ports::write(PIT_COMMAND, LATCH);
        0
    });
    let low = ports::read::<u8>(PIT_CHANNEL_2);
    let high = ports::read::<u8>(PIT_CHANNEL_2);
    Reading { count: u64::from(!u16::from_le_bytes([low, high])), ..latched }
}
