//! The pool, the stand-in and the registers of this process, for interfaces without `self`.

use core::ptr::NonNull;
use core::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use sys::{DeviceAddress, Error};

/// Bytes here that the device reaches, or that stand in for such.
#[derive(Debug)]
struct Block {
    /// Whether it has its bytes, or is about to get them. It gets them once: addresses in them
    /// are in use as long as the process lives.
    claimed: AtomicBool,
    start: AtomicUsize,
    bytes: AtomicUsize,
    device: AtomicU64,
}

impl Block {
    const fn new() -> Self {
        let (start, bytes) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Self { claimed: AtomicBool::new(false), start, bytes, device: AtomicU64::new(0) }
    }

    /// The right to set it.
    fn claim(&self) -> Result<(), Error> {
        if self.claimed.swap(true, Ordering::AcqRel) { Err(Error::BadState) } else { Ok(()) }
    }

    /// ORDER: the length is what makes a block valid. It is stored last and loaded first.
    fn set(&self, start: usize, bytes: usize, device: u64) {
        self.bytes.store(0, Ordering::Release);
        self.start.store(start, Ordering::Relaxed);
        self.device.store(device, Ordering::Relaxed);
        self.bytes.store(bytes, Ordering::Release);
    }

    /// The device address of these bytes when all of them are in the block.
    fn translate(&self, start: usize, bytes: usize) -> Option<u64> {
        let size = self.bytes.load(Ordering::Acquire);
        let offset = start.checked_sub(self.start.load(Ordering::Relaxed))?;
        let end = offset.checked_add(bytes)?;
        (end <= size).then(|| self.device.load(Ordering::Relaxed) + offset as u64)
    }

    /// The byte at this offset, inside of the block.
    fn pointer(&self, offset: usize) -> Option<NonNull<u8>> {
        let start = self.start.load(Ordering::Relaxed);
        NonNull::new(core::ptr::with_exposed_provenance_mut(start.checked_add(offset)?))
    }
}

/// What is translated, and what of the pool was handed out.
#[derive(Debug)]
pub(crate) struct State {
    pool: Block,
    taken: AtomicUsize,
    stand_in: Block,
    registers: Block,
}

impl State {
    const fn new() -> Self {
        let (pool, stand_in, registers) = (Block::new(), Block::new(), Block::new());
        Self { pool, taken: AtomicUsize::new(0), stand_in, registers }
    }

    /// The right to make the pool, which [`State::set_pool`] uses or [`State::release_pool`] gives
    /// back.
    ///
    /// # Errors
    /// `BadState` when there is a pool, or another thread makes it.
    pub(crate) fn claim_pool(&self) -> Result<(), Error> {
        self.pool.claim()
    }

    pub(crate) fn release_pool(&self) {
        self.pool.claimed.store(false, Ordering::Release);
    }

    /// The pool from now on: bytes whose address was exposed, mapped for good, all zero.
    pub(crate) fn set_pool(&self, start: usize, bytes: usize, device: DeviceAddress) {
        self.pool.set(start, bytes, device.0);
    }

    /// The stand-in from now on: bytes whose address was exposed, allocated for good.
    pub(crate) fn set_stand_in(&self, start: usize, bytes: usize) {
        self.stand_in.set(start, bytes, 0);
    }

    /// The right to [`State::set_registers`].
    ///
    /// # Errors
    /// `BadState` when they are set.
    pub(crate) fn claim_registers(&self) -> Result<(), Error> {
        self.registers.claim()
    }

    /// The registers from now on: bytes whose address was exposed, mapped for good.
    pub(crate) fn set_registers(&self, start: usize, bytes: usize) {
        self.registers.set(start, bytes, 0);
    }

    /// The first of these bytes, when all of them are registers.
    pub(crate) fn registers(&self, start: usize, bytes: usize) -> Option<NonNull<u8>> {
        let offset = self.registers.translate(start, bytes)?;
        self.registers.pointer(usize::try_from(offset).ok()?)
    }

    /// Where the next foreign buffer is for the device.
    pub(crate) fn set_foreign(&self, device: DeviceAddress) {
        self.stand_in.device.store(device.0, Ordering::Relaxed);
    }

    /// Takes zeroed bytes from the pool for good: their offset. The alignment is a power of 2 and
    /// at most a page.
    pub(crate) fn take(&self, bytes: usize, align: usize) -> Option<usize> {
        let size = self.pool.bytes.load(Ordering::Acquire);
        let place = |taken: usize| {
            let start = taken.checked_next_multiple_of(align)?;
            let end = start.checked_add(bytes)?;
            (end <= size).then_some((start, end))
        };
        let ordering = (Ordering::AcqRel, Ordering::Acquire);
        let before = self.taken.fetch_update(ordering.0, ordering.1, |taken| Some(place(taken)?.1));
        place(before.ok()?).map(|(start, _)| start)
    }

    /// The byte of the pool at this offset, and its device address.
    pub(crate) fn pool_byte(&self, offset: usize) -> Option<(NonNull<u8>, u64)> {
        let device = self.pool.device.load(Ordering::Relaxed) + offset as u64;
        Some((self.pool.pointer(offset)?, device))
    }

    /// The first byte of the stand-in.
    pub(crate) fn stand_in(&self) -> Option<NonNull<u8>> {
        self.stand_in.pointer(0)
    }

    /// The device address of bytes here, when they are the pool's or the stand-in's.
    pub(crate) fn translate(&self, start: usize, bytes: usize) -> Option<u64> {
        self.pool.translate(start, bytes).or_else(|| self.stand_in.translate(start, bytes))
    }
}

/// Uses the state of this process.
#[cfg(target_os = "none")]
pub(crate) fn with<R>(use_it: impl FnOnce(&State) -> R) -> R {
    static STATE: State = State::new();
    use_it(&STATE)
}

/// Uses the state of this thread: each test is a driver of its own.
#[cfg(not(target_os = "none"))]
pub(crate) fn with<R>(use_it: impl FnOnce(&State) -> R) -> R {
    STATE.with_borrow(use_it)
}

#[cfg(not(target_os = "none"))]
std::thread_local! {
    static STATE: core::cell::RefCell<State> = const { core::cell::RefCell::new(State::new()) };
}

/// Ends what this thread was, for a host test: from now on it is another life of a driver, without
/// a pool and without registers. What the life before took is not given out again.
#[cfg(not(target_os = "none"))]
pub fn begin_life() {
    STATE.set(State::new());
}

#[cfg(test)]
mod tests {
    use super::State;
    use sys::DeviceAddress;

    #[test]
    fn bytes_are_taken_once_and_aligned() {
        let state = State::new();
        state.set_pool(0x10000, 0x2000, DeviceAddress(0x80000));
        assert_eq!(state.take(100, 64), Some(0));
        assert_eq!(state.take(100, 64), Some(128));
        assert_eq!(state.take(0x1000, 0x1000), Some(0x1000));
        assert_eq!(state.take(1, 1), None, "the end of the pool");
        assert_eq!(state.take(usize::MAX, 1), None);
        assert_eq!(State::new().take(1, 1), None, "there is no pool");
    }

    #[test]
    fn only_the_pool_and_the_stand_in_are_translated() {
        let state = State::new();
        assert_eq!(state.translate(0, 1), None);
        state.set_pool(0x10000, 0x1000, DeviceAddress(0x80000));
        state.set_stand_in(0x20000, 0x1000);
        state.set_foreign(DeviceAddress(0x7_0000_0200));
        assert_eq!(state.translate(0x10010, 0x10), Some(0x80010));
        assert_eq!(state.translate(0x20000, 0x1000), Some(0x7_0000_0200));
        for (start, bytes) in [(0x10ff0, 0x11), (0xffff, 1), (0x30000, 1), (0x10000, usize::MAX)] {
            assert_eq!(state.translate(start, bytes), None, "{start:#x}");
        }
    }
}
