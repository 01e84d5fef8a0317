//! A simulated machine: time goes on with each instruction, and a host takes the CPU away.

use super::{Choice, Estimate, Reading, Reference, Window, choose};

const PIT: Reference = Reference { hz: 1_193_182, mask: 0xffff };
const HPET: Reference = Reference { hz: 100_000_000, mask: u32::MAX as u64 };
const MS: u64 = 1_000_000;

struct Machine {
    now_ns: u64,
    stamp_hz: u64,
    reference: Reference,
    random: u64,
    /// One of this many instructions is followed by a pause.
    pause_each: u64,
    pause_ns: u64,
}

impl Machine {
    fn new(seed: u64, stamp_hz: u64, reference: Reference, pause_each: u64, pause_ns: u64) -> Self {
        let random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        Self { now_ns: 5_000_000_000, stamp_hz, reference, random, pause_each, pause_ns }
    }

    fn below(&mut self, end: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 11) % end
    }

    fn instruction(&mut self, ns: u64) {
        self.now_ns += ns + self.below(ns);
        if self.pause_each > 0 && self.below(self.pause_each) == 0 {
            self.now_ns += self.pause_ns / 2 + self.below(self.pause_ns);
        }
    }

    fn at(&self, hz: u64) -> u64 {
        u64::try_from(u128::from(self.now_ns) * u128::from(hz) / 1_000_000_000).unwrap()
    }

    fn read(&mut self) -> Reading {
        self.instruction(200);
        let before = self.at(self.stamp_hz);
        self.instruction(700);
        let count = self.at(self.reference.hz) & self.reference.mask;
        self.instruction(700);
        Reading { before, count, after: self.at(self.stamp_hz) }
    }

    fn measure(&mut self) -> Option<Estimate> {
        let reference = self.reference;
        reference.measure(Window::Counts(reference.hz / 500), || self.read())
    }
}

/// Parts in a million that the rate is off.
fn off(hz: u64, true_hz: u64) -> u64 {
    hz.abs_diff(true_hz) * 1_000_000 / true_hz
}

/// As it was: one window, and stamps in the middle of each reading.
fn by_one_window(machine: &mut Machine) -> u64 {
    let wanted = machine.reference.hz / 200;
    let first = machine.read();
    loop {
        let last = machine.read();
        let counts = machine.reference.counts(&first, &last);
        if counts >= wanted {
            let middle = |reading: &Reading| reading.before.midpoint(reading.after);
            return (middle(&last) - middle(&first)) * machine.reference.hz / counts;
        }
    }
}

#[test]
fn a_quiet_machine_is_measured_to_a_thousandth() {
    for (reference, hz) in [(PIT, 1_000_000_000), (PIT, 4_123_456_789), (HPET, 2_500_000_000)] {
        for seed in 1..50 {
            let found = Machine::new(seed, hz, reference, 0, 1).measure().unwrap();
            assert!(found.agreed && off(found.hz, hz) < 1000, "{found:?}");
        }
    }
}

/// Pauses of 1 to 80 ms, so dense that hardly a window of 2 ms is free of them.
#[test]
fn a_busy_host_is_measured_as_well() {
    const HZ: u64 = 2_593_000_000;
    let mut one_window_wrong = 0;
    for (pause_each, pause_ns) in [(4000, 4 * MS), (2000, MS), (1500, 8 * MS), (6000, 80 * MS)] {
        for seed in 1..200 {
            let machine = || Machine::new(seed, HZ, PIT, pause_each, pause_ns);
            let found = machine().measure().unwrap();
            assert!(found.agreed, "{pause_each} {pause_ns} {seed}: {found:?}");
            let parts = off(found.hz, HZ);
            assert!(parts < 2000, "{parts} parts in a million: {pause_each} {pause_ns} {seed}");
            one_window_wrong += u32::from(off(by_one_window(&mut machine()), HZ) > 30_000);
        }
    }
    assert!(one_window_wrong > 10, "the pauses are no problem: {one_window_wrong}");
}

#[test]
fn what_is_not_agreed_is_said_to_be_so() {
    let mut stamp = 0;
    let mut count = 0;
    let mut step = 1;
    // A counter whose rate changes all the time.
    let found = PIT.measure(Window::Counts(1000), || {
        (stamp, count, step) = (stamp + 1000 * step, (count + 10) & 0xffff, step % 997 * 3 + 1);
        Reading { before: stamp, count, after: stamp + 1 }
    });
    assert!(found.is_none_or(|found| !found.agreed || found.hz > 0));
}

#[test]
fn a_reference_that_stands_still_ends_the_measurement() {
    let mut stamp = 0;
    let read = || {
        stamp += 100;
        Reading { before: stamp, count: 0xffff, after: stamp + 50 }
    };
    assert_eq!(PIT.measure(Window::Counts(2000), read), None);
}

#[test]
fn a_later_reading_makes_it_exact_and_finds_a_wrong_one() {
    const HZ: u64 = 3_000_000_000;
    let mut machine = Machine::new(7, HZ, PIT, 0, 1);
    let found = machine.measure().unwrap();
    machine.now_ns += 900 * MS;
    let later = machine.read();
    let exact = PIT.refined(&found, &later).unwrap();
    assert!(off(exact.hz, HZ) < 20 && off(exact.hz, HZ) <= off(found.hz, HZ), "{exact:?}");
    let wrong = Estimate {
        hz: HZ / 100 * 103,
        bounds: super::Bounds { low: HZ / 1000 * 1029, high: HZ / 1000 * 1031 },
        ..found
    };
    assert_eq!(PIT.refined(&wrong, &later), None);
}

#[test]
fn what_was_told_counts_unless_the_measurement_is_sure() {
    let estimate = |hz, agreed| {
        let mut found = Machine::new(7, 1_000_000_000, PIT, 0, 1).measure().unwrap();
        (found.hz, found.agreed) = (hz, agreed);
        found
    };
    assert_eq!(choose(None, None), Choice::Unknown);
    assert_eq!(choose(Some(100), None), Choice::Told(100));
    assert_eq!(choose(Some(10_000), Some(&estimate(10_050, true))), Choice::Told(10_000));
    let against = Choice::Against { measured: 20_000, told: 10_000 };
    assert_eq!(choose(Some(10_000), Some(&estimate(20_000, true))), against);
    assert_eq!(choose(Some(10_000), Some(&estimate(20_000, false))), Choice::Told(10_000));
    assert_eq!(choose(None, Some(&estimate(5, true))), Choice::Measured(5));
    assert_eq!(choose(None, Some(&estimate(5, false))), Choice::Doubtful(5));
    assert_eq!(Choice::Unknown.hz(), None);
    assert_eq!(against.hz(), Some(20_000));
}
