//! Threads and children of a 32-bit child: threads only, since it is not told where its code is.

use super::memory::wild;
use super::raw::plain;
use super::stacks::{self, address};
use super::{go_on, handles};
use crate::random::Random;
use abi::{ObjectKind, Syscall};

fn entry() -> u64 {
    address(go_on as *const ())
}

/// One more random thread of this process.
pub(super) fn own_thread(random: &mut Random) {
    let arguments = [0, entry(), stacks::top(), 0, 20 + random.below(10), 1];
    let made = plain(Syscall::ThreadCreate, arguments);
    if made.status == 0 {
        handles::note(ObjectKind::Thread, made.value0);
        plain(Syscall::ThreadResume, [made.value0, 0, 0, 0, 0, 0]);
    }
}

/// Arguments of `ThreadCreate`.
pub(super) fn new_thread(r: &mut Random, priority: fn(&mut Random) -> u64) -> [u64; 6] {
    let process = if r.below(4) == 0 { handles::any(r, ObjectKind::Process) } else { 0 };
    let entry = if r.below(8) == 0 { wild(r) } else { entry() };
    let stack = if r.below(8) == 0 { wild(r) } else { stacks::top() };
    let mode = if r.below(8) == 0 { r.below(3) } else { 1 };
    [process, entry, stack, r.any(), priority(r), mode]
}

/// A handler that returns at once.
pub(super) fn upcall_entry() -> u64 {
    sys::hazard::upcall_return()
}

/// Arguments of `ProcessCreate` that are refused or make an empty process.
pub(super) fn new_process(r: &mut Random) -> [u64; 6] {
    let at = super::memory::area();
    [at, r.below(9), at + 64, 0, 0, 0]
}

/// Leaves a new process empty.
pub(super) fn furnish(_: &mut Random, _: u64) {}
