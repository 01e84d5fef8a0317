//! The interface of `store`: numbered records that outlive the server.
//!
//! **Trust.** A client need not trust the server. The writer seals a [`Record`] and the reader
//! checks it; a record names its own key and counts its versions; an answer names the birth of
//! the state. So a client that keeps its last writes detects every loss and every damage: see
//! [`Checked`].
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

mod checked;
mod record;

pub use checked::{Checked, Lost};
pub use record::Record;

/// The number of keys.
pub const KEYS: u32 = 256;

/// When the state was new, in nanoseconds since boot: another birth is another state, and
/// what was in the old one is lost.
#[service::data]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Birth(pub u64);

/// Why the store refuses.
#[service::data]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreError {
    /// Keys are below [`KEYS`].
    NoSuchKey,
    /// The record's seal does not fit: it was changed on its way.
    Damaged,
    /// It could not be kept: no room.
    NotKept,
}

impl core::fmt::Display for StoreError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::NoSuchKey => "no such key: keys are 0 to 255",
            Self::Damaged => "the record was changed on its way: send it again",
            Self::NotKept => "the store has no room to keep it",
        })
    }
}

impl core::error::Error for StoreError {}

/// Keeps records.
#[service::interface(version = 1)]
pub trait Store {
    /// Keeps a record; one that is not newer than what is kept changes nothing.
    #[idempotent]
    fn put(&mut self, record: Record) -> Result<Birth, StoreError>;

    /// The record with this key.
    #[idempotent]
    fn get(&mut self, key: u32) -> Result<(Birth, Option<Record>), StoreError>;

    /// How many records there are.
    #[idempotent]
    fn count(&mut self) -> Result<u32, StoreError>;
}
