//! Accesses by atomics of their size: on the host memory stands for registers.

use core::sync::atomic::Ordering::Relaxed;
use core::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, AtomicU64};

/// The load and the store of one size.
macro_rules! access {
    ($read:ident, $write:ident, $number:ty, $atomic:ty) => {
        /// Loads a number.
        ///
        /// # Safety
        /// It must be mapped and aligned, and accessed in no other way at the same time.
        pub(super) unsafe fn $read(from: *const $number) -> $number {
            // SAFETY: the caller's duty.
            unsafe { (*from.cast::<$atomic>()).load(Relaxed) }
        }

        /// Stores a number.
        ///
        /// # Safety
        /// As for the load.
        pub(super) unsafe fn $write(to: *mut $number, value: $number) {
            // SAFETY: the caller's duty.
            unsafe { (*to.cast::<$atomic>()).store(value, Relaxed) }
        }
    };
}

access!(read_u8, write_u8, u8, AtomicU8);
access!(read_u16, write_u16, u16, AtomicU16);
access!(read_u32, write_u32, u32, AtomicU32);
access!(read_u64, write_u64, u64, AtomicU64);
