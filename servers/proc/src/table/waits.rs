//! Waiters for programs, and their answers.

use super::{Entry, Table};
use proc_api::{ChildStatus, Target, WaitFor, Waited};

/// The most threads of one program, or of all servers, that can wait; beyond it the oldest of
/// their waits is given up. Waits that a signal cut short count until then.
const MAX_WAITERS: usize = 64;

/// A thread that waits for programs.
#[derive(Debug)]
pub struct Waiter<W> {
    /// The program that waits; 0: a server.
    pub by: u32,
    /// The programs that it waits for.
    pub target: Target,
    /// The changes that it waits for.
    pub what: WaitFor,
    /// The reply to it.
    pub reply: W,
}

/// The answer to a waiter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// This happened. [`Table::told`] must follow once the reply has arrived.
    Happened(Waited),
    /// Nothing happened, and it does not want to wait.
    Nothing,
    /// It started no such program.
    NoChild,
}

impl<P, S, W> Table<P, S, W> {
    /// Adds a waiter. [`Table::next_answer`] returns its answer.
    pub fn wait(&mut self, waiter: Waiter<W>) {
        let same = |other: &Waiter<W>| other.by == waiter.by;
        if self.waiters.iter().filter(|other| same(other)).count() >= MAX_WAITERS
            && let Some(oldest) = self.waiters.iter().position(same)
        {
            self.waiters.remove(oldest);
        }
        self.waiters.push(waiter);
    }

    /// Returns the next waiter that has an answer.
    pub fn next_answer(&mut self) -> Option<(Waiter<W>, Found)> {
        let answers = self.waiters.iter().map(|waiter| self.answer(waiter));
        let (place, found) =
            answers.enumerate().find_map(|(place, found)| Some((place, found?)))?;
        Some((self.waiters.remove(place), found))
    }

    /// It was told: it is not told again.
    pub fn told(&mut self, waited: Waited) {
        let pid = waited.pid;
        if matches!(waited.status, ChildStatus::Ended(_)) {
            self.entries.retain(|entry| entry.ids.pid != pid);
        } else if let Some(entry) = self.alive(pid) {
            entry.news = None;
        }
    }

    fn answer(&self, waiter: &Waiter<W>) -> Option<Found> {
        let mut any = false;
        for entry in self.entries.iter().filter(|entry| self.concerns(waiter, entry)) {
            any = true;
            if let Some(status) = news(entry, waiter.what) {
                return Some(Found::Happened(Waited { pid: entry.ids.pid, status }));
            }
        }
        match (any, waiter.what.at_once) {
            (false, _) => Some(Found::NoChild),
            (true, true) => Some(Found::Nothing),
            (true, false) => None,
        }
    }

    fn concerns(&self, waiter: &Waiter<W>, entry: &Entry<P, S>) -> bool {
        let child = entry.ids.parent == waiter.by && !entry.adopted;
        match waiter.target {
            Target::Any => child,
            Target::Process(pid) => entry.ids.pid == pid && (child || waiter.by == 0),
            Target::Group(group) => child && entry.ids.group == self.group_or_own(waiter.by, group),
        }
    }

    fn group_or_own(&self, by: u32, group: u32) -> u32 {
        let own = || self.living().find(|entry| entry.ids.pid == by).map_or(0, |e| e.ids.group);
        if group == 0 { own() } else { group }
    }
}

fn news<P, S>(entry: &Entry<P, S>, what: WaitFor) -> Option<ChildStatus> {
    let ended = entry.ended.map(ChildStatus::Ended);
    ended.or(entry.news.filter(|news| match news {
        ChildStatus::Ended(_) => true,
        ChildStatus::Stopped(_) => what.stopped,
        ChildStatus::Continued => what.continued,
    }))
}
