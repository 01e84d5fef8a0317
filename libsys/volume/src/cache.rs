//! Pages of files that were read: what a file system on a disk is asked once.
//!
//! Writes go through. A page is what the file system would read: after each change that it makes,
//! and after one that failed, what is kept of the file is right or dropped.

use crate::FileSystem;
use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec;
use alloc::vec::Vec;
use files::{FilesError, Kind, NodeId};

const PAGE: usize = 4096;
/// Pages that are read at a time where reads follow each other.
const AHEAD: u64 = 16;

type Key = (NodeId, u64);

#[derive(Debug)]
struct Page {
    bytes: Box<[u8; PAGE]>,
    /// Whether it was read since it was looked at last, to be dropped.
    used: bool,
}

/// Pages of files, up to a number.
#[derive(Debug)]
pub(crate) struct Cache {
    most: usize,
    pages: BTreeMap<Key, Page>,
    /// The order in which pages are looked at to be dropped.
    order: VecDeque<Key>,
    /// Lengths of files that have pages here.
    lens: BTreeMap<NodeId, u64>,
    /// The page behind the one that was read last.
    next: Key,
}

impl Cache {
    pub(crate) fn new(most: usize) -> Self {
        let (pages, order, lens) = Default::default();
        Self { most, pages, order, lens, next: (0, 0) }
    }

    /// Reads at an offset: gives `put` the bytes in their order, fewer than `most` only at the end of
    /// the file.
    pub(crate) fn read(
        &mut self,
        fs: &mut dyn FileSystem,
        file: NodeId,
        offset: u64,
        most: usize,
        put: &mut dyn FnMut(&[u8]) -> Result<(), FilesError>,
    ) -> Result<(), FilesError> {
        let len = self.len(fs, file)?;
        let left = usize::try_from(len.saturating_sub(offset)).unwrap_or(usize::MAX);
        let (mut at, mut rest) = (offset, most.min(left));
        while rest > 0 {
            let (number, from) = place(at);
            let count = rest.min(PAGE - from);
            let part = from..from + count;
            if let Some(page) = self.pages.get_mut(&(file, number)) {
                page.used = true;
                put(page.bytes.get(part).unwrap_or_default())?;
            } else {
                let wanted = rest.div_ceil(PAGE) as u64 + 1;
                let run = self.load(fs, (file, number), wanted, len)?;
                put(run.get(part).unwrap_or_default())?;
            }
            self.next = (file, number + 1);
            at += count as u64;
            rest -= count;
        }
        Ok(())
    }

    fn len(&mut self, fs: &mut dyn FileSystem, file: NodeId) -> Result<u64, FilesError> {
        if let Some(len) = self.lens.get(&file) {
            return Ok(*len);
        }
        let metadata = fs.metadata(file)?;
        if metadata.kind != Kind::File {
            return Err(FilesError::IsDirectory);
        }
        if self.lens.len() >= self.most {
            self.clear();
        }
        self.lens.insert(file, metadata.len);
        Ok(metadata.len)
    }

    /// Reads pages from one on that is not here, up to one that is: their bytes.
    fn load(
        &mut self,
        fs: &mut dyn FileSystem,
        (file, first): Key,
        wanted: u64,
        len: u64,
    ) -> Result<Vec<u8>, FilesError> {
        let wanted = if self.next == (file, first) { wanted.max(AHEAD) } else { wanted };
        let end = len.div_ceil(PAGE as u64).min(first.saturating_add(wanted));
        let most = u64::try_from(self.most / 2).unwrap_or(1).max(1);
        let missing = (first..end).take_while(|number| !self.pages.contains_key(&(file, *number)));
        let count = missing.count().min(usize::try_from(most).unwrap_or(1)).max(1);
        let mut run = vec![0; count * PAGE];
        fs.read(file, first.saturating_mul(PAGE as u64), &mut run)?;
        for (number, bytes) in (first..).zip(run.chunks_exact(PAGE)) {
            let mut page = Box::new([0; PAGE]);
            page.copy_from_slice(bytes);
            self.make_room();
            self.pages.insert((file, number), Page { bytes: page, used: false });
            self.order.push_back((file, number));
        }
        Ok(run)
    }

    /// Drops the oldest page that was not used since it was looked at last.
    fn make_room(&mut self) {
        while self.pages.len() >= self.most
            && let Some(key) = self.order.pop_front()
        {
            match self.pages.get_mut(&key) {
                Some(page) if page.used => {
                    page.used = false;
                    self.order.push_back(key);
                }
                _ => drop(self.pages.remove(&key)),
            }
        }
    }

    /// Bytes were written.
    pub(crate) fn written(&mut self, file: NodeId, offset: u64, bytes: &[u8]) {
        let end = offset.saturating_add(bytes.len() as u64);
        let Some(len) = self.lens.get_mut(&file) else { return };
        *len = end.max(*len);
        let (mut at, mut rest) = (offset, bytes);
        while !rest.is_empty() {
            let (number, from) = place(at);
            let (piece, behind) = rest.split_at(rest.len().min(PAGE - from));
            if let Some(page) = self.pages.get_mut(&(file, number))
                && let Some(place) = page.bytes.get_mut(from..from + piece.len())
            {
                place.copy_from_slice(piece);
            }
            at += piece.len() as u64;
            rest = behind;
        }
    }

    /// Nothing is known of a file any more: it was cut, freed, or a change of it failed.
    pub(crate) fn forget(&mut self, file: NodeId) {
        if self.lens.remove(&file).is_some() {
            self.pages.retain(|key, _| key.0 != file);
            self.order.retain(|key| key.0 != file);
        }
    }

    fn clear(&mut self) {
        self.pages.clear();
        self.order.clear();
        self.lens.clear();
    }
}

/// The page of an offset, and the place in it.
fn place(offset: u64) -> (u64, usize) {
    let page = PAGE as u64;
    (offset / page, usize::try_from(offset % page).unwrap_or(0))
}
