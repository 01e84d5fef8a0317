//! Return addresses out of a chain of frame pointers that cannot be trusted.

use alloc::vec::Vec;

/// The most addresses.
pub const MOST_FRAMES: usize = 24;

/// The instruction pointer and the return addresses behind it, innermost first. `read` gives
/// the word at an address, if there is one; `word` is its size, 4 or 8 bytes.
///
/// The chain ends where it does not lead upwards, is not aligned, or cannot be read.
pub fn walk(
    instruction: u64,
    mut frame: u64,
    word: u64,
    mut read: impl FnMut(u64) -> Option<u64>,
) -> Vec<u64> {
    let mut addresses = Vec::from([instruction]);
    while addresses.len() < MOST_FRAMES && frame != 0 && frame.is_multiple_of(word) {
        let back = frame.checked_add(word).and_then(&mut read);
        let (Some(next), Some(back)) = (read(frame), back.filter(|back| *back != 0)) else { break };
        addresses.push(back);
        if next <= frame {
            break;
        }
        frame = next;
    }
    addresses
}

#[cfg(test)]
mod tests {
    use super::{MOST_FRAMES, walk};

    #[test]
    fn frames_lead_from_one_to_the_next() {
        let stack = [(0x100, 0x120), (0x108, 0x4001), (0x120, 0), (0x128, 0x4002)];
        let read = |at| stack.iter().find(|(address, _)| *address == at).map(|(_, word)| *word);
        assert_eq!(walk(0x4000, 0x100, 8, read), [0x4000, 0x4001, 0x4002]);
        let narrow = [(0x100, 0x120), (0x104, 0x4001)];
        let read = |at| narrow.iter().find(|(address, _)| *address == at).map(|(_, word)| *word);
        assert_eq!(walk(0x4000, 0x100, 4, read), [0x4000, 0x4001]);
    }

    #[test]
    fn a_hostile_chain_ends() {
        assert_eq!(walk(1, 0, 8, |_| None), [1]);
        assert_eq!(walk(1, 0x101, 8, |_| Some(7)), [1], "not aligned");
        assert_eq!(walk(1, 0x100, 8, |_| None), [1], "not readable");
        assert_eq!(walk(1, 0x100, 8, |_| Some(0x100)), [1, 0x100], "round in a circle");
        assert_eq!(walk(1, u64::MAX - 7, 8, |_| Some(8)), [1], "the end of all addresses");
        assert_eq!(walk(1, 8, 8, |at| Some(at + 16)).len(), MOST_FRAMES, "without end");
    }
}
