//! How a queue can fail.

use core::fmt::{self, Display};
use sys::Error;

/// How a queue can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueueError {
    /// All slots are in use: back-pressure, not loss.
    Full,
    /// The deadline passed.
    TimedOut,
    /// The other side ended the queue.
    Closed,
    /// The other side's process died.
    PeerDied,
    /// The other side wrote what cannot be.
    Corrupt,
    /// The item does not fit into a slot.
    TooLong,
    /// The kernel refused.
    Kernel(Error),
}

impl From<Error> for QueueError {
    fn from(error: Error) -> Self {
        match error {
            Error::TimedOut => Self::TimedOut,
            Error::PeerDied => Self::PeerDied,
            other => Self::Kernel(other),
        }
    }
}

impl Display for QueueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "the queue is full",
            Self::TimedOut => "timed out",
            Self::Closed => "the other side closed the queue",
            Self::PeerDied => "the other side of the queue died",
            Self::Corrupt => "the other side of the queue wrote what cannot be",
            Self::TooLong => "the item does not fit into a slot",
            Self::Kernel(error) => return Display::fmt(error, f),
        })
    }
}

impl core::error::Error for QueueError {}

impl From<QueueError> for sys::Failure {
    fn from(error: QueueError) -> Self {
        Self::new(error)
    }
}
