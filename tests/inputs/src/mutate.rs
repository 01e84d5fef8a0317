//! Inputs made of other inputs.

use fastrand::Rng;

/// Longer inputs are cut: what lies behind is of no more interest than what lies before.
const LONGEST: usize = 1 << 20;

/// Numbers at which something ends.
const EDGES: [u64; 14] = [
    0,
    1,
    7,
    0x7f,
    0xff,
    0xfff,
    0x1000,
    0xffff,
    0x7fff_ffff,
    0xffff_ffff,
    1 << 47,
    1 << 63,
    u64::MAX - 1,
    u64::MAX,
];

/// One of the seeds with one to eight changes.
pub(crate) fn mutated(seeds: &[Vec<u8>], random: &mut Rng) -> Vec<u8> {
    let mut bytes = seeds[random.usize(..seeds.len())].clone();
    for _ in 0..random.u32(1..=8) {
        change(&mut bytes, seeds, random);
    }
    bytes.truncate(LONGEST);
    bytes
}

fn change(bytes: &mut Vec<u8>, seeds: &[Vec<u8>], random: &mut Rng) {
    let place = random.usize(..=bytes.len());
    let near = place + random.usize(..=64).min(bytes.len() - place);
    match random.u32(..10) {
        0..=2 => flip(bytes, place, random),
        3..=5 => put_number(bytes, place, random),
        6 => bytes.truncate(place),
        7 => drop(bytes.drain(place..near)),
        8 => {
            let copy = bytes[place..near].to_vec();
            bytes.splice(place..place, copy);
        }
        _ => splice(bytes, place, &seeds[random.usize(..seeds.len())], random),
    }
}

fn flip(bytes: &mut [u8], place: usize, random: &mut Rng) {
    if let Some(byte) = bytes.get_mut(place) {
        *byte ^= 1 << random.u32(..8);
    }
}

/// A number of 1, 2, 4 or 8 bytes: an edge, or near to what was there.
fn put_number(bytes: &mut [u8], place: usize, random: &mut Rng) {
    let len = 1 << random.u32(..4);
    // Formats align their numbers.
    let place = if random.bool() { place / len * len } else { place };
    let Some(field) = bytes.get_mut(place..place + len) else { return };
    let mut number = [0; 8];
    number[..len].copy_from_slice(field);
    let number = match random.u32(..3) {
        0 => u64::from_le_bytes(number).wrapping_add(random.u64(..33)).wrapping_sub(16),
        1 => random.u64(..),
        _ => EDGES[random.usize(..EDGES.len())],
    };
    field.copy_from_slice(&number.to_le_bytes()[..len]);
}

/// A piece of another input.
fn splice(bytes: &mut Vec<u8>, place: usize, other: &[u8], random: &mut Rng) {
    let start = random.usize(..=other.len());
    let end = start + random.usize(..=other.len() - start).min(4096);
    let over = (place + random.usize(..=end - start)).min(bytes.len());
    bytes.splice(place..over, other[start..end].iter().copied());
}
