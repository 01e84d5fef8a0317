//! Where the pages of memory objects lie.
//!
//! Cost: to find a page takes a number of steps that grows with the logarithm of the object's
//! blocks; each page behind it that is asked for next costs a constant.

use crate::frames::{Frames, Run};
use crate::machine::{Machine, Phys};
use crate::object::{MemoryId, Objects, Storage};
use abi::PAGE_SIZE;

/// Pages of a memory object that lie together, from one page on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extent {
    /// The first of them.
    pub(crate) place: Phys,
    /// How many.
    pub(crate) pages: u64,
    /// The rest of the block, where they are frames of one.
    run: Option<Run>,
}

impl Extent {
    /// No pages.
    pub(crate) const NONE: Self = Self { place: Phys::ZERO, pages: 0, run: None };

    fn fixed(place: Phys, pages: u64) -> Self {
        Self { place, pages, run: None }
    }

    /// Leaves pages at its start out.
    pub(crate) fn advance(&mut self, pages: u64) {
        self.place = self.place.plus(pages * PAGE_SIZE);
        self.pages = self.pages.saturating_sub(pages);
    }
}

impl From<Run> for Extent {
    fn from(run: Run) -> Self {
        Self { place: run.place, pages: run.frames, run: Some(run) }
    }
}

impl<M: Machine> Objects<M> {
    /// The extent that begins with this page.
    pub(crate) fn extent(&self, frames: &Frames, memory: MemoryId, page: u64) -> Option<Extent> {
        let object = &self.memories[memory];
        let pages = object.pages.checked_sub(page).filter(|pages| *pages > 0)?;
        match &object.storage {
            Storage::Fixed(base) | Storage::Device(base) => {
                Some(Extent::fixed(base.plus(page * PAGE_SIZE), pages))
            }
            Storage::Loan(loan) => match loan.parent.filter(|_| !loan.revoked) {
                Some(parent) => self.extent(frames, parent, loan.first + page),
                None => Some(Extent::fixed(loan.blank.phys(), 1)),
            },
            Storage::Frames(chain) => frames.find(chain, page).map(Extent::from),
        }
    }

    /// Moves on to the extent that begins with this page, where the last one is used up.
    pub(crate) fn next_extent(
        &self,
        frames: &Frames,
        extent: &mut Extent,
        memory: MemoryId,
        page: u64,
    ) -> Option<()> {
        if extent.pages == 0 {
            let behind = extent.run.and_then(|run| frames.behind(&run)).map(Extent::from);
            *extent = behind.or_else(|| self.extent(frames, memory, page))?;
        }
        Some(())
    }

    /// Where a page of a memory object lies.
    pub(crate) fn memory_page(&self, frames: &Frames, memory: MemoryId, page: u64) -> Option<Phys> {
        self.extent(frames, memory, page).map(|extent| extent.place)
    }
}
