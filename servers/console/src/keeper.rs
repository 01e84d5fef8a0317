//! Keeps the lines in memory that survives this server.

use alloc::vec;
use console_core::keep::{HEADER, Image, image, load};
use console_core::lines::Lines;
use sys::{Error, Mapping, Memory, Protection};

/// The kept memory, if there is any.
pub(crate) struct Keeper {
    area: Option<Mapping>,
    sequence: u64,
    found: Lines,
}

impl Keeper {
    /// Maps the memory and looks for what an earlier life left.
    pub(crate) fn open(memory: Option<Memory>) -> Self {
        let area = memory.and_then(|memory| match memory.map_own(Protection::ReadWrite) {
            Ok(area) => Some(area),
            Err(error) => {
                defmt::warn!("keep is not usable: {=str}", error.text());
                None
            }
        });
        let (sequence, found) = area.as_ref().map(restored).unwrap_or_default();
        Self { area, sequence, found }
    }

    /// What was found, once.
    pub(crate) fn take_found(&mut self) -> Lines {
        core::mem::take(&mut self.found)
    }

    /// Saves the lines. When they do not fit, they live only as long as this server.
    pub(crate) fn save(&mut self, lines: &Lines) {
        let Some(area) = &self.area else { return };
        let saved = image(area.len(), self.sequence + 1, lines).map(|image| write(area, &image));
        match saved {
            Ok(Ok(())) => self.sequence += 1,
            _ => defmt::warn!("keep is too small: lines would not survive a restart"),
        }
    }
}

fn write(area: &Mapping, image: &Image) -> Result<(), Error> {
    area.write_at(image.offset + HEADER, &image.body)?;
    area.write_at(image.offset, &image.header)
}

fn restored(area: &Mapping) -> (u64, Lines) {
    let mut bytes = vec![0; area.len()];
    let found = area.read_at(0, &mut bytes).map(|()| load(&bytes));
    match found {
        Ok(Ok(Some(found))) => found,
        Ok(Ok(None)) => Default::default(),
        _ => {
            defmt::warn!("what was kept is damaged: dropped");
            Default::default()
        }
    }
}
