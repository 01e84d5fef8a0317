//! What a test does in place of a device.

use crate::raw::hosted::seat::with_seat;
use crate::{Error, IrqMessage};
use core_kernel::machine::Message;

/// Interrupts as a device does that writes this message.
///
/// ```
/// use sys::{Irq, Notification, host};
/// let bell = Notification::create()?;
/// let (irq, message) = Irq::message(&host::resource()?, 0, &bell, 0b100)?;
/// host::send_message(message)?;
/// assert_eq!(bell.wait(sys::FOREVER)?, 0b100);
/// assert_eq!(irq.info()?.unacknowledged, 1);
/// irq.ack()?;
/// assert_eq!(irq.info()?, sys::IrqInfo { interrupts: 1, unacknowledged: 0 });
/// # Ok::<(), sys::Error>(())
/// ```
///
/// # Errors
/// `BadArgument` for a message that interrupts no CPU.
pub fn send_message(message: IrqMessage) -> Result<(), Error> {
    let IrqMessage { address, data } = message;
    let address = u32::try_from(address).map_err(|_| Error::BadArgument)?;
    let live = with_seat(|seat| Ok(seat.live().clone()))?;
    let sent = live.send_message(Message { address, data });
    if sent { Ok(()) } else { Err(Error::BadArgument) }
}
