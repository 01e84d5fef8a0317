//! Addresses worth trying: buffers, edges of mappings, what is no user's.

use super::arguments::ALL;
use super::handles;
use crate::random::Random;
use abi::{Envelope, FOREVER, MAP_BASE, ObjectKind, PAGE_SIZE, STACK_TOP, USER_END};
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Where children map and unmap: some large pages.
const PLAY: u64 = MAP_BASE + 0x1000_0000;
const LARGE: u64 = 0x20_0000;
const SLOTS: u64 = 4;
/// Words of the area where envelopes and buffers lie.
const AREA_WORDS: usize = 2048;

/// Four pages for envelopes and what calls read and write.
#[repr(C, align(4096))]
struct Area([AtomicU64; AREA_WORDS]);

static AREA: Area = Area([const { AtomicU64::new(0) }; AREA_WORDS]);

/// The address of the area.
pub(super) fn area() -> u64 {
    AREA.0.as_ptr().expose_provenance() as u64
}

/// Puts a word into the area.
pub(super) fn poke(offset: u64, value: u64) {
    if let Some(word) = usize::try_from(offset / 8).ok().and_then(|index| AREA.0.get(index)) {
        word.store(value, Relaxed);
    }
}

fn peek(offset: u64) -> u64 {
    let word = usize::try_from(offset / 8).ok().and_then(|index| AREA.0.get(index));
    word.map_or(0, |word| word.load(Relaxed))
}

/// An address in the children's playground, a whole page.
pub(super) fn page(random: &mut Random) -> u64 {
    let slot = PLAY + random.below(SLOTS) * LARGE;
    match random.below(4) {
        0 => slot,
        1 => slot + LARGE - PAGE_SIZE,
        2 => slot + random.below(8) * PAGE_SIZE,
        _ => slot + random.below(512) * PAGE_SIZE,
    }
}

/// The beginning of a large page there.
pub(super) fn large(random: &mut Random) -> u64 {
    PLAY + random.below(SLOTS) * LARGE
}

/// Any address that could be a mistake.
pub(super) fn wild(random: &mut Random) -> u64 {
    let base = match random.below(12) {
        0 => 0,
        1 => random.below(0x1_0000),
        2 => 0x1_0000,
        3 => USER_END,
        4 => 0x8000_0000_0000,
        5 => 0xffff_8000_0000_0000,
        6 => 0xffff_ffff_8000_0000 | random.below(1 << 24),
        7 => 0,
        8 => 0x1_0000_0000,
        9 => random.any(),
        10 => abi::IMAGE_BASE + random.below(0x4_0000),
        _ => STACK_TOP,
    };
    match random.below(6) {
        0 => base.wrapping_sub(8),
        1 => base.wrapping_sub(PAGE_SIZE),
        2 => base.wrapping_sub(1),
        3 => base.wrapping_add(8),
        4 => base.wrapping_add(160),
        _ => base,
    }
}

/// Where a call may read or write: most often good for what it needs.
pub(super) fn buffer(random: &mut Random) -> u64 {
    match random.below(12) {
        0 => wild(random),
        1 => page(random).wrapping_add(PAGE_SIZE - 8 * random.below(16)),
        2 => area() + 4 * PAGE_SIZE - 8 * random.below(64),
        3 => area() + random.below(64),
        _ => area() + 2 * PAGE_SIZE + 8 * random.below(16),
    }
}

/// A length, a count.
pub(super) fn length(random: &mut Random) -> u64 {
    match random.below(10) {
        0 => u64::MAX >> random.below(63),
        1 => PAGE_SIZE + random.below(3) - 1,
        2 => abi::MESSAGE_MAX as u64 + random.below(3) - 1,
        3 => random.below(5000),
        _ => random.below(128),
    }
}

/// A number of pages.
pub(super) fn pages(random: &mut Random) -> u64 {
    match random.below(40) {
        0 => u64::MAX >> random.below(63),
        1 => 512 + random.below(3) - 1,
        2 => 1024,
        3 => random.below(100),
        _ => random.below(5),
    }
}

/// A time to wait for, near now most often.
pub(super) fn time(random: &mut Random) -> u64 {
    let now = super::NOW.load(Relaxed);
    match random.below(32) {
        0 => FOREVER,
        1 => FOREVER - random.below(3),
        2 => u64::MAX >> random.below(8),
        3..8 => 0,
        8..12 => now.wrapping_add(random.below(400_000)),
        _ => now.wrapping_add(random.below(20_000)),
    }
}

/// An envelope: what goes into `r15`, and where in the area it is.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// For the call.
    pub(super) register: u64,
    offset: Option<u64>,
}

impl Place {
    /// The handles that the kernel wrote there.
    pub(super) fn taken(self) -> [u64; 4] {
        let at = |field: u64| self.offset.map_or(0, |offset| peek(offset + field));
        let (first, second) = (at(80), at(88));
        [first & 0xffff_ffff, first >> 32, second & 0xffff_ffff, second >> 32]
    }
}

/// An envelope somewhere, filled with something.
pub(super) fn envelope(random: &mut Random) -> Place {
    if random.below(16) == 0 {
        let register = buffer(random) | random.below(4);
        return Place { register, offset: None };
    }
    let size = Envelope::SIZE as u64;
    let offset = match random.below(6) {
        // Over the end of a page, at the end of one, at the end of what is mapped.
        0 => PAGE_SIZE - 48,
        1 => PAGE_SIZE - size,
        2 => 4 * PAGE_SIZE - size,
        _ => 128 * random.below(8),
    };
    for (field, value) in fields(random).into_iter().enumerate() {
        poke(offset + 8 * field as u64, value);
    }
    let flags = if random.below(3) == 0 { random.below(4) } else { 0 };
    let misplaced = if random.below(64) == 0 { 4 } else { 0 };
    Place { register: (area() + offset + misplaced) | flags, offset: Some(offset) }
}

/// The words of an envelope.
fn fields(random: &mut Random) -> [u64; 12] {
    let sends = if random.below(3) == 0 { length(random) } else { 0 };
    let receives = if random.below(2) == 0 { length(random) } else { 0 };
    let transfer = |random: &mut Random, chance: u64| match random.below(chance) {
        0 => transfer(random),
        _ => 0,
    };
    [
        buffer(random),
        sends,
        buffer(random),
        receives,
        time(random),
        transfer(random, 2),
        transfer(random, 4),
        transfer(random, 16),
        transfer(random, 16),
        0,
        0,
        0,
    ]
}

/// A handle to be given away: lifelines most of all, since something ends with them.
fn transfer(random: &mut Random) -> u64 {
    let kind = match random.below(4) {
        0 | 1 => ObjectKind::Lifeline,
        2 => ObjectKind::Endpoint,
        _ => random_kind(random),
    };
    let rights = if random.below(4) == 0 { random.below(0x10000) } else { ALL };
    let moved = if random.below(16) == 0 { random.below(0x10000) } else { random.below(2) };
    handles::any(random, kind) & 0xffff_ffff | rights << 32 | moved << 48
}

/// Any kind of object.
pub(super) fn random_kind(random: &mut Random) -> ObjectKind {
    ObjectKind::from_number(1 + random.below(12)).unwrap_or(ObjectKind::Memory)
}
