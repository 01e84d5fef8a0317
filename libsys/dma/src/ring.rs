//! A virtqueue whose buffers are named instead of pointed at.

use crate::pool::Part;
use crate::{FOREIGN_MAX, Hal, state};
use alloc::vec::Vec;
use core::fmt;
use core::sync::atomic::{Ordering, fence};
use heapless::Vec as Few;
use sys::DeviceAddress;
use virtio_drivers::queue::VirtQueue;
use virtio_drivers::transport::Transport;

/// A buffer of a request.
#[derive(Clone, Copy, Debug)]
pub enum Buffer {
    /// In the pool.
    Own(Part),
    /// In memory that is not mapped here. At most one of a request.
    Foreign {
        /// Where the device finds it.
        address: DeviceAddress,
        /// Its size, 1 to [`FOREIGN_MAX`].
        bytes: usize,
    },
}

impl Buffer {
    /// Its size in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        match self {
            Self::Own(part) => part.len(),
            Self::Foreign { bytes, .. } => *bytes,
        }
    }
}

/// The most buffers of a request that the device reads, and that it writes.
const BUFFERS: usize = 2;

type Buffers = Few<Buffer, BUFFERS>;

/// What a queue cannot do, or what a device did wrong. After [`Fault::NotInFlight`] and
/// [`Fault::WildLength`] the device cannot be believed any more: the driver ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The device has no such queue, or a shorter one.
    NoQueue,
    /// The pool has no memory left.
    NoMemory,
    /// All descriptors are in use.
    Full,
    /// The request has no buffer, an empty one, or too many.
    BadRequest,
    /// The device completed a request that it does not have.
    NotInFlight,
    /// The device wrote more than there was to write.
    WildLength,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoQueue => "the device has no such queue, or a shorter one",
            Self::NoMemory => "the pool is used up",
            Self::Full => "the queue is full",
            Self::BadRequest => "a request without a buffer, or with too many",
            Self::NotInFlight => "the device completed what it does not have",
            Self::WildLength => "the device wrote more than there was to write",
        })
    }
}

impl core::error::Error for Fault {}

/// A request that the device has completed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Used {
    /// The tag that it was submitted with.
    pub tag: u16,
    /// The number of bytes that the device says it wrote.
    pub written: usize,
}

/// A request that the device has.
struct Flight {
    tag: u16,
    readable: Buffers,
    writable: Buffers,
}

/// A queue of the device, of `SIZE` descriptors. A request takes one for each buffer.
pub struct Ring<const SIZE: usize> {
    queue: VirtQueue<Hal, SIZE>,
    number: u16,
    /// By first descriptor.
    flights: Vec<Option<Flight>>,
}

impl<const SIZE: usize> fmt::Debug for Ring<SIZE> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ring").field("number", &self.number).finish_non_exhaustive()
    }
}

impl<const SIZE: usize> Ring<SIZE> {
    /// Sets up a queue of the device.
    ///
    /// # Errors
    /// [`Fault::NoQueue`], [`Fault::NoMemory`].
    pub fn new(transport: &mut impl Transport, number: u16) -> Result<Self, Fault> {
        // Event indices are off: `should_notify` of 0.13 compares them without regard to their
        // wrap-around, and misses a doorbell after 65,536 requests.
        let queue =
            VirtQueue::new(transport, number, false, false).map_err(|error| match error {
                virtio_drivers::Error::DmaError => Fault::NoMemory,
                _ => Fault::NoQueue,
            })?;
        Ok(Self { queue, number, flights: (0..SIZE).map(|_| None).collect() })
    }

    /// Gives a request to the device: buffers that it reads, then buffers that it writes. The
    /// device may look only after [`Ring::kick`].
    ///
    /// # Errors
    /// [`Fault::Full`], [`Fault::BadRequest`].
    pub fn submit(
        &mut self,
        tag: u16,
        readable: &[Buffer],
        writable: &[Buffer],
    ) -> Result<(), Fault> {
        let flight = Flight { tag, readable: few(readable)?, writable: few(writable)? };
        flight.check()?;
        flight.announce();
        let (inputs, mut outputs) = flight.slices().ok_or(Fault::BadRequest)?;
        let inputs = &inputs[..flight.readable.len()];
        let outputs = &mut outputs[..flight.writable.len()];
        // SAFETY: 1. parts of the pool and the stand-in are there for good. 2. the device gets the
        // address of the foreign buffer in place of the stand-in, which nothing accesses. 3. parts
        // of the pool are accessed by `sys::Shared` only, which allows for other writers.
        let head = unsafe { self.queue.add(inputs, outputs) }.map_err(|_| Fault::Full)?;
        if let Some(place) = self.flights.get_mut(usize::from(head)) {
            *place = Some(flight);
        }
        Ok(())
    }

    /// Tells the device of what was submitted, unless it looks by itself.
    pub fn kick(&mut self, transport: &mut impl Transport) {
        // ORDER: the device must see the new index, or this the device's wish to be told. The
        // crate stores and loads without a fence in between.
        fence(Ordering::SeqCst);
        if self.queue.should_notify() {
            transport.notify(self.number);
        }
    }

    /// The next request that the device has completed.
    ///
    /// # Errors
    /// [`Fault::NotInFlight`], [`Fault::WildLength`].
    pub fn complete(&mut self) -> Result<Option<Used>, Fault> {
        let Some(head) = self.queue.peek_used() else { return Ok(None) };
        let flight = self.flights.get_mut(usize::from(head)).and_then(Option::take);
        let flight = flight.ok_or(Fault::NotInFlight)?;
        let (inputs, mut outputs) = flight.slices().ok_or(Fault::BadRequest)?;
        let inputs = &inputs[..flight.readable.len()];
        let outputs = &mut outputs[..flight.writable.len()];
        // SAFETY: the same buffers as when `add` returned this descriptor: nothing else puts a
        // flight into its place.
        let written = unsafe { self.queue.pop_used(head, inputs, outputs) };
        // It reads the number again: a device may have changed it meanwhile.
        let written = written.map_err(|_| Fault::NotInFlight)?;
        let written = usize::try_from(written).map_err(|_| Fault::WildLength)?;
        if written > flight.writable.iter().map(Buffer::size).sum() {
            return Err(Fault::WildLength);
        }
        Ok(Some(Used { tag: flight.tag, written }))
    }

    /// Whether the device has completed something that was not taken yet.
    #[must_use]
    pub fn has_completed(&self) -> bool {
        self.queue.can_pop()
    }

    /// Lets the device interrupt at the next completion, or not. Before waiting for an interrupt
    /// that was off, look at [`Ring::has_completed`] once more.
    pub fn listen(&mut self, on: bool) {
        self.queue.set_dev_notify(on);
        // ORDER: the device must see the wish, or this its new index.
        fence(Ordering::SeqCst);
    }
}

fn few(buffers: &[Buffer]) -> Result<Buffers, Fault> {
    Buffers::from_slice(buffers).map_err(|_| Fault::BadRequest)
}

/// The buffers of a request as slices: those that the device reads, those that it writes. Those
/// past the number of each are empty.
type Slices<'a> = ([&'a [u8]; BUFFERS], [&'a mut [u8]; BUFFERS]);

impl Flight {
    fn check(&self) -> Result<(), Fault> {
        let all = || self.readable.iter().chain(&self.writable);
        let foreign = all().filter(|buffer| matches!(buffer, Buffer::Foreign { .. })).count();
        let bad = |buffer: &Buffer| buffer.size() == 0 || buffer.size() > FOREIGN_MAX;
        if all().next().is_none() || foreign > 1 || all().any(bad) {
            return Err(Fault::BadRequest);
        }
        Ok(())
    }

    /// Has the stand-in stand for the foreign buffer.
    fn announce(&self) {
        for buffer in self.readable.iter().chain(&self.writable) {
            if let Buffer::Foreign { address, .. } = buffer {
                state::with(|state| state.set_foreign(*address));
            }
        }
    }

    fn slices<'a>(&self) -> Option<Slices<'a>> {
        let (mut inputs, mut outputs): Slices<'a> = ([&[]; BUFFERS], [&mut [], &mut []]);
        for (slice, buffer) in inputs.iter_mut().zip(&self.readable) {
            let start = pointer(buffer)?;
            // SAFETY: `pointer` says that the bytes are there for good. The queue takes addresses
            // of slices and reads nothing through them.
            *slice = unsafe { core::slice::from_raw_parts(start, buffer.size()) };
        }
        for (slice, buffer) in outputs.iter_mut().zip(&self.writable) {
            let start = pointer(buffer)?;
            // SAFETY: as above; it writes nothing either.
            *slice = unsafe { core::slice::from_raw_parts_mut(start, buffer.size()) };
        }
        Some((inputs, outputs))
    }
}

/// The first byte of a buffer here, of the pool or of the stand-in: both are mapped for good.
fn pointer(buffer: &Buffer) -> Option<*mut u8> {
    let pointer = match buffer {
        Buffer::Own(part) => part.pointer(),
        Buffer::Foreign { .. } => state::with(state::State::stand_in),
    };
    pointer.map(core::ptr::NonNull::as_ptr)
}
