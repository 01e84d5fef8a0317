//! Free addresses of this process's space, for mappings.
//!
//! Address space is plenty, page tables are not: freed ranges are used again first, so
//! that a program which maps and unmaps for years stays in the same few tables.

/// Ranges that are remembered as free. When more would be needed the smallest is forgotten.
const REMEMBERED: usize = 32;

/// A range of pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Range {
    start: u64,
    pages: u64,
}

impl Range {
    const NONE: Self = Self { start: 0, pages: 0 };

    fn end(self) -> u64 {
        self.start + self.pages * abi::PAGE_SIZE
    }

    fn touches(self, other: Self) -> bool {
        self.end() == other.start || other.end() == self.start
    }
}

/// Free addresses between a start and an end.
#[derive(Debug)]
pub(crate) struct Addresses {
    /// From here to `end` all is free.
    next: u64,
    end: u64,
    /// Free ranges below `next`: the first `count`.
    ranges: [Range; REMEMBERED],
    count: usize,
    /// The range that was given back last, or none: most often the next one that is asked for, so
    /// it joins the others only when it is not.
    last: Range,
}

impl Addresses {
    pub(crate) const fn new(start: u64, end: u64) -> Self {
        Self { next: start, end, ranges: [Range::NONE; REMEMBERED], count: 0, last: Range::NONE }
    }

    fn free(&self) -> &[Range] {
        self.ranges.get(..self.count).unwrap_or(&[])
    }

    /// Takes a range: a remembered one that fits best, else a fresh one.
    #[inline]
    pub(crate) fn take(&mut self, pages: u64) -> Option<u64> {
        if self.last.pages == pages && pages > 0 {
            return Some(core::mem::replace(&mut self.last, Range::NONE).start);
        }
        self.take_other(pages)
    }

    fn take_other(&mut self, pages: u64) -> Option<u64> {
        self.join_last();
        let fits = self.free().iter().enumerate().filter(|(_, range)| range.pages >= pages);
        if let Some((place, range)) = fits.min_by_key(|(_, range)| range.pages) {
            let Range { start, pages: size } = *range;
            self.remove(place);
            if size > pages {
                self.add(Range { start: start + pages * abi::PAGE_SIZE, pages: size - pages });
            }
            return Some(start);
        }
        let end = self.next.checked_add(pages.checked_mul(abi::PAGE_SIZE)?)?;
        (end <= self.end).then(|| core::mem::replace(&mut self.next, end))
    }

    /// Gives a range back.
    #[inline]
    pub(crate) fn give(&mut self, start: u64, pages: u64) {
        if self.last.pages > 0 {
            self.join_last();
        }
        self.last = Range { start, pages };
    }

    /// The range that was given back last is one of the others.
    fn join_last(&mut self) {
        let mut given = core::mem::replace(&mut self.last, Range::NONE);
        if given.pages == 0 {
            return;
        }
        while let Some(place) = self.free().iter().position(|range| range.touches(given)) {
            let neighbour = self.ranges[place];
            given = Range {
                start: given.start.min(neighbour.start),
                pages: given.pages + neighbour.pages,
            };
            self.remove(place);
        }
        if given.end() == self.next {
            self.next = given.start;
        } else {
            self.add(given);
        }
    }

    fn remove(&mut self, place: usize) {
        self.count -= 1;
        self.ranges.swap(place, self.count);
    }

    /// Remembers a range, in the place of the smallest when there is no other.
    fn add(&mut self, range: Range) {
        if let Some(place) = self.ranges.get_mut(self.count) {
            *place = range;
            self.count += 1;
        } else if let Some(smallest) = self.ranges.iter_mut().min_by_key(|range| range.pages)
            && smallest.pages < range.pages
        {
            *smallest = range;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Addresses;
    use abi::PAGE_SIZE;

    #[test]
    fn ranges_do_not_overlap_and_are_used_again() {
        let mut addresses = Addresses::new(0x1000, 0x10_0000);
        let a = addresses.take(2).unwrap();
        let b = addresses.take(3).unwrap();
        let c = addresses.take(1).unwrap();
        assert_eq!((a, b, c), (0x1000, 0x3000, 0x6000));
        addresses.give(a, 2);
        addresses.give(b, 3);
        assert_eq!(addresses.take(5), Some(0x1000), "neighbours grow together");
        addresses.give(0x1000, 5);
        addresses.give(c, 1);
        assert_eq!(addresses.take(6), Some(0x1000), "all is free again");
    }

    #[test]
    fn the_end_is_the_end() {
        let mut addresses = Addresses::new(0, 4 * PAGE_SIZE);
        assert_eq!(addresses.take(5), None);
        assert_eq!(addresses.take(u64::MAX), None);
        assert_eq!(addresses.take(4), Some(0));
        assert_eq!(addresses.take(1), None);
    }

    #[test]
    fn a_full_memory_forgets_the_smallest() {
        let mut addresses = Addresses::new(0, u64::MAX / 2);
        let taken: Vec<u64> = (0..100).map(|_| addresses.take(2).unwrap()).collect();
        for start in taken.iter().step_by(2) {
            addresses.give(*start, 2);
        }
        let again: Vec<u64> = (0..100).map(|_| addresses.take(2).unwrap()).collect();
        for start in &again {
            assert!(!taken.iter().skip(1).step_by(2).any(|kept| kept == start));
        }
    }
}
