//! Images of programs: looked for in the archive, and checked, once each.
//!
//! The archive is a constant: it cannot change after it was checked. To look for a file and to
//! check it is most of what starting a program would cost.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use archive::Archive;
use core::ops::Range;
use sys::Constant;

/// The archive, and where the images are that were used already.
pub(super) struct Images {
    archive: Constant,
    size: usize,
    found: BTreeMap<String, Range<usize>>,
}

impl Images {
    /// The archive is so long; the rest of its last page is nothing.
    pub(super) fn new(archive: Constant, size: usize) -> Self {
        Self { archive, size, found: BTreeMap::new() }
    }

    /// The archive.
    pub(super) fn archive(&self) -> &[u8] {
        self.archive.get(..self.size).unwrap_or(&[])
    }

    /// Makes sure that the image is there and good.
    pub(super) fn check(&mut self, name: &str) -> Result<(), String> {
        if self.found.contains_key(name) {
            return Ok(());
        }
        let archive = Archive::open(self.archive()).map_err(|error| error.to_string())?;
        let image = archive.file(name).map_err(|error| error.to_string())?;
        let start = image.as_ptr().addr().wrapping_sub(self.archive().as_ptr().addr());
        let place = start..start.saturating_add(image.len());
        self.found.insert(name.to_string(), place);
        Ok(())
    }

    /// An image that was checked.
    pub(super) fn image(&self, name: &str) -> Option<&[u8]> {
        self.archive().get(self.found.get(name)?.clone())
    }
}
