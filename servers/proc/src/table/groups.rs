//! Process groups, sessions, the foreground.

use super::{Entry, Table};
use alloc::vec::Vec;
use proc_api::{Ids, ProcError};

fn not_allowed(why: &str) -> ProcError {
    ProcError::NotAllowed { why: why.into() }
}

impl<P, S, W> Table<P, S, W> {
    /// The living members of a group.
    pub fn members(&self, group: u32) -> impl Iterator<Item = &Entry<P, S>> {
        self.living().filter(move |entry| entry.ids.group == group)
    }

    /// Returns whether a program may signal another one: those of its job. A server (0) may
    /// signal all.
    pub fn may_signal(&self, by: u32, pid: u32) -> bool {
        let job = |pid| self.living().find(|entry| entry.ids.pid == pid).map(|entry| entry.job);
        by == 0 || job(by).is_some_and(|own| job(pid) == Some(own))
    }

    /// How often the members of the foreground may have changed.
    pub fn moves(&self) -> u64 {
        self.moves
    }

    /// Which group Ctrl-C goes to; 0: none.
    pub fn foreground(&self) -> u32 {
        self.foreground
    }

    /// Whether a program may put another group into the foreground: it is there itself, or its
    /// group gave the terminal to the one that is.
    pub fn may_give_terminal(&self, group: u32) -> bool {
        group == self.foreground || self.lenders.contains(&group)
    }

    /// Makes the group with this number, or of the program with this number, the foreground
    /// one; 0: none is. `by` is the group of a program that does it, which gets the terminal back
    /// when that group is gone; `None`: a server. False when there is none such in the console's
    /// session.
    pub fn set_foreground(&mut self, by: Option<u32>, number: u32) -> bool {
        let program = self.living().find(|entry| entry.ids.pid == number);
        let of_program = program.map_or(number, |entry| entry.ids.group);
        let group = if self.is_here(number) { number } else { of_program };
        let known = number == 0 || self.is_here(group);
        if known {
            match by {
                Some(by) => self.lend(by, group),
                None => self.lenders.clear(),
            }
            self.foreground = group;
            self.moves += 1;
        }
        known
    }

    /// Whether a group has living members in the console's session.
    fn is_here(&self, group: u32) -> bool {
        self.members(group).any(|entry| entry.ids.session == 0)
    }

    /// A group gives the terminal away. Each is among the lenders once.
    fn lend(&mut self, by: u32, to: u32) {
        for group in [by, to] {
            if let Some(place) = self.lenders.iter().position(|lender| *lender == group) {
                self.lenders.truncate(place);
            }
        }
        if by != to {
            self.lenders.push(by);
        }
    }

    /// After a change of members: when none is left in the foreground, the last group that gave
    /// the terminal away has it.
    pub(super) fn settle_foreground(&mut self) {
        self.moves += 1;
        while self.foreground != 0 && !self.is_here(self.foreground) {
            self.foreground = self.lenders.pop().unwrap_or(0);
        }
    }

    /// Puts a program (0: the caller) into a group (0: one of its own), for a program.
    ///
    /// # Errors
    /// As POSIX has them for `setpgid`.
    pub fn set_group(&mut self, by: Ids, pid: u32, group: u32) -> Result<(), ProcError> {
        let pid = if pid == 0 { by.pid } else { pid };
        let ids = self.alive(pid).map(|entry| entry.ids);
        let ids = ids.filter(|ids| pid == by.pid || ids.parent == by.pid);
        let ids = ids.ok_or(ProcError::NoSuchProcess { pid })?;
        if ids.session != by.session {
            return Err(not_allowed("the program is in another session"));
        }
        if ids.session == pid {
            return Err(not_allowed("the leader of a session stays in its group"));
        }
        let group = if group == 0 { pid } else { group };
        let there = self.members(group).any(|member| member.ids.session == by.session);
        if group != pid && !there {
            return Err(not_allowed("the session has no such group"));
        }
        if let Some(entry) = self.alive(pid) {
            entry.ids.group = group;
        }
        self.settle_foreground();
        Ok(())
    }

    /// Makes a program the leader of a session and a group of its own.
    ///
    /// # Errors
    /// When it leads a group already.
    pub fn new_session(&mut self, pid: u32) -> Result<u32, ProcError> {
        if self.members(pid).next().is_some() {
            return Err(not_allowed("there is a group with the caller's number already"));
        }
        let entry = self.alive(pid).ok_or(ProcError::NoSuchProcess { pid })?;
        (entry.ids.group, entry.ids.session) = (pid, pid);
        self.settle_foreground();
        Ok(pid)
    }

    /// Returns whether the group is orphaned: no member has a parent in another group of the
    /// session, which could continue the stopped members. The shell is the parent of programs
    /// that servers started.
    pub fn is_orphaned(&self, group: u32) -> bool {
        !self.members(group).any(|entry| self.has_keeper(entry))
    }

    fn has_keeper(&self, entry: &Entry<P, S>) -> bool {
        let Ids { parent, group, session, .. } = entry.ids;
        match parent {
            0 => !entry.adopted && session == 0,
            parent => self.living().any(|other| {
                let ids = other.ids;
                ids.pid == parent && ids.session == session && ids.group != group
            }),
        }
    }

    /// Groups that the end of a program may orphan: its own, and those of its children.
    pub(super) fn held_by(&self, pid: u32) -> Vec<u32> {
        let near = |entry: &&Entry<P, S>| entry.ids.pid == pid || entry.ids.parent == pid;
        let mut groups: Vec<u32> = self.living().filter(near).map(|e| e.ids.group).collect();
        groups.sort_unstable();
        groups.dedup();
        groups.retain(|group| !self.is_orphaned(*group));
        groups
    }

    pub(super) fn is_stopped_orphan(&self, group: u32) -> bool {
        self.is_orphaned(group)
            && self.members(group).any(|entry| entry.signals.stopped().is_some())
    }
}
