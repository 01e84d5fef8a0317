//! The conversions between integer widths that the core needs, each proved lossless once.

const _: () = assert!(size_of::<usize>() == 8, "the core counts on 64-bit sizes");

/// A `u64` as a size.
#[expect(clippy::cast_possible_truncation, reason = "usize has 64 bits, asserted above")]
pub const fn size(value: u64) -> usize {
    value as usize
}

/// The low 32 bits.
pub const fn low32(value: u64) -> u32 {
    (value & 0xffff_ffff) as u32
}

/// The high 32 bits.
pub const fn high32(value: u64) -> u32 {
    low32(value >> 32)
}

/// A size as `u32`; sizes of arenas and tables are far below its limit.
pub fn short(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}
