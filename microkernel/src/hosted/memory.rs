//! Physical memory of a hosted machine.
//!
//! Pages are shared until they are written, so that copying a machine costs a pointer for
//! each page, and a page's hash is computed once for all copies.

use crate::arena::Fixed;
use crate::machine::{BootMemory, Phys};
use crate::number;
use abi::PAGE_SIZE;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

const LEN: usize = number::size(PAGE_SIZE);

/// What a page holds.
#[derive(Debug)]
struct Contents {
    bytes: [u8; LEN],
    /// Its hash, or 0 before the first use.
    hash: AtomicU64,
}

impl Contents {
    fn filled(byte: u8) -> Arc<Self> {
        Arc::new(Self { bytes: [byte; LEN], hash: AtomicU64::new(0) })
    }
}

impl Clone for Contents {
    fn clone(&self) -> Self {
        Self { bytes: self.bytes, hash: AtomicU64::new(0) }
    }
}

impl Hash for Contents {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let mut hash = self.hash.load(Ordering::Relaxed);
        if hash == 0 {
            let mut hasher = DefaultHasher::new();
            hasher.write(&self.bytes);
            hash = hasher.finish() | 1;
            self.hash.store(hash, Ordering::Relaxed);
        }
        state.write_u64(hash);
    }
}

static ZEROED: LazyLock<Arc<Contents>> = LazyLock::new(|| Contents::filled(0));
/// What memory holds before anybody wrote it.
static UNWRITTEN: LazyLock<Arc<Contents>> = LazyLock::new(|| Contents::filled(0xa5));

/// All of it.
#[derive(Clone, Debug, Hash)]
pub(super) struct Memory {
    pages: Vec<Arc<Contents>>,
}

impl Memory {
    pub(super) fn new(frames: u64) -> Self {
        Self { pages: vec![UNWRITTEN.clone(); number::size(frames)] }
    }

    pub(super) fn zero(&mut self, first: Phys, frames: u64) {
        let first = number::size(first.frame());
        self.pages[first..][..number::size(frames)].fill(ZEROED.clone());
    }

    pub(super) fn read(&self, from: Phys, into: &mut [u8]) {
        for (page, start, part) in parts(from, into.len()) {
            into[part.clone()].copy_from_slice(&self.pages[page].bytes[start..][..part.len()]);
        }
    }

    pub(super) fn write(&mut self, to: Phys, bytes: &[u8]) {
        for (page, start, part) in parts(to, bytes.len()) {
            let page = Arc::make_mut(&mut self.pages[page]);
            *page.hash.get_mut() = 0;
            page.bytes[start..][..part.len()].copy_from_slice(&bytes[part]);
        }
    }
}

/// Cuts a piece of memory at page borders: page, place in the page, part of the piece.
fn parts(at: Phys, len: usize) -> impl Iterator<Item = (usize, usize, std::ops::Range<usize>)> {
    let at = number::size(at.address());
    let mut done = 0;
    std::iter::from_fn(move || {
        let (page, start) = ((at + done) / LEN, (at + done) % LEN);
        let piece = done..len.min(done + LEN - start);
        done = piece.end;
        (!piece.is_empty()).then_some((page, start, piece))
    })
}

/// Arenas from the ordinary heap.
#[derive(Debug, Default)]
pub struct HostedMemory;

impl BootMemory for HostedMemory {
    fn slice<T: 'static>(&mut self, len: usize, make: fn(usize) -> T) -> Fixed<T> {
        (0..len).map(make).collect()
    }

    fn frame(&mut self) -> Phys {
        Phys::ZERO
    }
}

#[cfg(test)]
mod tests {
    use super::{LEN, Memory};
    use crate::machine::Phys;

    #[test]
    fn a_copy_does_not_see_what_is_written_later() {
        let mut memory = Memory::new(3);
        let text: Vec<u8> = (0..2 * LEN).map(|number| number.to_le_bytes()[0]).collect();
        memory.write(Phys::from_entry(100), &text);
        let copy = memory.clone();
        memory.zero(Phys::ZERO, 2);
        let mut read = vec![0; text.len()];
        copy.read(Phys::from_entry(100), &mut read);
        assert_eq!(read, text);
        memory.read(Phys::from_entry(100), &mut read);
        assert_eq!(read[..2 * LEN - 100], vec![0; 2 * LEN - 100]);
        assert_eq!(read[2 * LEN - 100..], text[2 * LEN - 100..]);
    }
}
