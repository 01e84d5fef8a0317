//! Many producers: a ring for each, popped in turn.

use crate::{Consumer, QueueError};
use alloc::vec::Vec;
use serde::de::DeserializeOwned;

/// The consumers of many producers. Each has its turn; none can hold back the others.
#[derive(Debug)]
pub struct Merge<T> {
    consumers: Vec<(u64, Consumer<T>)>,
    next: usize,
}

/// What came out of a [`Merge`].
#[derive(Debug, PartialEq, Eq)]
pub enum Merged<T> {
    /// An item of the producer with this key.
    Item(u64, T),
    /// This producer has ended, and is forgotten: how.
    Ended(u64, QueueError),
}

impl<T> Default for Merge<T> {
    fn default() -> Self {
        Self { consumers: Vec::new(), next: 0 }
    }
}

impl<T: DeserializeOwned> Merge<T> {
    /// Adds a producer under a key. All consumers ring the same bell.
    pub fn add(&mut self, key: u64, consumer: Consumer<T>) {
        self.consumers.push((key, consumer));
    }

    /// The number of producers.
    pub fn count(&self) -> usize {
        self.consumers.len()
    }

    /// The next item or end of any producer; when there is none, all ring at their next item.
    pub fn pop_or_listen(&mut self) -> Option<Merged<T>> {
        for _ in 0..self.consumers.len() {
            let place = self.next % self.consumers.len();
            self.next = place + 1;
            if let Some(merged) = self.look(place) {
                return Some(merged);
            }
        }
        None
    }

    fn look(&mut self, place: usize) -> Option<Merged<T>> {
        let (key, consumer) = self.consumers.get_mut(place)?;
        let key = *key;
        match consumer.pop_or_listen() {
            Ok(item) => item.map(|item| Merged::Item(key, item)),
            Err(error) => {
                self.consumers.remove(place);
                Some(Merged::Ended(key, error))
            }
        }
    }
}
