//! Images of programs: looked for in the archive, checked, and their code and constants loaded,
//! once each.
//!
//! The archive is a constant: it cannot change after it was checked. To look for a file, to check
//! it and to copy it is most of what starting a program would cost.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use archive::Archive;
use core::ops::Range;
use loader::Shared;
use sys::Constant;

/// The archive, and where the images are that were used already.
pub(super) struct Images {
    archive: Constant,
    size: usize,
    found: BTreeMap<String, Image>,
}

/// An image that was checked.
struct Image {
    place: Range<usize>,
    /// Its code and constants, if there was memory for them.
    shared: Option<Shared>,
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
        let shared = Shared::load(image).map_err(|error| {
            // Each program then has a copy of its own, or is told why it cannot be started.
            defmt::debug!("{=str} is not shared: {=str}", name, error.to_string().as_str());
        });
        self.found.insert(name.to_string(), Image { place, shared: shared.ok() });
        Ok(())
    }

    /// An image that was checked, and what its programs share.
    pub(super) fn image(&self, name: &str) -> Option<(&[u8], Option<&Shared>)> {
        let found = self.found.get(name)?;
        Some((self.archive().get(found.place.clone())?, found.shared.as_ref()))
    }
}
