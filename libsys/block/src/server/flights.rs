//! The requests that the device has, by tag.

use crate::BlockError;
use alloc::vec::Vec;

/// A request that the device has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flight {
    /// The key of its client.
    pub(crate) client: u32,
    /// The client's name for it.
    pub(crate) id: u32,
    /// The tick in which it was submitted.
    pub(crate) tick: u64,
}

/// All of them. A tag is in use, or free: what a device says of another one is a lie.
#[derive(Debug)]
pub(crate) struct Flights {
    by_tag: Vec<Option<Flight>>,
    free: Vec<u16>,
}

impl Flights {
    pub(crate) fn new(depth: u16) -> Self {
        let depth = depth.max(1);
        Self { by_tag: alloc::vec![None; depth.into()], free: (0..depth).rev().collect() }
    }

    pub(crate) fn depth(&self) -> usize {
        self.by_tag.len()
    }

    pub(crate) fn count(&self) -> usize {
        self.by_tag.len() - self.free.len()
    }

    /// A tag that is free, which [`Flights::begin`] takes.
    pub(crate) fn free_tag(&self) -> Option<u16> {
        self.free.last().copied()
    }

    /// Takes the tag that [`Flights::free_tag`] gave.
    pub(crate) fn begin(&mut self, flight: Flight) {
        if let Some(tag) = self.free.pop()
            && let Some(place) = self.by_tag.get_mut(usize::from(tag))
        {
            *place = Some(flight);
        }
    }

    /// Ends the request with this tag.
    ///
    /// # Errors
    /// [`BlockError::Protocol`] when there is none.
    pub(crate) fn end(&mut self, tag: u16) -> Result<Flight, BlockError> {
        let place = self.by_tag.get_mut(usize::from(tag)).ok_or(BlockError::Protocol)?;
        let flight = place.take().ok_or(BlockError::Protocol)?;
        self.free.push(tag);
        Ok(flight)
    }

    /// Whether one was submitted in this tick or before.
    pub(crate) fn any_from(&self, tick: u64) -> bool {
        self.by_tag.iter().flatten().any(|flight| flight.tick <= tick)
    }
}

#[cfg(test)]
mod tests {
    use super::{Flight, Flights};
    use crate::BlockError;

    #[test]
    fn each_tag_ends_once() {
        let mut flights = Flights::new(2);
        let flight = |id| Flight { client: 0, id, tick: id.into() };
        let tags = [1, 2].map(|id| {
            let tag = flights.free_tag().unwrap();
            flights.begin(flight(id));
            tag
        });
        assert_eq!((flights.free_tag(), flights.count()), (None, 2));
        assert!(flights.any_from(1) && !flights.any_from(0));
        assert_eq!(flights.end(tags[0]), Ok(flight(1)));
        assert_eq!(flights.end(tags[0]), Err(BlockError::Protocol));
        assert_eq!(flights.end(7), Err(BlockError::Protocol));
        assert_eq!(flights.free_tag(), Some(tags[0]));
    }
}
