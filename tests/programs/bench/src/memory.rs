//! Mapping and unmapping.

use crate::meter::Meter;
use rt::Failure;
use sys::{Error, Memory, Protection};

/// Operations of [`maps`].
pub(crate) const MAPS: &[&str] = &["map-page", "unmap-page", "map-1000-pages", "unmap-1000-pages"];

/// How many pages, how often.
const SIZES: [(u64, usize); 2] = [(1, 10_000), (1_000, 300)];

/// Pages of an object that is there already, into tables that are there already.
pub(crate) fn maps(meter: &Meter<'_>) -> Result<(), Failure> {
    for (rows, (pages, times)) in MAPS.chunks(2).zip(SIZES) {
        let [map, unmap] = rows else { return Err("rows in pairs".into()) };
        let memory = Memory::create(pages)?;
        let mapped = || memory.map_part(0, pages, Protection::ReadWrite);
        meter.each(map, times, |watch| {
            let (ticks, mapping) = watch.around(mapped);
            drop(mapping?);
            Ok::<_, Error>(ticks)
        })?;
        meter.each(unmap, times, |watch| {
            let mapping = mapped()?;
            Ok::<_, Error>(watch.around(|| drop(mapping)).0)
        })?;
    }
    Ok(())
}
