//! The constant segments of an image, loaded once for all programs that are started from it.

use crate::{LoadError, Plan, Segment, Step};
use alloc::vec::Vec;
use sys::{Memory, Pages, Protection, Rights};

/// Code and constants of an image, which every program that is started from it sees.
///
/// They are charged to the process that loads them. A program and its debuggers cannot write there:
/// the mappings lack the right, also for [`sys::Process::write_memory`].
#[derive(Debug)]
pub struct Shared {
    /// By the address of the segment.
    parts: Vec<(u64, Memory)>,
}

impl Shared {
    /// Loads the segments that are not writable.
    ///
    /// # Errors
    /// As [`Program::start`](crate::Program::start).
    pub fn load(image: &[u8]) -> Result<Self, LoadError<'static>> {
        let plan = Plan::read(image)?;
        let constant = plan.segments.iter().filter(|it| it.protection != Protection::ReadWrite);
        let part = |segment: &Segment<'_>| {
            let memory = Pages::filled(segment.pages, segment.offset, segment.bytes);
            let memory = memory.and_then(|memory| memory.copy(Rights::READ | Rights::EXECUTE));
            let at = Step::Segment(segment.address);
            memory.map(|it| (segment.address, it)).map_err(|error| LoadError::Kernel(at, error))
        };
        Ok(Self { parts: constant.map(part).collect::<Result<_, _>>()? })
    }

    /// Returns the memory of a segment, if it is constant.
    pub(crate) fn part(&self, segment: &Segment<'_>) -> Option<&Memory> {
        let found = self.parts.iter().find(|(address, _)| *address == segment.address);
        found.map(|(_, memory)| memory)
    }
}
