//! The slots of a client, and what the driver has of them.

use crate::{
    Backend, Completed, Completion, DeviceFrame, FRAME_BYTES, HEADER_BYTES, NicError, Operation,
    Request, Submitted, Terms,
};
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use driver::place_of;
use sys::DeviceAddress;

/// A slot that the driver or the device has.
#[derive(Clone, Copy, Debug)]
struct Flight {
    id: u32,
    operation: Operation,
    /// The tick in which it came.
    tick: u64,
}

/// All of them.
#[derive(Debug)]
pub(super) struct Slots {
    epoch: u32,
    address: DeviceAddress,
    /// The longest frame to be transmitted.
    longest: u16,
    /// By number; those for received frames are first.
    flights: Vec<Option<Flight>>,
    receive: u16,
    /// Checked, and not with the device yet.
    waiting: [VecDeque<DeviceFrame>; 2],
    done: Vec<Completion>,
}

impl Slots {
    /// None of which the driver has. `mtu` is the card's.
    pub(super) fn new(terms: Terms, address: DeviceAddress, epoch: u32, mtu: u16) -> Self {
        let count = usize::from(terms.receive) + usize::from(terms.transmit);
        let room = u16::try_from(FRAME_BYTES).unwrap_or(u16::MAX);
        Self {
            epoch,
            address,
            longest: mtu.saturating_add(HEADER_BYTES).min(room),
            flights: alloc::vec![None; count],
            receive: terms.receive,
            waiting: [VecDeque::new(), VecDeque::new()],
            done: Vec::with_capacity(count),
        }
    }

    /// Takes a slot from the client, which may say anything.
    ///
    /// # Errors
    /// [`NicError::Protocol`]: a client that writes this is not served on.
    pub(super) fn begin(&mut self, request: &Request, tick: u64) -> Result<(), NicError> {
        let tag = place_of(request.id);
        let operation = Operation::from_number(request.operation).ok_or(NicError::Protocol)?;
        let fills = tag < self.receive;
        if !request.is_whole()
            || request.epoch != self.epoch
            || fills != (operation == Operation::Fill)
        {
            return Err(NicError::Protocol);
        }
        let place = self.flights.get_mut(usize::from(tag)).ok_or(NicError::Protocol)?;
        if place.is_some() {
            return Err(NicError::Protocol);
        }
        let (bytes, queue) = match operation {
            Operation::Fill => (u16::try_from(FRAME_BYTES).unwrap_or(u16::MAX), 0),
            Operation::Transmit => (request.bytes, 1),
        };
        if operation == Operation::Transmit && !(HEADER_BYTES..=self.longest).contains(&bytes) {
            return Err(NicError::Protocol);
        }
        *place = Some(Flight { id: request.id, operation, tick });
        let address = self.address.plus(u64::from(tag) * u64::from(FRAME_BYTES));
        self.waiting[queue].push_back(DeviceFrame { tag, operation, address, bytes });
        Ok(())
    }

    /// Gives the device what waits, as far as it has room: whether it has something new.
    pub(super) fn submit(&mut self, backend: &mut impl Backend) -> bool {
        let mut any = false;
        for waiting in &mut self.waiting {
            while let Some(frame) = waiting.front() {
                if backend.submit(frame) == Submitted::Full {
                    break;
                }
                waiting.pop_front();
                any = true;
            }
        }
        any
    }

    /// Takes a slot back from the device.
    ///
    /// # Errors
    /// [`NicError::Protocol`] when the device does not have it, or filled more than there is.
    pub(super) fn end(&mut self, completed: Completed) -> Result<(), NicError> {
        let tag = usize::from(completed.tag);
        let flight = self.flights.get_mut(tag).and_then(Option::take).ok_or(NicError::Protocol)?;
        let frame = completed.result.ok();
        let longest = if flight.operation == Operation::Fill { FRAME_BYTES } else { 0 };
        if frame.is_some_and(|bytes| u32::from(bytes) > longest) {
            return Err(NicError::Protocol);
        }
        self.done.push(Completion::new(flight.id, self.epoch, frame));
        Ok(())
    }

    /// What was not told yet.
    pub(super) fn done(&self) -> &[Completion] {
        &self.done
    }

    pub(super) fn clear_done(&mut self) {
        self.done.clear();
    }

    /// Whether a frame that came in this tick or before is still to be transmitted.
    pub(super) fn transmits_from(&self, tick: u64) -> bool {
        let is_late =
            |flight: &Flight| flight.operation == Operation::Transmit && flight.tick <= tick;
        self.flights.iter().flatten().any(is_late)
    }
}
