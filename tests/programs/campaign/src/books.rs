//! What became of the clients' operations, by server.

use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// The servers that faults are injected into.
pub(crate) const TARGETS: [&str; 6] = ["store", "template", "names", "proc", "virtio-blk", "nvme"];
/// The first of them that is a driver of a disk. All after it are, too.
pub(crate) const FIRST_DISK: usize = 4;

/// How an operation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Done, and checked.
    Right,
    /// An error told so.
    Error,
    /// An answer came that the client's own check does not accept: an error to its user.
    Refused,
    /// An answer that the client accepts, and that is not true.
    Wrong,
}

/// The operations on one server.
pub(crate) struct Book {
    pub(crate) right: AtomicU64,
    pub(crate) errors: AtomicU64,
    pub(crate) refused: AtomicU64,
    pub(crate) wrong: AtomicU64,
}

impl Book {
    const fn new() -> Self {
        Self {
            right: AtomicU64::new(0),
            errors: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            wrong: AtomicU64::new(0),
        }
    }

    pub(crate) fn note(&self, end: End) {
        let place = match end {
            End::Right => &self.right,
            End::Error => &self.errors,
            End::Refused => &self.refused,
            End::Wrong => &self.wrong,
        };
        place.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn right(&self) -> u64 {
        self.right.load(Ordering::Relaxed)
    }

    /// Operations that failed and said so.
    pub(crate) fn told(&self) -> u64 {
        self.errors.load(Ordering::Relaxed) + self.refused.load(Ordering::Relaxed)
    }
}

/// One book for each of [`TARGETS`].
pub(crate) static BOOKS: [Book; TARGETS.len()] = [const { Book::new() }; TARGETS.len()];

/// Clients rest while it is set.
pub(crate) static REST: AtomicBool = AtomicBool::new(false);
/// The number of clients that rest now.
pub(crate) static RESTING: AtomicU64 = AtomicU64::new(0);
/// A client that rests does one operation when this is raised.
pub(crate) static TURN: AtomicU64 = AtomicU64::new(0);
/// The number of these operations that were done.
pub(crate) static TURNS_DONE: AtomicU64 = AtomicU64::new(0);
