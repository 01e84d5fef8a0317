//! The handles and reply tokens that a child knows, by kind; closed ones too.

use super::memory::Place;
use super::raw::plain;
use crate::random::Random;
use abi::{Handle, ObjectKind, Syscall};
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Handles of the first slots, which a child is given before it begins.
const GIVEN: u64 = 24;
const KNOWN_MOST: u64 = 64;
const CLOSED_MOST: u64 = 8;
const TOKENS_MOST: u64 = 8;

/// Kind in the high half, handle in the low; 0: none.
static KNOWN: [AtomicU64; 64] = [const { AtomicU64::new(0) }; 64];
static CLOSED: [AtomicU64; 8] = [const { AtomicU64::new(0) }; 8];
static TOKENS: [AtomicU64; 8] = [const { AtomicU64::new(0) }; 8];
/// Where the next handle is noted.
static NEXT: AtomicU64 = AtomicU64::new(0);

fn place(of: &[AtomicU64], index: u64) -> Option<&AtomicU64> {
    of.get(usize::try_from(index).ok()?)
}

fn known(index: u64) -> u64 {
    place(&KNOWN, index % KNOWN_MOST).map_or(0, |place| place.load(Relaxed))
}

/// Finds what the child was given.
pub(super) fn discover() {
    for slot in 1..=GIVEN {
        note_unknown(slot);
    }
}

/// Remembers a handle in the place of the oldest.
pub(super) fn note(kind: ObjectKind, handle: u64) {
    let index = NEXT.fetch_add(1, Relaxed) % KNOWN_MOST;
    if let Some(place) = place(&KNOWN, index) {
        place.store((kind as u64) << 32 | handle & 0xffff_ffff, Relaxed);
    }
}

/// The same for a handle of any kind.
pub(super) fn note_unknown(handle: u64) {
    let info = plain(Syscall::HandleInfo, [handle, 0, 0, 0, 0, 0]);
    if let Some(kind) = ObjectKind::from_number(info.value0).filter(|_| info.status == 0) {
        note(kind, handle);
    }
}

/// Remembers handles that came with a message.
pub(super) fn note_taken(envelope: Option<Place>) {
    let taken = envelope.map_or([0; 4], Place::taken);
    for handle in taken.into_iter().filter(|handle| *handle != 0) {
        note_unknown(handle);
    }
}

/// Remembers a token.
pub(super) fn note_token(random: &mut Random, token: u64) {
    if token != 0
        && let Some(place) = random.of(&TOKENS)
    {
        place.store(token, Relaxed);
    }
}

/// Remembers a closed handle as such.
pub(super) fn forget(handle: u64) {
    for place in &KNOWN {
        if place.load(Relaxed) & 0xffff_ffff == handle {
            place.store(0, Relaxed);
        }
    }
    if let Some(place) = place(&CLOSED, handle % CLOSED_MOST) {
        place.store(handle, Relaxed);
    }
}

/// Closes some handles, known or not, so that there is room for others.
pub(super) fn close_some(random: &mut Random) {
    for _ in 0..4 {
        let handle = match random.below(2) {
            0 => known(random.any()) & 0xffff_ffff,
            _ => random.below(96) | random.below(3) << Handle::SLOT_BITS,
        };
        if plain(Syscall::HandleClose, [handle, 0, 0, 0, 0, 0]).status == 0 {
            forget(handle);
        }
    }
}

/// A handle of this kind, most often; else another one, a closed one, or none.
pub(super) fn any(random: &mut Random, kind: ObjectKind) -> u64 {
    match random.below(20) {
        0 => known(random.any()) & 0xffff_ffff,
        1 => random.of(&CLOSED).map_or(0, |place| place.load(Relaxed)),
        2 => wild(random),
        _ => of_kind(random, kind),
    }
}

/// A handle of this kind, or 0.
pub(super) fn of_kind(random: &mut Random, kind: ObjectKind) -> u64 {
    let start = random.any();
    (0..KNOWN_MOST)
        .map(|offset| known(start.wrapping_add(offset)))
        .find(|found| found >> 32 == kind as u64)
        .unwrap_or(0)
        & 0xffff_ffff
}

fn wild(random: &mut Random) -> u64 {
    let real = known(random.any()) & 0xffff_ffff;
    match random.below(6) {
        0 => 0,
        1 => real ^ 1 << random.below(32),
        2 => real | 1 << (32 + random.below(32)),
        3 => random.below(1 << 16),
        4 => u64::MAX >> random.below(40),
        _ => random.any(),
    }
}

/// A handle of the child's own, or 0 for the child itself.
pub(super) fn or_self(random: &mut Random, kind: ObjectKind) -> u64 {
    if random.below(2) == 0 { 0 } else { any(random, kind) }
}

/// A token that was received, or one near it.
pub(super) fn token(random: &mut Random) -> u64 {
    let index = random.below(TOKENS_MOST);
    let token = place(&TOKENS, index).map_or(0, |place| place.load(Relaxed));
    match random.below(12) {
        0 => token ^ 1 << random.below(64),
        1 => token.wrapping_add(1 << 32),
        2 => token.wrapping_sub(1 << 32),
        3 => random.below(200) | (1 + random.below(8)) << 32,
        _ => token,
    }
}

/// The kind of object that a call makes; its handle is value 0.
pub(super) fn made_by(call: Syscall) -> Option<ObjectKind> {
    Some(match call {
        Syscall::EndpointCreate => ObjectKind::Endpoint,
        Syscall::NotificationCreate => ObjectKind::Notification,
        Syscall::MemoryCreate | Syscall::MemoryLend => ObjectKind::Memory,
        Syscall::TimerCreate => ObjectKind::Timer,
        Syscall::IrqCreate | Syscall::MsiCreate => ObjectKind::Irq,
        Syscall::IoSpaceCreate => ObjectKind::IoSpace,
        Syscall::ContextCreate => ObjectKind::SchedContext,
        Syscall::ProcessThread => ObjectKind::Thread,
        _ => return None,
    })
}
