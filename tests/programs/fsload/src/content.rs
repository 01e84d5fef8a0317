//! One file's content against a model.

use crate::{Outcome, failed};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use fastrand::Rng;
use files::{Cause, File, How, Namespace};

/// The longest that the file becomes.
const LEN_MAX: usize = 96 << 10;
/// The longest write.
const WRITE_MAX: usize = 20 << 10;
/// Changes between two syncs, at most.
const UNSYNCED_MAX: usize = 8;

/// A file and what it must hold.
#[derive(Debug)]
pub struct Content {
    file: File,
    path: String,
    space: Namespace,
    /// What it holds, and before that what it held since the last sync, the oldest first.
    states: Vec<Vec<u8>>,
    last_reopened: u32,
}

impl Content {
    /// Makes the file empty.
    ///
    /// # Errors
    /// A text with the path.
    pub fn open(space: &Namespace, path: &str) -> Result<Self, String> {
        let mut file = space.open(path, How::REPLACE).map_err(failed("open"))?;
        loop {
            // A server that dies here loses the file itself.
            match file.sync() {
                Ok(()) => break,
                Err(_) => file = space.open(path, How::REPLACE).map_err(failed("open again"))?,
            }
        }
        let (path, space) = (path.to_string(), space.clone());
        Ok(Self { file, path, space, states: vec![Vec::new()], last_reopened: 0 })
    }

    fn now(&self) -> Vec<u8> {
        self.states.last().cloned().unwrap_or_default()
    }

    /// Does one thing.
    ///
    /// # Errors
    /// What cannot be, or what failed.
    pub fn step(&mut self, random: &mut Rng, outcome: &mut Outcome) -> Result<(), String> {
        outcome.operations += 1;
        match random.u8(..) {
            0..110 => self.write(random),
            110..130 => self.append(random),
            130..150 => self.set_len(random),
            150..210 => self.read(random, outcome),
            210..215 => self.open_again(),
            _ => self.sync(outcome),
        }?;
        if self.states.len() > UNSYNCED_MAX { self.sync(outcome) } else { Ok(()) }
    }

    fn write(&mut self, random: &mut Rng) -> Result<(), String> {
        let mut now = self.now();
        let at = random.usize(..LEN_MAX - WRITE_MAX);
        let bytes = bytes(random);
        if now.len() < at + bytes.len() {
            now.resize(at + bytes.len(), 0);
        }
        now[at..at + bytes.len()].copy_from_slice(&bytes);
        self.states.push(now);
        self.file.write_at(at as u64, &bytes).map_err(failed("write"))
    }

    fn append(&mut self, random: &mut Rng) -> Result<(), String> {
        let mut now = self.now();
        let bytes = bytes(random);
        if now.len() + bytes.len() > LEN_MAX || self.is_in_doubt() {
            return Ok(());
        }
        let end = now.len() as u64;
        now.extend_from_slice(&bytes);
        self.states.push(now);
        match self.file.append(&bytes) {
            Ok(at) if at == end || self.is_in_doubt() => Ok(()),
            Ok(at) => Err(format!("append at {at} of {end} bytes")),
            Err(error) if error.is_uncertain() => Ok(()),
            Err(error) => Err(format!("append: {error}")),
        }
    }

    fn set_len(&mut self, random: &mut Rng) -> Result<(), String> {
        let mut now = self.now();
        now.resize(random.usize(..LEN_MAX), 0);
        let len = now.len() as u64;
        self.states.push(now);
        self.file.set_len(len).map_err(failed("set_len"))
    }

    /// Whether something that was not synced may be lost.
    fn is_in_doubt(&self) -> bool {
        self.states.len() > 1 && self.file.reopened() != self.last_reopened
    }

    fn read(&mut self, random: &mut Rng, outcome: &mut Outcome) -> Result<(), String> {
        let at = random.usize(..LEN_MAX);
        let mut room = vec![0; random.usize(1..WRITE_MAX)];
        let read = self.file.read_at(at as u64, &mut room).map_err(failed("read"))?;
        room.truncate(read);
        self.compare(at, &room, outcome)?;
        let now = self.now();
        let wanted = now.len().saturating_sub(at);
        let full = read == WRITE_MAX || self.is_in_doubt();
        if !full && read < wanted.min(room.capacity()) && read + at < now.len() {
            return Err(format!("{read} bytes at {at} of {}", now.len()));
        }
        Ok(())
    }

    /// Each byte is that of the last state, or of an earlier one where writes may be lost.
    fn compare(&self, at: usize, found: &[u8], outcome: &mut Outcome) -> Result<(), String> {
        let may = if self.is_in_doubt() {
            &self.states[..]
        } else {
            self.states.last_chunk::<1>().map_or(&[][..], |it| it)
        };
        let value = |state: &Vec<u8>, place: usize| state.get(place).copied().unwrap_or(0);
        for (place, byte) in found.iter().enumerate() {
            let place = at + place;
            if !may.iter().any(|state| value(state, place) == *byte) {
                let doubt = self.is_in_doubt();
                return Err(format!("byte {place} is {byte}, in doubt: {doubt}"));
            }
        }
        outcome.checked += found.len() as u64;
        Ok(())
    }

    /// Syncs and compares everything. Where writes were lost they are made again.
    fn sync(&mut self, outcome: &mut Outcome) -> Result<(), String> {
        loop {
            let before = self.file.reopened();
            let synced = self.file.sync();
            outcome.reopened += u64::from(self.file.reopened() - self.last_reopened.min(before));
            match synced {
                Ok(()) => break,
                Err(error) if error.cause == Cause::WritesLost => {}
                Err(error) => return Err(format!("sync: {error}")),
            }
            outcome.lost += 1;
            let found = self.file.read_rest(0).map_err(failed("read all"))?;
            self.compare(0, &found, outcome)?;
            let lens: Vec<usize> = self.states.iter().map(Vec::len).collect();
            if !lens.contains(&found.len()) && !self.is_between(found.len()) {
                return Err(format!("{} bytes after a loss, of {lens:?}", found.len()));
            }
            let now = self.now();
            self.file.set_len(now.len() as u64).map_err(failed("set_len again"))?;
            self.file.write_at(0, &now).map_err(failed("write again"))?;
            self.states = vec![found, now];
        }
        let now = self.now();
        self.last_reopened = self.file.reopened();
        self.states = vec![now.clone()];
        let found = self.file.read_rest(0).map_err(failed("read all"))?;
        if found.len() != now.len() {
            return Err(format!("{} bytes after a sync, not {}", found.len(), now.len()));
        }
        self.compare(0, &found, outcome)
    }

    /// A write that lengthens the file may be done by half.
    fn is_between(&self, len: usize) -> bool {
        let least = self.states.iter().map(Vec::len).min().unwrap_or(0);
        let most = self.states.iter().map(Vec::len).max().unwrap_or(0);
        (least..=most).contains(&len)
    }

    fn open_again(&mut self) -> Result<(), String> {
        if self.states.len() > 1 {
            // A file that is closed tells of no loss.
            return Ok(());
        }
        self.file = self.space.open(&self.path, How::WRITE).map_err(failed("open again"))?;
        self.last_reopened = 0;
        Ok(())
    }

    /// Syncs a last time and removes the file.
    ///
    /// # Errors
    /// What cannot be, or what failed.
    pub fn close(mut self, outcome: &mut Outcome) -> Result<(), String> {
        self.sync(outcome)?;
        match self.space.remove(&self.path) {
            Err(error) if !error.is_uncertain() => Err(format!("remove: {error}")),
            _ => Ok(()),
        }
    }
}

fn bytes(random: &mut Rng) -> Vec<u8> {
    let first = random.u8(..);
    let step = random.u8(..) | 1;
    let len = random.usize(1..WRITE_MAX);
    let value =
        |at: usize| first.wrapping_add(step.wrapping_mul(u8::try_from(at % 256).unwrap_or(0)));
    (0..len).map(value).collect()
}
