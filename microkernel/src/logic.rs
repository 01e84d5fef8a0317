//! Decisions and arithmetic of the machine side that need no machine: here, so that tests on the
//! host run them. What they work on, the arch reads from hardware and hands in.

pub mod clock;
pub mod rate;
pub mod weakness;

/// Where an `int` instruction of 2 bytes began, of which the CPU saved the place behind it.
///
/// Wrapping within the width of the code: the last two bytes of 4 GiB can be such an instruction
/// of 32-bit code, and the place behind it is 0.
pub const fn before_int(behind: u64, code_is_32_bit: bool) -> u64 {
    let before = behind.wrapping_sub(2);
    if code_is_32_bit { before & 0xffff_ffff } else { before }
}

#[cfg(test)]
mod tests {
    use super::before_int;

    #[test]
    fn the_place_of_an_int_at_the_end_of_4_gib() {
        for behind in [0, 1 << 32] {
            assert_eq!(before_int(behind, true), 0xffff_fffe);
        }
        assert_eq!(before_int(0x40_0002, true), 0x40_0000);
        assert_eq!(before_int(0x40_0002, false), 0x40_0000);
        assert_eq!(before_int(0, false), u64::MAX - 1, "which is no place to go on");
    }
}
