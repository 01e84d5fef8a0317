//! The bytes of a file in memory: pages, with holes.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::collections::btree_map::Entry::{Occupied, Vacant};
use files::FilesError;

pub(super) const PAGE: usize = 4096;

/// The quota of pages.
#[derive(Debug)]
pub(super) struct Pages {
    total: u64,
    free: u64,
}

impl Pages {
    pub(super) fn new(bytes: u64) -> Self {
        let total = bytes / PAGE as u64;
        Self { total, free: total }
    }

    /// Bytes of all pages.
    pub(super) fn total(&self) -> u64 {
        self.total * PAGE as u64
    }

    /// Bytes of free pages.
    pub(super) fn free(&self) -> u64 {
        self.free * PAGE as u64
    }

    pub(super) fn take(&mut self, pages: u64) -> Result<(), FilesError> {
        self.free = self.free.checked_sub(pages).ok_or(FilesError::Full)?;
        Ok(())
    }

    pub(super) fn give_back(&mut self, pages: u64) {
        self.free = self.free.saturating_add(pages).min(self.total);
    }
}

/// The bytes of a file. A page that is not there is zeros; behind the end there are only zeros.
#[derive(Debug, Default)]
pub(super) struct Content {
    len: u64,
    pages: BTreeMap<u64, Box<[u8; PAGE]>>,
}

impl Content {
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    pub(super) fn stored(&self) -> u64 {
        (self.pages.len() * PAGE) as u64
    }

    pub(super) fn read(&self, offset: u64, into: &mut [u8]) -> usize {
        let left = usize::try_from(self.len.saturating_sub(offset)).unwrap_or(usize::MAX);
        let len = into.len().min(left);
        let mut at = offset;
        let mut rest = into.get_mut(..len).unwrap_or_default();
        while !rest.is_empty() {
            let (number, from) = place(at);
            let count = rest.len().min(PAGE - from);
            let (piece, behind) = rest.split_at_mut(count);
            match self.pages.get(&number).and_then(|page| page.get(from..from + count)) {
                Some(bytes) => piece.copy_from_slice(bytes),
                None => piece.fill(0),
            }
            at = at.saturating_add(count as u64);
            rest = behind;
        }
        len
    }

    /// Writes what there is room for.
    pub(super) fn write(
        &mut self,
        offset: u64,
        from: &[u8],
        pages: &mut Pages,
    ) -> Result<usize, FilesError> {
        let mut done = 0;
        while let Some(rest) = from.get(done..).filter(|rest| !rest.is_empty()) {
            let at = offset.saturating_add(done as u64);
            let (number, first) = place(at);
            let count = rest.len().min(PAGE - first);
            let page = match self.pages.entry(number) {
                Occupied(page) => page.into_mut(),
                Vacant(place) => match pages.take(1) {
                    Ok(()) => place.insert(Box::new([0; PAGE])),
                    Err(full) if done == 0 => return Err(full),
                    Err(_) => return Ok(done),
                },
            };
            if let (Some(to), Some(piece)) = (page.get_mut(first..first + count), rest.get(..count))
            {
                to.copy_from_slice(piece);
            }
            done += count;
            self.len = self.len.max(offset.saturating_add(done as u64));
        }
        Ok(done)
    }

    pub(super) fn set_len(&mut self, len: u64, pages: &mut Pages) {
        let (number, from) = place(len);
        let kept = if from == 0 { number } else { number.saturating_add(1) };
        let dropped = self.pages.split_off(&kept);
        pages.give_back(dropped.len() as u64);
        if let Some(page) = self.pages.get_mut(&number)
            && let Some(behind) = page.get_mut(from..)
        {
            behind.fill(0);
        }
        self.len = len;
    }
}

/// The page of an offset, and the place in it.
fn place(offset: u64) -> (u64, usize) {
    let page = PAGE as u64;
    (offset / page, usize::try_from(offset % page).unwrap_or(0))
}
