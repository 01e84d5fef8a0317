//! Calls on ports and the machine itself.

use super::Done;
use crate::kernel::Kernel;
use crate::machine::{Machine, PortSpan, PortWidth};
use crate::mem::{Memory, Readable, UserSlice};
use crate::object::{ObjectRef, Objects, PortId, PortRange, ThreadId};
use crate::work::Work;
use abi::{Error, Rights, reserved};

/// The most bytes of one `PortWriteBytes`: a port access may take a microsecond, and all of them are
/// made in one section under the kernel lock.
const PORT_BYTES_MAX: u64 = 64;

impl<M: Machine> Kernel<M> {
    pub(super) fn sys_port_create(&mut self, me: ThreadId) -> Result<Done, Error> {
        self.objects.device_resource(me)?;
        let (first, count) = (self.objects.argument(me, 1), self.objects.argument(me, 2));
        let end = first.checked_add(count).filter(|end| count > 0 && *end <= 1 << 16);
        let end = end.ok_or(Error::BadArgument)?;
        let port = |number: u64| u16::try_from(number).map_err(|_| Error::BadArgument);
        if reserved::ports(first, end - 1).is_some() {
            return Err(Error::NoRight);
        }
        let quota = self.objects.pay_for_object(me)?;
        let count = u32::try_from(count).map_err(|_| Error::BadArgument)?;
        let made =
            self.objects.ports.insert(PortRange { refs: 0, first: port(first)?, count, quota });
        self.grant_new(me, made.map(ObjectRef::Port))
    }

    pub(super) fn sys_port_allow(&mut self, me: ThreadId) -> Result<Done, Error> {
        let rights = Rights::READ | Rights::WRITE;
        let id: PortId = self.objects.id(me, 0, rights)?;
        let own = self.objects.own(me);
        let PortRange { first, count, .. } = self.objects.ports[id];
        let span = PortSpan { first, count };
        let spans = &mut self.objects.processes[own].ports;
        if spans.contains(&span) {
            return Ok(Done::NOTHING);
        }
        let place = spans.iter_mut().find(|place| place.count == 0).ok_or(Error::QuotaExceeded)?;
        *place = span;
        // The other threads get them when they use one: see `Kernel::ports_are_due`.
        self.sched().set_thread_work(me, Work::Ports);
        Ok(Done::NOTHING)
    }

    pub(super) fn sys_shutdown(&mut self, me: ThreadId) -> Result<Done, Error> {
        self.objects.resource(me)?;
        let code = u8::try_from(self.objects.argument(me, 1)).map_err(|_| Error::BadArgument)?;
        self.shutdown = Some(code);
        Ok(Done::NOTHING)
    }
}

impl<M: Machine> Memory<'_, M> {
    pub(super) fn sys_port_read(&mut self, me: ThreadId) -> Result<Done, Error> {
        let (port, width) = self.objects.port(me, Rights::READ)?;
        let value = self.machine.port_read(port, width);
        Ok(Done::Values(u64::from(value), 0))
    }

    pub(super) fn sys_port_write(&mut self, me: ThreadId) -> Result<Done, Error> {
        let (port, width) = self.objects.port(me, Rights::WRITE)?;
        let value = self.objects.half(me, 3);
        self.machine.port_write(port, width, value);
        Ok(Done::NOTHING)
    }

    pub(super) fn sys_port_write_bytes(&mut self, me: ThreadId) -> Result<Done, Error> {
        let id: PortId = self.objects.id(me, 0, Rights::WRITE)?;
        let (offset, len) = (self.objects.argument(me, 1), self.objects.argument(me, 3));
        if offset >= u64::from(self.objects.ports[id].count) || len > PORT_BYTES_MAX {
            return Err(Error::BadArgument);
        }
        let offset = u16::try_from(offset).map_err(|_| Error::BadArgument)?;
        let port = self.objects.ports[id].first + offset;
        let slice = UserSlice::<Readable>::new(self.objects.argument(me, 2), len)?;
        let process = self.objects.own(me);
        self.check_user(process, slice)?;
        self.for_each_byte(process, slice, |machine, byte| {
            machine.port_write(port, PortWidth::Byte, u32::from(byte));
        })?;
        Ok(Done::NOTHING)
    }

    /// Hands a user slice over in small pieces.
    fn for_each_byte(
        &mut self,
        process: crate::object::ProcessId,
        slice: UserSlice<Readable>,
        mut each: impl FnMut(&mut M, u8),
    ) -> Result<(), Error> {
        let mut piece = [0; 64];
        for part in slice.parts(piece.len()) {
            let bytes = &mut piece[..part.len()];
            self.read_user(process, part, bytes)?;
            for byte in bytes {
                each(self.machine, *byte);
            }
        }
        Ok(())
    }
}

impl<M: Machine> Objects<M> {
    /// That argument 0 is the resource.
    pub(super) fn resource(&self, me: ThreadId) -> Result<(), Error> {
        self.id(me, 0, Rights::MANAGE)
    }

    /// That argument 0 is the resource, for devices at least.
    pub(super) fn device_resource(&self, me: ThreadId) -> Result<(), Error> {
        let ((), resource) = self.object(me, 0, Rights::NONE)?;
        let may = resource.rights.intersects(Rights::MANAGE.union(Rights::DEVICE));
        if may { Ok(()) } else { Err(Error::NoRight) }
    }

    /// The port at an offset into the range of argument 0, and the width of argument 2.
    fn port(&self, me: ThreadId, right: Rights) -> Result<(u16, PortWidth), Error> {
        let id: PortId = self.id(me, 0, right)?;
        let (width, bytes) = match self.argument(me, 2) {
            1 => (PortWidth::Byte, 1),
            2 => (PortWidth::Word, 2),
            4 => (PortWidth::Long, 4),
            _ => return Err(Error::BadArgument),
        };
        let range = &self.ports[id];
        let offset = self.argument(me, 1);
        match offset.checked_add(bytes) {
            Some(end) if end <= u64::from(range.count) => {
                let offset = u16::try_from(offset).map_err(|_| Error::BadArgument)?;
                Ok((range.first + offset, width))
            }
            _ => Err(Error::BadArgument),
        }
    }
}
