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

/// An index that a program chose, for a list of this length, so that a CPU which runs ahead of the
/// comparison with the length stays within the next power of two: in a list of the kernel's, that
/// is the list's own room. Of an index below the length nothing changes; without a branch.
#[inline(always)]
pub const fn masked(index: usize, len: usize) -> usize {
    let zeros = (len | 1).leading_zeros();
    index & (usize::MAX >> zeros)
}

#[cfg(test)]
mod tests {
    use super::masked;

    #[test]
    fn a_masked_index_stays_near_the_list_and_is_itself_within() {
        for len in [1, 2, 3, 7, 8, 9, 63, 64, 65, 1000, 1 << 20] {
            for index in [0, 1, 2, len / 2, len - 1].into_iter().filter(|index| *index < len) {
                assert_eq!(masked(index, len), index, "of {len}");
            }
            for wild in [len, 2 * len, usize::MAX, usize::MAX / 2 + 1] {
                assert!(masked(wild, len) < 2 * len.next_power_of_two(), "{wild:#x} of {len}");
            }
        }
        assert!(masked(usize::MAX, 0) <= 1);
    }
}
