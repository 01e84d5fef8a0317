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
