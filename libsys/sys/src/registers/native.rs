//! Accesses in assembly: the compiler knows nothing of them but that they happen, once each and
//! in order, so memory that others change is no data race in the language's eyes.

use core::arch::asm;

/// The load and the store of one size.
macro_rules! access {
    ($read:ident, $write:ident, $number:ty, $class:ident, $load:literal, $store:literal) => {
        /// Loads a number.
        ///
        /// # Safety
        /// It must be mapped.
        #[inline(always)]
        pub(super) unsafe fn $read(from: *const $number) -> $number {
            let value;
            // SAFETY: loads what the caller says is mapped.
            unsafe { asm!($load, out($class) value, in(reg) from, options(nostack, preserves_flags)) };
            value
        }

        /// Stores a number.
        ///
        /// # Safety
        /// It must be mapped, to be written, and no Rust value.
        #[inline(always)]
        pub(super) unsafe fn $write(to: *mut $number, value: $number) {
            // SAFETY: stores where the caller says it may.
            unsafe { asm!($store, in(reg) to, in($class) value, options(nostack, preserves_flags)) };
        }
    };
}

access!(read_u8, write_u8, u8, reg_byte, "mov {}, byte ptr [{}]", "mov byte ptr [{}], {}");
access!(read_u16, write_u16, u16, reg, "mov {:x}, word ptr [{}]", "mov word ptr [{}], {:x}");
access!(read_u32, write_u32, u32, reg, "mov {:e}, dword ptr [{}]", "mov dword ptr [{}], {:e}");
#[cfg(target_pointer_width = "64")]
access!(read_u64, write_u64, u64, reg, "mov {}, qword ptr [{}]", "mov qword ptr [{}], {}");

/// Loads a number in two halves, the lower one first.
///
/// # Safety
/// It must be mapped.
#[cfg(target_pointer_width = "32")]
pub(super) unsafe fn read_u64(from: *const u64) -> u64 {
    let half = from.cast::<u32>();
    // SAFETY: the caller's duty.
    let (low, high) = unsafe { (read_u32(half), read_u32(half.wrapping_add(1))) };
    u64::from(low) | u64::from(high) << 32
}

/// Stores a number in two halves, the lower one first.
///
/// # Safety
/// It must be mapped, to be written, and no Rust value.
#[cfg(target_pointer_width = "32")]
pub(super) unsafe fn write_u64(to: *mut u64, value: u64) {
    let half = to.cast::<u32>();
    let [a, b, c, d, e, f, g, h] = value.to_le_bytes();
    // SAFETY: the caller's duty.
    unsafe {
        write_u32(half, u32::from_le_bytes([a, b, c, d]));
        write_u32(half.wrapping_add(1), u32::from_le_bytes([e, f, g, h]));
    }
}
