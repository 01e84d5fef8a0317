//! Open files: sessions, nodes without names, locks.

use crate::tickets::{Fresh, Tickets};
use crate::{FileSystem, Unlinked};
use alloc::collections::{BTreeMap, BTreeSet};
use files::{FilesError, LockKind, NodeId, Ticket};
use keep::KeepError;
use service::{Session, Sessions};
use sys::Memory;

/// The most files that a client has open. Fewer than its sessions, so that it is told why.
const PER_CLIENT: usize = Sessions::PER_CLIENT - 4;

/// An open file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OpenFile {
    pub(crate) node: NodeId,
    pub(crate) write: bool,
    owner: u64,
    ticket: Ticket,
    lock: LockKind,
}

/// All open files.
#[derive(Debug)]
pub(crate) struct OpenFiles {
    sessions: BTreeMap<Session, OpenFile>,
    /// Open nodes without a name.
    unlinked: BTreeSet<NodeId>,
    /// Nodes that were made after the last commit.
    fresh: BTreeMap<NodeId, Fresh>,
    tickets: Tickets,
}

impl OpenFiles {
    pub(crate) fn new(keep: Option<&Memory>) -> Result<Self, KeepError> {
        let (sessions, unlinked, fresh) = Default::default();
        Ok(Self { sessions, unlinked, fresh, tickets: Tickets::open(keep)? })
    }

    /// Whether this client may open another file.
    pub(crate) fn has_room(&self, owner: u64) -> Result<(), FilesError> {
        let open = self.sessions.values().filter(|file| file.owner == owner).count();
        if open < PER_CLIENT { Ok(()) } else { Err(FilesError::TooMany) }
    }

    /// A file was opened.
    pub(crate) fn add(
        &mut self,
        session: Session,
        owner: u64,
        node: NodeId,
        write: bool,
    ) -> Ticket {
        let fresh = self.fresh.get(&node).copied().unwrap_or(Fresh::No);
        let ticket = self.tickets.add(owner, node, write, fresh);
        self.sessions
            .insert(session, OpenFile { node, write, owner, ticket, lock: LockKind::None });
        ticket
    }

    /// A file that was open in an earlier life: its node, and whether it is written.
    pub(crate) fn claim(
        &mut self,
        session: Session,
        owner: u64,
        ticket: Ticket,
    ) -> Result<NodeId, FilesError> {
        let entry = self.tickets.claim(ticket, owner).ok_or(FilesError::Stale)?;
        if entry.fresh == Fresh::Made {
            self.tickets.remove(ticket);
            return Err(FilesError::NotSynced);
        }
        let (node, write) = (entry.node, entry.write);
        self.sessions
            .insert(session, OpenFile { node, write, owner, ticket, lock: LockKind::None });
        Ok(node)
    }

    pub(crate) fn find(&self, session: Session) -> Result<OpenFile, FilesError> {
        // Only open sessions call.
        self.sessions.get(&session).copied().ok_or(FilesError::Stale)
    }

    /// A session has ended: what is to free.
    pub(crate) fn close(&mut self, session: Session) -> Option<Unlinked> {
        let file = self.sessions.remove(&session)?;
        self.tickets.remove(file.ticket);
        let is_last = !self.is_open(file.node);
        (is_last && self.unlinked.remove(&file.node)).then_some(Unlinked(file.node))
    }

    /// Whether a session has it.
    pub(crate) fn is_open(&self, node: NodeId) -> bool {
        self.sessions.values().any(|file| file.node == node)
    }

    /// The last name of a node is about to be removed.
    pub(crate) fn unlinking(&mut self, node: NodeId) {
        self.fresh.remove(&node);
        self.tickets.unlinked(node);
    }

    /// It was: frees it, unless it is open.
    pub(crate) fn unlinked(
        &mut self,
        fs: &mut dyn FileSystem,
        node: Unlinked,
    ) -> Result<(), FilesError> {
        if self.is_open(node.0) {
            self.unlinked.insert(node.0);
            return Ok(());
        }
        fs.forget(node)
    }

    /// A node was made.
    pub(crate) fn made(&mut self, node: NodeId) {
        self.fresh.insert(node, Fresh::Made);
    }

    /// A node was renamed.
    pub(crate) fn renamed(&mut self, node: NodeId) {
        if let Some(fresh) = self.fresh.get_mut(&node) {
            *fresh = Fresh::Renamed;
            self.tickets.renamed(node);
        }
    }

    /// All that was done before is committed.
    pub(crate) fn committed(&mut self) {
        self.fresh.clear();
        self.tickets.committed();
    }

    /// Takes, changes or gives back a lock.
    pub(crate) fn lock(&mut self, session: Session, kind: LockKind) -> Result<(), FilesError> {
        let file = self.find(session)?;
        let mut others =
            self.sessions.iter().filter(|(of, it)| **of != session && it.node == file.node);
        let collides = others.any(|(_, other)| match kind {
            LockKind::None => false,
            LockKind::Shared => other.lock == LockKind::Exclusive,
            LockKind::Exclusive => other.lock != LockKind::None,
        });
        if collides {
            return Err(FilesError::Locked);
        }
        if let Some(file) = self.sessions.get_mut(&session) {
            file.lock = kind;
        }
        Ok(())
    }
}
