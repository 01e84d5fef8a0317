//! Threads and children that a child makes itself.

use super::handles;
use super::memory::{self, poke, wild};
use super::raw::plain;
use super::stacks::{self, address};
use super::{begin, go_on};
use crate::random::Random;
use abi::{ObjectKind, PAGE_SIZE, Protection, Syscall};

/// Where the book is mapped in each child: what a child of its own needs, as numbers of 64 bits.
pub(crate) const BOOK: u64 = 0x2fff_0000_0000;
/// Numbers in the book: segments, then for each address, pages, protection, handle (0: fresh
/// zeros in place of shared pages), and behind the last the book's own handle.
pub(crate) const MOST_SEGMENTS: u64 = 8;

/// One more random thread of this process.
pub(super) fn own_thread(random: &mut Random) {
    let arguments = [0, address(go_on as *const ()), stacks::top(), 0, 20 + random.below(10), 0];
    let made = plain(Syscall::ThreadCreate, arguments);
    if made.status == 0 {
        handles::note(ObjectKind::Thread, made.value0);
        plain(Syscall::ThreadResume, [made.value0, 0, 0, 0, 0, 0]);
    }
}

/// Arguments of `ThreadCreate`: one that works on in this process most often.
pub(super) fn new_thread(r: &mut Random, priority: fn(&mut Random) -> u64) -> [u64; 6] {
    let process = if r.below(4) == 0 { handles::any(r, ObjectKind::Process) } else { 0 };
    let entry = match r.below(8) {
        0 => wild(r),
        1 => sys::hazard::entries::sleep_for_ever(),
        _ => address(go_on as *const ()),
    };
    let stack = if r.below(8) == 0 { wild(r) } else { stacks::top() };
    let mode = if r.below(16) == 0 { r.below(3) } else { 0 };
    [process, entry, stack, r.any(), priority(r), mode]
}

/// A handler that returns at once.
pub(super) fn upcall_entry() -> u64 {
    sys::hazard::entries::upcall_return()
}

/// Arguments of `ProcessCreate`; name and quota lie in the area.
pub(super) fn new_process(r: &mut Random) -> [u64; 6] {
    let (name, quota) = (3 * PAGE_SIZE, 3 * PAGE_SIZE + 64);
    poke(name, u64::from_le_bytes(*b"children"));
    let wide = r.below(8) == 0;
    let mut amount = |most: u64| if wide { r.any() & 0xffff_ffff } else { r.below(most) };
    poke(quota, (60 + amount(100)) | amount(40) << 32);
    poke(quota + 8, amount(5) | amount(40) << 32);
    poke(quota + 16, 20 + amount(11));
    let at = memory::area();
    let (address, length) = match r.below(12) {
        0 => (memory::buffer(r), memory::length(r)),
        _ => (at + name, r.below(9)),
    };
    let bell = handles::or_self(r, ObjectKind::Notification);
    [address, length, at + quota, bell, 1 << r.below(8), 0]
}

/// A number of the book, or 0 where there is none (any more).
fn book(index: u64) -> u64 {
    sys::hazard::read_u64(BOOK + 8 * index)
}

/// Makes a new process one like this: the same code, fresh data, a random thread.
pub(super) fn furnish(random: &mut Random, process: u64) {
    // Empty ones that are only handles are worth having, too.
    if random.below(4) == 0 {
        return;
    }
    let count = book(0);
    for index in 0..count.min(MOST_SEGMENTS) {
        let [at, pages, protection, handle] = [1, 2, 3, 4].map(|field| book(4 * index + field));
        let fresh = handle == 0;
        let memory = if fresh {
            plain(Syscall::MemoryCreate, [pages, process, 0, 0, 0, 0]).value0
        } else {
            handle
        };
        plain(Syscall::Map, [process, memory, at, 0, pages, protection]);
        if fresh {
            plain(Syscall::HandleClose, [memory, 0, 0, 0, 0, 0]);
        }
    }
    let own = book(4 * count.min(MOST_SEGMENTS) + 1);
    plain(Syscall::Map, [process, own, BOOK, 0, 1, Protection::Read as u64]);
    give(random, process);
    watch(random, process);
    let entry = address(begin as *const ());
    let arguments = [process, entry, stacks::top(), random.any(), 20 + random.below(10), 0];
    let made = plain(Syscall::ThreadCreate, arguments);
    handles::note(ObjectKind::Thread, made.value0);
    plain(Syscall::ThreadResume, [made.value0, 0, 0, 0, 0, 0]);
}

/// Some of the own handles for a child.
fn give(random: &mut Random, process: u64) {
    for _ in 0..6 {
        let kind = memory::random_kind(random);
        let handle = handles::of_kind(random, kind);
        plain(Syscall::HandleGive, [process, handle, super::arguments::ALL, 0, 0, 0]);
    }
}

/// Some children are traced, filtered, dispatched, or have a handler for faults.
fn watch(random: &mut Random, process: u64) {
    let line = handles::of_kind(random, ObjectKind::Endpoint);
    match random.below(8) {
        0 => plain(Syscall::ProcessTrace, [process, line, 0, 1 + random.below(15), 0, 0]),
        1 => plain(Syscall::ProcessFilter, [process, !(1 << random.below(64)), u64::MAX, 0, 0, 0]),
        2 => plain(Syscall::ProcessDispatch, [process, line, 0, 0, 0, 0]),
        3 | 4 => plain(Syscall::ProcessFaults, [process, line, 0, 0, 0, 0]),
        _ => return,
    };
}
