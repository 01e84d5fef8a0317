//! Devices: interrupt lines, I/O ports, and the right to make them.

use crate::handle::{created, object};
use crate::raw::{address_of, argument, plain, with_memory};
use crate::{Error, Memory, Notification, Process};
use abi::Syscall;

object! {
    /// The right to make Irq, Port, IoSpace, device-memory and SchedContext objects, and to end the
    /// machine. A copy with [`Rights::DEVICE`](crate::Rights::DEVICE) alone makes the first four.
    Resource
}

impl Resource {
    /// Ends the machine with this code (see `abi::exit_code`).
    pub fn shutdown(&self, code: u8) -> Result<core::convert::Infallible, Error> {
        plain(Syscall::Shutdown, [argument(self.handle()), u64::from(code), 0, 0, 0, 0])?;
        Err(Error::BadState)
    }
}

impl Resource {
    /// The next process of the machine from a slot of the kernel's table on, this one left out,
    /// and the slot to go on with. Looks at a few slots only, so there may be none in them; slot
    /// 0: there are no more.
    pub fn find_process(&self, slot: u64) -> Result<(Option<Process>, u64), Error> {
        let arguments = [argument(self.handle()), slot, 0, 0, 0, 0];
        let (handle, next) = plain(Syscall::ProcessFind, arguments)?;
        let found = (handle != 0).then(|| created(Ok((handle, 0)))).transpose()?;
        Ok((found.map(Process::from), next))
    }

    /// Copies the system log from this byte number since the boot on, or from the oldest byte that
    /// is left: how many, and the number behind the last. Needs the right to read, no other.
    pub fn read_log(&self, first: u64, into: &mut [u8]) -> Result<(usize, u64), Error> {
        let (address, room) = (address_of(into.as_mut_ptr()), into.len() as u64);
        let arguments = [argument(self.handle()), first, address, room, 0, 0];
        // SAFETY: 1. the kernel writes at most `into.len()` bytes to an exclusive, live slice.
        // 2. every bit pattern is a value of them.
        let (count, next) = unsafe { with_memory(Syscall::LogRead, arguments) }?;
        Ok((usize::try_from(count).unwrap_or(0).min(into.len()), next))
    }
}

impl Memory {
    /// The memory of a device.
    pub fn device(resource: &Resource, physical: u64, pages: u64) -> Result<Self, Error> {
        let arguments = [argument(resource.handle()), physical, pages, 0, 0, 0];
        created(plain(Syscall::MemoryDevice, arguments)).map(Self::from)
    }
}

object! {
    /// A device interrupt, a line or a message, that sets bits of a notification.
    Irq
}

/// The message with which a device interrupts (MSI): it writes `data` to `address`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct IrqMessage {
    /// Where it writes.
    pub address: u64,
    /// What it writes.
    pub data: u32,
}

/// How often a device interrupted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct IrqInfo {
    /// Since the object was made.
    pub interrupts: u64,
    /// Since the last [`Irq::ack`].
    pub unacknowledged: u64,
}

impl Irq {
    /// Takes a line.
    pub fn create(
        resource: &Resource,
        line: u8,
        notification: &Notification,
        bits: u64,
    ) -> Result<Self, Error> {
        let notification = argument(notification.handle());
        let arguments = [argument(resource.handle()), u64::from(line), notification, bits, 0, 0];
        created(plain(Syscall::IrqCreate, arguments)).map(Self)
    }

    /// A message that interrupts this CPU, for a device to send. It is valid until the last handle
    /// of this object is closed.
    ///
    /// # Errors
    /// `BadArgument` for a CPU that does not run; `OutOfMemory` when it has no vector left.
    pub fn message(
        resource: &Resource,
        cpu: u16,
        notification: &Notification,
        bits: u64,
    ) -> Result<(Self, IrqMessage), Error> {
        let notification = argument(notification.handle());
        let arguments = [argument(resource.handle()), u64::from(cpu), notification, bits, 0, 0];
        let (handle, message) = plain(Syscall::MsiCreate, arguments)?;
        let irq = created(Ok((handle, 0)))?;
        let [address, data] = [message, message >> 32].map(|half| half & u64::from(u32::MAX));
        let data = u32::try_from(data).map_err(|_| Error::BadArgument)?;
        Ok((Self(irq), IrqMessage { address, data }))
    }

    /// How often it interrupted.
    pub fn info(&self) -> Result<IrqInfo, Error> {
        let arguments = [argument(self.handle()), 0, 0, 0, 0, 0];
        let (interrupts, unacknowledged) = plain(Syscall::IrqInfo, arguments)?;
        Ok(IrqInfo { interrupts, unacknowledged })
    }

    /// The device has been served: a line may interrupt again, and the count of unacknowledged
    /// interrupts starts anew.
    pub fn ack(&self) -> Result<(), Error> {
        plain(Syscall::IrqAck, [argument(self.handle()), 0, 0, 0, 0, 0]).map(|_| ())
    }
}

object! {
    /// A range of I/O ports. Offsets count from its first port.
    Ports is Port
}

impl Ports {
    /// Takes a range.
    pub fn create(resource: &Resource, first: u16, count: u16) -> Result<Self, Error> {
        let arguments = [argument(resource.handle()), u64::from(first), u64::from(count), 0, 0, 0];
        created(plain(Syscall::PortCreate, arguments)).map(Self)
    }

    /// Lets this process use these ports by instructions from now on, for good. Safe Rust has
    /// no such instructions; at most four ranges.
    pub fn allow_instructions(&self) -> Result<(), Error> {
        plain(Syscall::PortAllow, [argument(self.handle()), 0, 0, 0, 0, 0]).map(|_| ())
    }

    /// Reads a byte.
    pub fn read_u8(&self, offset: u16) -> Result<u8, Error> {
        self.read(offset, 1)?.try_into().map_err(|_| Error::BadArgument)
    }

    /// Reads 16 bits.
    pub fn read_u16(&self, offset: u16) -> Result<u16, Error> {
        self.read(offset, 2)?.try_into().map_err(|_| Error::BadArgument)
    }

    /// Reads 32 bits.
    pub fn read_u32(&self, offset: u16) -> Result<u32, Error> {
        self.read(offset, 4)?.try_into().map_err(|_| Error::BadArgument)
    }

    /// Writes a byte.
    pub fn write_u8(&self, offset: u16, value: u8) -> Result<(), Error> {
        self.write(offset, 1, value.into())
    }

    /// Writes 16 bits.
    pub fn write_u16(&self, offset: u16, value: u16) -> Result<(), Error> {
        self.write(offset, 2, value.into())
    }

    /// Writes 32 bits.
    pub fn write_u32(&self, offset: u16, value: u32) -> Result<(), Error> {
        self.write(offset, 4, value.into())
    }

    /// Writes each byte in turn to one port.
    pub fn write_bytes(&self, offset: u16, bytes: &[u8]) -> Result<(), Error> {
        let address = address_of(bytes.as_ptr());
        let arguments = [argument(self.handle()), offset.into(), address, bytes.len() as u64, 0, 0];
        // SAFETY: the kernel only reads `bytes`, which lives until the call returns.
        unsafe { with_memory(Syscall::PortWriteBytes, arguments) }.map(|_| ())
    }

    fn read(&self, offset: u16, width: u64) -> Result<u64, Error> {
        plain(Syscall::PortRead, [argument(self.handle()), offset.into(), width, 0, 0, 0])
            .map(|(value, _)| value)
    }

    fn write(&self, offset: u16, width: u64, value: u64) -> Result<(), Error> {
        plain(Syscall::PortWrite, [argument(self.handle()), offset.into(), width, value, 0, 0])
            .map(|_| ())
    }
}
