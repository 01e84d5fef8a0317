//! How a side is woken, and how it knows whether the other side lives.

use crate::QueueError;
use core::cell::Cell;
use core::sync::atomic::{AtomicU32, Ordering};
use sys::{Error, LifelineWatch, Notification};

/// The bits of a private bell: something was done; the other side is gone.
const NEWS: u64 = 1;
const GONE: u64 = 1 << 1;
/// The number of the first of them.
const NEWS_NUMBER: u32 = 0;

/// A notification of the user's own that a queue is to ring, such as an executor's.
#[derive(Debug)]
pub struct Bell {
    notification: Notification,
    number: u32,
    /// The number of the bit that the other side's end rings.
    end: u32,
}

impl Bell {
    /// Rings this bit (one) of a notification, which needs the rights to signal and travel.
    #[must_use]
    pub fn new(notification: Notification, bit: u64) -> Self {
        Self::with_end(notification, bit, bit)
    }

    /// Rings another bit at the other side's end: only then its life has to be asked for, which
    /// costs a system call.
    #[must_use]
    pub fn with_end(notification: Notification, bit: u64, end: u64) -> Self {
        Self { notification, number: bit.trailing_zeros(), end: end.trailing_zeros() }
    }

    /// The bell as a handle and a number, for the maker of the queue.
    pub fn into_parts(self) -> (Notification, u32) {
        (self.notification, self.number)
    }
}

/// A side's bell.
#[derive(Debug)]
pub(crate) enum Ear {
    /// Made for this queue: only the other side and the kernel can ring it.
    Private(Notification, Cell<bool>),
    /// Another wait covers it, and asks this side when it rang.
    Foreign(Bell),
}

impl Ear {
    pub(crate) fn private(notification: Notification) -> Self {
        Self::Private(notification, Cell::new(false))
    }

    pub(crate) fn notification(&self) -> &Notification {
        match self {
            Self::Private(notification, _) => notification,
            Self::Foreign(bell) => &bell.notification,
        }
    }

    /// The number of the bit that the other side rings.
    pub(crate) fn number(&self) -> u32 {
        match self {
            Self::Private(..) => NEWS_NUMBER,
            Self::Foreign(bell) => bell.number,
        }
    }

    /// The bits that the kernel rings at the other side's end.
    pub(crate) fn gone_bits(&self) -> u64 {
        match self {
            Self::Private(..) => GONE,
            Self::Foreign(bell) => bit(bell.end),
        }
    }

    /// Waits for the bell. Only a private one can be waited for here.
    pub(crate) fn wait(&self, deadline_ns: u64) -> Result<(), QueueError> {
        let Self::Private(notification, gone) = self else {
            return Err(QueueError::Kernel(Error::BadState));
        };
        match notification.wait(deadline_ns) {
            Ok(bits) => {
                gone.set(gone.get() || bits & GONE != 0);
                Ok(())
            }
            Err(Error::Interrupted) => Ok(()),
            Err(Error::WouldBlock) => Err(QueueError::TimedOut),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether a wait on a private bell has seen the bit of the other side's end.
    pub(crate) fn rang_for_the_end(&self) -> bool {
        match self {
            Self::Private(_, gone) => gone.get(),
            Self::Foreign(_) => false,
        }
    }

    /// Whether the kernel rang for the other side's end.
    fn heard_the_end(&self) -> bool {
        let Self::Private(notification, gone) = self else { return false };
        if let Ok(bits) = notification.poll() {
            gone.set(gone.get() || bits & GONE != 0);
            // The news stay news.
            if bits & NEWS != 0 {
                let _ = notification.signal(NEWS);
            }
        }
        gone.get()
    }
}

/// How a side knows of the other one's end.
#[derive(Debug)]
pub(crate) enum Life {
    Watched(LifelineWatch),
    /// By the second bit of its private bell.
    Heard,
}

impl Life {
    pub(crate) fn holds(&self, ear: &Ear) -> bool {
        match self {
            Self::Watched(watch) => watch.held() == Ok(true),
            Self::Heard => !ear.heard_the_end(),
        }
    }
}

/// Rings for the other side: the bit it wrote down. A wrong one rings its own bell wrongly.
pub(crate) fn ring(notification: &Notification, number: &AtomicU32) -> Result<(), Error> {
    notification.signal(bit(number.load(Ordering::Relaxed)))
}

/// The bit with this number, which may come from a hostile side.
fn bit(number: u32) -> u64 {
    1 << (number % 64)
}
