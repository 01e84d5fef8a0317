//! A value in kept memory.

use crate::slot::{self, Content, REST, Step};
use crate::{Damage, KeepError};
use alloc::vec;
use core::marker::PhantomData;
use core::sync::atomic::{Ordering, fence};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sys::{Error, Mapping, Memory, Protection};

/// What an earlier life of the server left.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "the state of the server's earlier life"]
pub enum Found<T> {
    /// Nothing: this is the first life.
    Nothing,
    /// The value that was saved last.
    Value(T),
    /// A value, but perhaps an older one: the other slot was damaged, in this way.
    Older(T, Damage),
    /// Nothing that can be used. It was blanked.
    Dropped(Damage),
}

impl<T> Found<T> {
    /// The value, if there is one.
    pub fn value(self) -> Option<T> {
        match self {
            Self::Value(value) | Self::Older(value, _) => Some(value),
            Self::Nothing | Self::Dropped(_) => None,
        }
    }

    /// What was damaged, if anything was.
    pub fn damage(&self) -> Option<Damage> {
        match self {
            Self::Older(_, damage) | Self::Dropped(damage) => Some(*damage),
            Self::Nothing | Self::Value(_) => None,
        }
    }

    /// The value, after a line in the log if something was damaged.
    pub fn or_report(self, what: &str) -> Option<T> {
        #[cfg(target_os = "none")]
        if let Some(damage) = self.damage() {
            let lost = if matches!(self, Self::Older(..)) { "a part is" } else { "all is" };
            let why = alloc::string::ToString::to_string(&damage);
            defmt::error!("kept {=str}: {=str} dropped: {=str}", what, lost, why.as_str());
        }
        #[cfg(not(target_os = "none"))]
        let _ = what;
        self.value()
    }
}

/// A value of type `T` in memory that outlives this server.
#[derive(Debug)]
pub struct Kept<T> {
    area: Mapping,
    version: u32,
    /// Of the next write.
    number: u64,
    value: PhantomData<fn(T) -> T>,
}

impl<T: Serialize + DeserializeOwned> Kept<T> {
    /// Maps the memory and looks for what an earlier life left. The version is that of `T`:
    /// raise it with every change of the type.
    ///
    /// # Errors
    /// When the memory cannot be mapped.
    pub fn open(memory: &Memory, version: u32) -> Result<(Self, Found<T>), KeepError> {
        let area = memory.map_own(Protection::ReadWrite)?;
        let mut bytes = vec![0; area.len()];
        area.read_at(0, &mut bytes)?;
        let (number, found) = load(&bytes, version);
        let kept = Self { area, version, number, value: PhantomData };
        if matches!(found, Found::Dropped(_)) {
            for offset in [0, kept.room()] {
                kept.write(offset, &Step::Magic(0))?;
            }
        }
        Ok((kept, found))
    }

    /// Keeps this value in place of the one before. Where this server dies in the middle of
    /// it, the one before is still there.
    ///
    /// # Errors
    /// When the value is too big; the one before stays.
    pub fn save(&mut self, value: &T) -> Result<(), KeepError> {
        let bytes = postcard::to_allocvec(value).map_err(|_| KeepError::NotAValue)?;
        let steps = slot::steps(self.room(), self.version, self.number, &bytes)?;
        let offset = if self.number.is_multiple_of(2) { 0 } else { self.room() };
        for step in &steps {
            self.write(offset, step)?;
        }
        self.number = self.number.wrapping_add(1);
        Ok(())
    }

    /// Bytes of a slot. A multiple of a word, so that each magic is one word.
    fn room(&self) -> usize {
        self.area.len() / 2
    }

    fn write(&self, slot: usize, step: &Step) -> Result<(), Error> {
        // ORDER: steps happen one after the other, also for a reader after this
        // process was killed between two of them.
        fence(Ordering::Release);
        match step {
            Step::Magic(word) => {
                self.area.shared().u32_at(slot)?.store(word.to_le(), Ordering::Relaxed);
                Ok(())
            }
            Step::Rest(bytes) => self.area.write_at(slot + REST, bytes),
        }
    }
}

/// The number of the next write, and what is there.
pub(crate) fn load<T: DeserializeOwned>(area: &[u8], version: u32) -> (u64, Found<T>) {
    let (first, second) = area.split_at(area.len() / 2);
    let slots = [slot::read(first), slot::read(second)];
    let damage = slots.iter().find_map(|slot| match slot {
        Content::Damaged(damage) => Some(*damage),
        _ => None,
    });
    let newest = slots.iter().filter_map(|slot| match slot {
        Content::Value { version, number, bytes } => Some((*number, *version, *bytes)),
        _ => None,
    });
    match (newest.max_by_key(|(number, ..)| *number), damage) {
        (Some((number, found, bytes)), damage) => {
            (number.wrapping_add(1), decoded(found, version, bytes, damage))
        }
        (None, Some(damage)) => (0, Found::Dropped(damage)),
        (None, None) => (0, Found::Nothing),
    }
}

fn decoded<T: DeserializeOwned>(
    found: u32,
    wanted: u32,
    bytes: &[u8],
    damage: Option<Damage>,
) -> Found<T> {
    if found != wanted {
        return Found::Dropped(Damage::Version { found, wanted });
    }
    match (postcard::take_from_bytes(bytes), damage) {
        (Ok((value, [])), Some(damage)) => Found::Older(value, damage),
        (Ok((value, [])), None) => Found::Value(value),
        _ => Found::Dropped(Damage::Contents),
    }
}
