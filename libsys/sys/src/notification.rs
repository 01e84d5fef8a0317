//! Notifications: 64 bits that coalesce.

use crate::Error;
use crate::handle::{created, object};
use crate::raw::{argument, plain};
use abi::Syscall;

object! {
    /// 64 bits that can be set by many and waited for by one.
    Notification
}

impl Notification {
    /// A new notification with no bit set.
    pub fn create() -> Result<Self, Error> {
        created(plain(Syscall::NotificationCreate, [0; 6])).map(Self)
    }

    /// Sets bits.
    pub fn signal(&self, bits: u64) -> Result<(), Error> {
        plain(Syscall::Signal, [argument(self.handle()), bits, 0, 0, 0, 0]).map(|_| ())
    }

    /// Waits until a bit is set and takes all of them.
    pub fn wait(&self, deadline_ns: u64) -> Result<u64, Error> {
        plain(Syscall::Wait, [argument(self.handle()), deadline_ns, 0, 0, 0, 0])
            .map(|(bits, _)| bits)
    }

    /// Takes all bits without waiting; [`Error::WouldBlock`] when there are none.
    pub fn poll(&self) -> Result<u64, Error> {
        match self.wait(0) {
            Ok(0) | Err(Error::TimedOut) => Err(Error::WouldBlock),
            other => other,
        }
    }

    /// From now on receives of this thread also return for this notification.
    pub fn bind(&self) -> Result<(), Error> {
        plain(Syscall::Bind, [argument(self.handle()), 0, 0, 0, 0, 0]).map(|_| ())
    }

    /// Ends what [`Notification::bind`] began, for this thread.
    pub fn unbind() -> Result<(), Error> {
        plain(Syscall::Bind, [0; 6]).map(|_| ())
    }
}
