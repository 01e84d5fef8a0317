//! The links of a thread in the lists that it is in.

use super::ThreadId;
use core::hash::{Hash, Hasher};

/// Neighbours in a list.
#[derive(Clone, Copy, Debug, Hash, Default)]
pub struct Links {
    pub(super) previous: Option<ThreadId>,
    pub(super) next: Option<ThreadId>,
}

/// Which of a thread's two pairs of links a list uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum By {
    /// Queues: one at a time.
    Queue,
    /// The threads of a process.
    Sibling,
}

/// Two neighbours in a queue that are not joined yet.
#[must_use = "the list is broken until the link is closed"]
#[derive(Clone, Copy, Debug)]
pub(crate) struct PendingLink {
    pub(super) previous: Option<ThreadId>,
    pub(super) next: Option<ThreadId>,
}

/// The other end of a run of threads of one share.
#[derive(Clone, Copy, Debug, Default)]
pub struct RunEnd(pub Option<ThreadId>);

/// It follows from the list, and may be anything between the ends.
impl Hash for RunEnd {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}
