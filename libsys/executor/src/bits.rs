//! The 64 bits of the executor's notification, and the tasks that wait for them.

use alloc::rc::Rc;
use core::cell::RefCell;
use core::future::poll_fn;
use core::task::{Poll, Waker};

/// The tasks that wait for bits.
#[derive(Debug)]
pub(crate) struct Bits {
    /// Bits that have an owner.
    taken: u64,
    /// Bits that came and were not waited for yet.
    set: u64,
    wakers: [Option<Waker>; 64],
}

impl Bits {
    pub(crate) fn new() -> Self {
        Self { taken: 0, set: 0, wakers: [const { None }; 64] }
    }

    /// Bits that have an owner.
    pub(crate) fn taken(&self) -> u64 {
        self.taken
    }

    /// Wakes the tasks that wait for these bits.
    pub(crate) fn wake(&mut self, bits: u64) {
        self.set |= bits & self.taken;
        for (number, waker) in self.wakers.iter_mut().enumerate() {
            if bits & 1 << number != 0
                && let Some(waker) = waker.take()
            {
                waker.wake();
            }
        }
    }

    fn claim(&mut self, number: u32) -> bool {
        let mask = 1u64.checked_shl(number).unwrap_or(0);
        let free = mask != 0 && self.taken & mask == 0;
        self.taken |= mask;
        free
    }
}

/// One bit of the executor's notification, for one user of it.
///
/// Others signal it: a timer, an interrupt, the other side of a queue, the kernel at the end
/// of a lifeline. Dropping it gives the bit back.
#[derive(Debug)]
pub struct Bit {
    bits: Rc<RefCell<Bits>>,
    number: u32,
}

impl Bit {
    /// The highest one that is free: fixed ones (of interrupts) count from 0.
    pub(crate) fn any(bits: &Rc<RefCell<Bits>>) -> Option<Self> {
        let number = (0..64).rev().find(|number| bits.borrow_mut().claim(*number))?;
        Some(Self { bits: bits.clone(), number })
    }

    /// This one, if it is free.
    pub(crate) fn number(bits: &Rc<RefCell<Bits>>, number: u32) -> Option<Self> {
        let claimed = bits.borrow_mut().claim(number);
        claimed.then(|| Self { bits: bits.clone(), number })
    }

    /// The bit, for `signal` and for the programs that signal it.
    #[must_use]
    pub fn mask(&self) -> u64 {
        1 << self.number
    }

    /// Waits until the bit is set, since the last wait. Only one task at a time is woken by it.
    pub async fn wait(&self) {
        poll_fn(|context| {
            let mut bits = self.bits.borrow_mut();
            if bits.set & self.mask() != 0 {
                bits.set &= !self.mask();
                return Poll::Ready(());
            }
            if let Some(place) = bits.wakers.get_mut(self.number as usize) {
                *place = Some(context.waker().clone());
            }
            Poll::Pending
        })
        .await;
    }
}

impl Drop for Bit {
    fn drop(&mut self) {
        let mut bits = self.bits.borrow_mut();
        bits.taken &= !self.mask();
        bits.set &= !self.mask();
        if let Some(place) = bits.wakers.get_mut(self.number as usize) {
            *place = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Bit, Bits};
    use alloc::rc::Rc;
    use core::cell::RefCell;

    #[test]
    fn each_bit_has_one_owner_and_comes_back() {
        let bits = Rc::new(RefCell::new(Bits::new()));
        let first = Bit::number(&bits, 0).unwrap();
        assert!(Bit::number(&bits, 0).is_none());
        assert!(Bit::number(&bits, 64).is_none());
        let others: Vec<_> = core::iter::from_fn(|| Bit::any(&bits)).collect();
        assert_eq!(others.len(), 63);
        let all = others.iter().fold(first.mask(), |all, bit| all | bit.mask());
        assert_eq!(all, u64::MAX);
        drop(others);
        assert_eq!(Bit::any(&bits).unwrap().mask(), 1 << 63);
    }
}
