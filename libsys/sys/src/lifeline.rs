//! Lifelines: how one learns that another is gone.

use crate::handle::{created, object};
use crate::raw::{argument, plain};
use crate::{Error, Notification};
use abi::Syscall;

object! {
    /// Shows the end of its holder: given to another process, it closes with
    /// that process at the latest. The last copy's end counts.
    ///
    /// ```
    /// let bell = sys::Notification::create()?;
    /// let (watch, held) = sys::Lifeline::create(&bell, 1)?;
    /// drop(held); // or: given away in a message, to a process that dies
    /// assert_eq!(bell.wait(sys::FOREVER)?, 1);
    /// assert!(!watch.held()?);
    /// # Ok::<(), sys::Error>(())
    /// ```
    Lifeline
}

object! {
    /// Asks whether a [`Lifeline`] is still held.
    LifelineWatch is Lifeline
}

impl Lifeline {
    /// A lifeline whose end sets these bits once: the watch, and the first holder.
    pub fn create(bell: &Notification, bits: u64) -> Result<(LifelineWatch, Self), Error> {
        let arguments = [argument(bell.handle()), bits, 0, 0, 0, 0];
        let (watch, held) = plain(Syscall::LifelineCreate, arguments)?;
        Ok((created(Ok((watch, 0)))?.into(), created(Ok((held, 0)))?.into()))
    }
}

impl LifelineWatch {
    /// Whether it has a holder.
    pub fn held(&self) -> Result<bool, Error> {
        let arguments = [argument(self.handle()), 0, 0, 0, 0, 0];
        plain(Syscall::LifelineHeld, arguments).map(|(held, _)| held != 0)
    }
}
