//! Sessions with a terminal: which group is in the foreground.
//!
//! **Shape.** Session 0 is that of the console, whose shell is a server. Another one begins with a
//! program that a server starts on a terminal of its own: its number is that program's, the
//! leader, and it ends with it.

use super::Table;
use super::front::Front;
use alloc::vec::Vec;
use proc_api::Ids;

impl<P, S, W> Table<P, S, W> {
    fn front(&self, session: u32) -> Option<&Front> {
        self.fronts.iter().find(|front| front.session == session)
    }

    /// Whether the session has a terminal.
    pub fn has_terminal(&self, session: u32) -> bool {
        self.front(session).is_some()
    }

    /// Whether this program leads a session on a terminal of its own.
    pub fn leads_terminal(&self, ids: Ids) -> bool {
        ids.session == ids.pid && self.has_terminal(ids.session)
    }

    /// Which group of the session Ctrl-C goes to; 0: none.
    pub fn foreground(&self, session: u32) -> u32 {
        self.front(session).map_or(0, |front| front.group)
    }

    /// Whether a program may put another group of its session into the foreground: it is there
    /// itself, or its group gave the terminal to the one that is.
    pub fn may_give_terminal(&self, session: u32, group: u32) -> bool {
        let has = |front: &Front| group == front.group || front.lenders.contains(&group);
        self.front(session).is_some_and(has)
    }

    /// Makes the group with this number, or of the program with this number, the foreground
    /// one of the session; 0: none is. `by` is the group of a program that does it, which gets the
    /// terminal back when that group is gone; `None`: the leader. False when the session has none
    /// such.
    pub fn set_foreground(&mut self, session: u32, by: Option<u32>, number: u32) -> bool {
        let program = self.living().find(|entry| entry.ids.pid == number);
        let of_program = program.map_or(number, |entry| entry.ids.group);
        let group = if self.is_in(session, number) { number } else { of_program };
        let known = number == 0 || self.is_in(session, group);
        let front = self.fronts.iter_mut().find(|front| front.session == session);
        let Some(front) = front.filter(|_| known) else { return false };
        match by {
            Some(by) => front.lend(by, group),
            None => front.lenders.clear(),
        }
        front.group = group;
        self.moves += 1;
        true
    }

    /// Whether a group has living members in the session.
    fn is_in(&self, session: u32, group: u32) -> bool {
        self.members(group).any(|entry| entry.ids.session == session)
    }

    /// After a change of members: when none is left in the foreground, the last group that gave
    /// the terminal away has it.
    pub(super) fn settle_foreground(&mut self) {
        self.moves += 1;
        let mut fronts = core::mem::take(&mut self.fronts);
        for front in &mut fronts {
            while front.group != 0 && !self.is_in(front.session, front.group) {
                front.group = front.lenders.pop().unwrap_or(0);
            }
        }
        self.fronts = fronts;
    }

    /// After the end of a program: when it led a session on a terminal, that ends. Returns its
    /// programs.
    pub(super) fn end_session(&mut self, ids: Ids) -> Vec<u32> {
        if !self.leads_terminal(ids) {
            return Vec::new();
        }
        self.fronts.retain(|front| front.session != ids.session);
        let members = self.living().filter(|entry| entry.ids.session == ids.session);
        members.map(|entry| entry.ids.pid).collect()
    }
}
