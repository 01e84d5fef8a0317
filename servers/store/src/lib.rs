//! What the store does: records in a map, the whole map kept after every change.
//!
//! **Restart.** The map lies in memory that init keeps (`keep_pages`); a new life goes on
//! with it. Where a part of that is damaged, it goes on as another state, with another
//! [`Birth`], and clients notice.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

use alloc::vec::Vec;
use keep::{KeepError, Kept};
use serde::{Deserialize, Serialize};
use service::Caller;
use store_api::{Birth, KEYS, Record, Store, StoreError};
use sys::Memory;

/// The version of [`State`].
const VERSION: u32 = 1;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct State {
    birth: Birth,
    /// By key.
    records: Vec<Record>,
}

/// The store.
#[derive(Debug)]
pub struct StoreServer {
    state: State,
    kept: Kept<State>,
}

impl StoreServer {
    /// Goes on with what an earlier life kept, or begins anew.
    ///
    /// # Errors
    /// When the memory cannot be mapped or is too small for anything.
    pub fn open(memory: &Memory) -> Result<Self, KeepError> {
        let (kept, found) = Kept::<State>::open(memory, VERSION)?;
        let whole = found.damage().is_none();
        let found = found.or_report("records");
        let old = found.filter(|state| state.records.iter().all(Record::is_whole));
        let goes_on = old.is_some() && whole;
        let mut store = Self { state: old.unwrap_or_default(), kept };
        if !goes_on {
            // What was written last may be missing: this is another state.
            store.state.birth = Birth(sys::clock());
            store.kept.save(&store.state)?;
        }
        Ok(store)
    }

    fn place(&self, key: u32) -> Result<usize, usize> {
        self.state.records.binary_search_by_key(&key, |record| record.key)
    }
}

impl Store for StoreServer {
    fn put(&mut self, _: &Caller, record: Record) -> Result<Birth, StoreError> {
        if record.key >= KEYS {
            return Err(StoreError::NoSuchKey);
        }
        if !record.is_whole() {
            return Err(StoreError::Damaged);
        }
        let before = self.state.records.clone();
        match self.place(record.key) {
            Ok(place) => match self.state.records.get_mut(place) {
                Some(old) if old.version < record.version => *old = record,
                _ => return Ok(self.state.birth),
            },
            Err(place) => self.state.records.insert(place, record),
        }
        if self.kept.save(&self.state).is_err() {
            self.state.records = before;
            return Err(StoreError::NotKept);
        }
        Ok(self.state.birth)
    }

    fn get(&mut self, _: &Caller, key: u32) -> Result<(Birth, Option<Record>), StoreError> {
        let place = self.place(key).ok();
        let record = place.and_then(|place| self.state.records.get(place));
        Ok((self.state.birth, record.copied()))
    }

    fn count(&mut self, _: &Caller) -> Result<u32, StoreError> {
        Ok(u32::try_from(self.state.records.len()).unwrap_or(u32::MAX))
    }
}

#[cfg(test)]
mod tests;
