//! Names against a model: small files that are made, replaced, renamed and removed.

use crate::{Outcome, failed};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use fastrand::Rng;
use files::{Error, Namespace};

/// The names.
const NAMES: usize = 6;
/// The longest content.
const LEN_MAX: usize = 6000;

/// Files and what each must hold: `None` when it must not be there.
#[derive(Debug)]
pub struct Names {
    space: Namespace,
    prefix: String,
    /// All that each name may stand for now: one thing, but where an outcome is not known.
    may: Vec<Vec<Option<Vec<u8>>>>,
}

impl Names {
    /// No file is there.
    ///
    /// # Errors
    /// When one that is left from before cannot be removed.
    pub fn new(space: &Namespace, prefix: &str) -> Result<Self, String> {
        let names = Self {
            space: space.clone(),
            prefix: prefix.into(),
            may: (0..NAMES).map(|_| Vec::from([None])).collect(),
        };
        names.clear()?;
        Ok(names)
    }

    fn path(&self, name: usize) -> String {
        format!("{}{name}", self.prefix)
    }

    fn clear(&self) -> Result<(), String> {
        for name in 0..NAMES {
            while let Err(error) = self.space.remove(&self.path(name)) {
                if is_absent(&error) {
                    break;
                }
                if !error.is_uncertain() {
                    return Err(format!("remove: {error}"));
                }
            }
        }
        Ok(())
    }

    /// Changes one name, or looks at one.
    ///
    /// # Errors
    /// What cannot be, or what failed.
    pub fn step(&mut self, random: &mut Rng, outcome: &mut Outcome) -> Result<(), String> {
        outcome.operations += 1;
        let (name, other) = (random.usize(..NAMES), random.usize(..NAMES));
        self.settle(name, outcome)?;
        self.settle(other, outcome)?;
        match random.u8(..4) {
            0 | 1 => self.replace(name, random, outcome),
            2 if name != other => self.rename(name, other, outcome),
            2 => Ok(()),
            _ => self.remove(name, outcome),
        }
    }

    /// Looks what a name stands for: from then on it is that.
    fn settle(&mut self, name: usize, outcome: &mut Outcome) -> Result<(), String> {
        let path = self.path(name);
        let found = match self.space.read(&path) {
            Ok(content) => Some(content),
            Err(error) if is_absent(&error) => None,
            Err(error) => return Err(format!("read: {error}")),
        };
        let may = &mut self.may[name];
        if !may.contains(&found) {
            let lens = |all: &[Option<Vec<u8>>]| -> Vec<Option<usize>> {
                all.iter().map(|one| one.as_ref().map(Vec::len)).collect()
            };
            let found = found.as_ref().map(Vec::len);
            return Err(format!("{path} has {found:?} bytes, may have {:?}", lens(may)));
        }
        outcome.checked += found.as_ref().map_or(0, Vec::len) as u64;
        // What was not synced may be lost by the next death: the volume is synced here.
        self.space.sync(&path).map_err(failed("sync"))?;
        *may = Vec::from([found]);
        Ok(())
    }

    fn replace(
        &mut self,
        name: usize,
        random: &mut Rng,
        outcome: &mut Outcome,
    ) -> Result<(), String> {
        let content: Vec<u8> = (0..random.usize(..LEN_MAX)).map(|_| random.u8(..)).collect();
        let done = self.space.replace(&self.path(name), &content);
        self.note(done, outcome, "replace", |may| may[name].push(Some(content.clone())))
    }

    fn rename(&mut self, from: usize, to: usize, outcome: &mut Outcome) -> Result<(), String> {
        let moved = self.may[from].clone();
        let done = self.space.rename(&self.path(from), &self.path(to));
        let absent = moved == [None];
        match done {
            Err(error) if absent && is_absent(&error) => Ok(()),
            Ok(()) if absent => Err("a name that is not there was renamed".into()),
            done => self.note(done, outcome, "rename", |may| {
                may[from].push(None);
                may[to].extend(moved.clone());
            }),
        }
    }

    fn remove(&mut self, name: usize, outcome: &mut Outcome) -> Result<(), String> {
        let absent = self.may[name] == [None];
        match self.space.remove(&self.path(name)) {
            Err(error) if absent && is_absent(&error) => Ok(()),
            Ok(()) if absent => Err("a name that is not there was removed".into()),
            done => self.note(done, outcome, "remove", |may| may[name].push(None)),
        }
    }

    /// Notes what a change may have made. It lasts when it was synced, which [`Names::settle`]
    /// does: until then a death may undo it.
    fn note(
        &mut self,
        done: Result<(), Error>,
        outcome: &mut Outcome,
        what: &str,
        change: impl FnOnce(&mut Vec<Vec<Option<Vec<u8>>>>),
    ) -> Result<(), String> {
        match done {
            Ok(()) => {}
            // A server that died has lost what it was told of the new file.
            Err(error) if may_be_repeated(&error) => outcome.uncertain += 1,
            Err(error) => return Err(format!("{what}: {error}")),
        }
        change(&mut self.may);
        Ok(())
    }

    /// Removes all files.
    ///
    /// # Errors
    /// When one cannot be removed.
    pub fn close(self) -> Result<(), String> {
        self.clear()
    }
}

fn is_absent(error: &Error) -> bool {
    error.files() == Some(&files::FilesError::NotFound)
}

fn may_be_repeated(error: &Error) -> bool {
    let lost = matches!(error.cause, files::Cause::WritesLost);
    use files::FilesError::{NotSynced, Stale};
    let stale = matches!(error.files(), Some(Stale | NotSynced)) || is_absent(error);
    error.is_uncertain() || lost || stale
}
