//! A page that both sides of an operation see: for the time of something on the other side.

use core::sync::atomic::{AtomicU64, Ordering};
use rt::Failure;
use sys::hazard::ticks;
use sys::{Error, Mapping, Memory, Protection};

/// A place for ticks, and where they stand in memory.
pub(crate) struct Stamp {
    /// What the other side is given.
    pub(crate) memory: Memory,
    mapping: Mapping,
}

impl Stamp {
    /// A new one.
    pub(crate) fn create() -> Result<Self, Error> {
        Self::of(Memory::create(1)?)
    }

    /// The one that this memory is.
    pub(crate) fn of(memory: Memory) -> Result<Self, Error> {
        let mapping = memory.map_own(Protection::ReadWrite)?;
        Ok(Self { memory, mapping })
    }

    /// The place itself.
    pub(crate) fn place(&self) -> Result<&AtomicU64, Error> {
        self.mapping.shared().u64_at(0)
    }
}

/// In a child: always the newest time.
pub(crate) fn spin(env: &rt::Env) -> Result<(), Failure> {
    let stamp = Stamp::of(env.handle("stamp")?)?;
    let place = stamp.place()?;
    loop {
        place.store(ticks(), Ordering::Relaxed);
    }
}
