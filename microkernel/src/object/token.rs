//! Reply tokens: the names of open calls.
//!
//! Shape: the low 22 bits are the number of the caller's slot and 1, the upper 42 bits count the
//! calls that threads of this slot have made. The next thread of a slot counts on, so the token
//! of a dead caller names none of its successor's calls. The count comes round after
//! 4,398,046,511,104 calls: by then a server has kept a dead token for 50 days in which one slot
//! made a million calls in each second. 0 names nothing.

use crate::number;

const SLOT_BITS: u32 = 22;
const SLOT_MASK: u64 = (1 << SLOT_BITS) - 1;

/// The name of a thread's last call. Before its first one, a name that nothing was told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct CallToken(u64);

impl CallToken {
    /// For a new thread in this slot, whose last thread left this one. `None` where the slot has
    /// no name: far more threads than fit into memory.
    pub fn first(slot: usize, left: Self) -> Option<Self> {
        let number = slot as u64 + 1;
        (number <= SLOT_MASK).then_some(Self(left.0 & !SLOT_MASK | number))
    }

    /// The name of the call after this one.
    #[inline(always)]
    #[must_use = "the next call has this name"]
    pub fn next(self) -> Self {
        Self(self.0.wrapping_add(1 << SLOT_BITS))
    }

    /// The slot of the caller that a token names; one that is none's when it is 0.
    #[inline(always)]
    pub fn slot(token: u64) -> usize {
        number::size(token & SLOT_MASK).wrapping_sub(1)
    }

    /// As it travels.
    #[inline(always)]
    pub fn value(self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::{CallToken, SLOT_MASK};

    #[test]
    fn calls_of_a_slot_have_names_of_their_own_until_the_count_comes_round() {
        let first = CallToken::first(7, CallToken::default()).unwrap();
        let mut last = first;
        for _ in 0..1000 {
            let next = last.next();
            assert!(next != last && next != first);
            assert_eq!(CallToken::slot(next.value()), 7);
            last = next;
        }
        let successor = CallToken::first(7, last).unwrap();
        assert_eq!(successor, last, "it counts on");
        let end = CallToken(!SLOT_MASK | 8);
        assert_eq!(CallToken::slot(end.next().value()), 7, "the slot does not change at the end");
        assert_ne!(end.next().value(), 0, "nor is it no token");
    }

    #[test]
    fn zero_and_slots_beyond_the_last_name_no_caller() {
        assert_eq!(CallToken::slot(0), usize::MAX);
        assert!(CallToken::first((1 << 22) - 2, CallToken::default()).is_some());
        assert!(CallToken::first((1 << 22) - 1, CallToken::default()).is_none());
    }
}
