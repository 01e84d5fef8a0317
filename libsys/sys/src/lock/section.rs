//! What the `critical-section` crate asks for: a lock for the whole process that its
//! holder may acquire again.

use super::{turn, wait_for};
use crate::thread::current_slot;
use crate::upcall::Masked;
use core::sync::atomic::AtomicU64;
use critical_section::RawRestoreState;

/// The holder: its slot + 1; 0: free.
static OWNER: AtomicU64 = AtomicU64::new(0);
/// The number of times that the holder has acquired it again.
static AGAIN: AtomicU64 = AtomicU64::new(0);
static SECTION: turn::Section<'static> = turn::Section { owner: &OWNER, again: &AGAIN };

struct Section;
critical_section::set_impl!(Section);

// SAFETY: 1. `OWNER` goes from free to a thread by one thread only, so threads exclude
// each other. 2. upcalls of the holder are masked. 3. acquire and release order memory.
unsafe impl critical_section::Impl for Section {
    unsafe fn acquire() -> RawRestoreState {
        let this = current_slot() + 1;
        if SECTION.take_again(this) {
            return u64::MAX;
        }
        let masked = Masked::enter();
        wait_for(|| SECTION.take(this));
        masked.into_raw()
    }

    unsafe fn release(state: RawRestoreState) {
        if SECTION.release() {
            drop(Masked::from_raw(state));
        }
    }
}
