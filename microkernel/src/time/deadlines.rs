//! The deadline queue: an indexed binary heap.
//!
//! Shape: every key (a thread's or timer's number) has at most one deadline; `places`
//! remembers where in the heap it is, so that cancelling costs O(log n) too.
//! Units: nanoseconds since boot.

use crate::arena::Growing;
use crate::number;
use core::hash::{Hash, Hasher};

const NOWHERE: u32 = u32::MAX;

/// One deadline in the heap.
#[derive(Clone, Copy, Debug, Hash)]
pub struct Entry {
    deadline_ns: u64,
    key: u32,
}

impl Entry {
    /// An unused place.
    pub fn empty(_: usize) -> Self {
        Self { deadline_ns: 0, key: NOWHERE }
    }
}

/// Deadlines by key, the earliest first.
#[derive(Debug)]
#[cfg_attr(any(test, feature = "hosted"), derive(Clone))]
pub struct Deadlines {
    heap: Growing<Entry>,
    places: Growing<u32>,
    len: usize,
}

impl Deadlines {
    /// A key that has no deadline yet.
    pub fn nowhere(_: usize) -> u32 {
        NOWHERE
    }

    /// An empty queue; both slices have an element for each key, made by [`Entry::empty`] and
    /// [`Deadlines::nowhere`].
    pub fn new(heap: Growing<Entry>, places: Growing<u32>) -> Self {
        Self { heap, places, len: 0 }
    }

    /// Keys below this can have deadlines.
    pub(crate) fn keys(&self) -> usize {
        self.heap.len().min(self.places.len())
    }

    /// The heap, to be made longer.
    pub(crate) fn heap_mut(&mut self) -> &mut Growing<Entry> {
        &mut self.heap
    }

    /// The places of keys, to be made longer.
    pub(crate) fn places_mut(&mut self) -> &mut Growing<u32> {
        &mut self.places
    }

    /// The earliest deadline.
    pub fn next_ns(&self) -> Option<u64> {
        (self.len > 0).then(|| self.heap[0].deadline_ns)
    }

    /// Whether the key has a deadline.
    #[inline]
    pub fn has(&self, key: usize) -> bool {
        self.places[key] != NOWHERE
    }

    /// Sets the key's deadline, in place of an older one.
    pub fn set(&mut self, key: usize, deadline_ns: u64) {
        self.cancel(key);
        self.put(self.len, Entry { deadline_ns, key: number::short(key) });
        self.len += 1;
        self.rise(self.len - 1);
    }

    /// Takes the key's deadline away, if it has one.
    pub fn cancel(&mut self, key: usize) {
        if self.places[key] == NOWHERE {
            return;
        }
        let place = self.places[key] as usize;
        self.places[key] = NOWHERE;
        self.len -= 1;
        if place != self.len {
            self.put(place, self.heap[self.len]);
            self.rise(place);
            self.sink(place);
        }
    }

    /// Takes out the earliest key whose deadline is not after `now_ns`.
    pub fn pop_due(&mut self, now_ns: u64) -> Option<usize> {
        if self.next_ns()? > now_ns {
            return None;
        }
        let key = self.heap[0].key as usize;
        self.cancel(key);
        Some(key)
    }

    fn put(&mut self, place: usize, entry: Entry) {
        self.heap[place] = entry;
        self.places[entry.key as usize] = number::short(place);
    }

    fn swap(&mut self, a: usize, b: usize) {
        let (first, second) = (self.heap[a], self.heap[b]);
        self.put(a, second);
        self.put(b, first);
    }

    fn rise(&mut self, mut place: usize) {
        while place > 0 {
            let parent = (place - 1) / 2;
            if self.heap[parent].deadline_ns <= self.heap[place].deadline_ns {
                break;
            }
            self.swap(parent, place);
            place = parent;
        }
    }

    fn sink(&mut self, mut place: usize) {
        loop {
            let left = 2 * place + 1;
            let Some(least) =
                (left..self.len.min(left + 2)).min_by_key(|child| self.heap[*child].deadline_ns)
            else {
                break;
            };
            if self.heap[place].deadline_ns <= self.heap[least].deadline_ns {
                break;
            }
            self.swap(place, least);
            place = least;
        }
    }
}

/// Places beyond the end of the heap do not count.
impl Hash for Deadlines {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.heap[..self.len].hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::{Deadlines, Entry, NOWHERE};

    fn deadlines(keys: usize) -> Deadlines {
        Deadlines::new((0..keys).map(Entry::empty).collect(), vec![NOWHERE; keys])
    }

    #[test]
    fn against_a_sorted_map() {
        let mut queue = deadlines(64);
        let mut model = std::collections::BTreeMap::new();
        let mut seed = 7_u64;
        for _ in 0..20_000 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let key = usize::try_from(seed >> 58).unwrap();
            let time = (seed >> 20) & 0xff;
            match (seed >> 50) % 3 {
                0 => {
                    queue.set(key, time);
                    model.insert(key, time);
                }
                1 => {
                    queue.cancel(key);
                    model.remove(&key);
                }
                _ => {
                    let earliest = model.values().copied().min();
                    assert_eq!(queue.next_ns(), earliest);
                    match queue.pop_due(time) {
                        Some(key) => assert_eq!(model.remove(&key), earliest),
                        None => assert!(earliest.is_none_or(|earliest| earliest > time)),
                    }
                }
            }
            assert_eq!(queue.has(key), model.contains_key(&key));
        }
    }
}
