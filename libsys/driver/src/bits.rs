//! Bits of the notifications of both sides.

use executor::Bit;
use queue::Bell;
use sys::Notification;

/// The bit of a driver's notification that the device's interrupt sets.
pub const INTERRUPT: u64 = 1;
/// Set by a client that has requests.
pub const NEWS: u64 = 1 << 1;
/// Set by the kernel at the end of a client.
pub const END: u64 = 1 << 2;
/// Set by the [`Watchdog`](crate::Watchdog).
pub const TICK: u64 = 1 << 3;

/// Bits of a client's bell.
#[service::data]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bits {
    /// Set when there are completions and the client sleeps.
    pub news: u64,
    /// Set when the driver has ended.
    pub end: u64,
}

impl Bits {
    /// Those of a driver: [`NEWS`], [`END`].
    pub const OF_DRIVER: Self = Self { news: NEWS, end: END };

    /// Two bits of an executor's notification.
    #[must_use]
    pub fn of(news: &Bit, end: &Bit) -> Self {
        Self { news: news.mask(), end: end.mask() }
    }

    /// The bell of the side whose bits these are.
    #[must_use]
    pub fn bell(self, notification: Notification) -> Bell {
        Bell::with_end(notification, self.news, self.end)
    }
}
