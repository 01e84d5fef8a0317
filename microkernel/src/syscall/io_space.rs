//! Calls on I/O spaces.

use super::Done;
use crate::kernel::Kernel;
use crate::machine::{Frame, Machine};
use crate::mem::Memory;
use crate::object::{IoMapping, IoSpace, IoSpaceId, ObjectRef, ThreadId};
use abi::{Direction, Error, IO_SPACES, IoSpaceFlags, Rights};

impl<M: Machine> Kernel<M> {
    pub(super) fn sys_io_space_create(&mut self, me: ThreadId) -> Result<Done, Error> {
        self.objects.device_resource(me)?;
        let function =
            u16::try_from(self.objects.argument(me, 1)).map_err(|_| Error::BadArgument)?;
        let limit = u32::try_from(self.objects.argument(me, 2)).map_err(|_| Error::BadArgument)?;
        let flags =
            IoSpaceFlags::from_bits(self.objects.argument(me, 3)).ok_or(Error::BadArgument)?;
        if limit == 0 {
            return Err(Error::BadArgument);
        }
        // No IOMMU is in use.
        if !flags.contains(IoSpaceFlags::TRUSTED) {
            return Err(Error::NoRight);
        }
        if let Some(id) = self.objects.io_spaces.of_function(function) {
            return self.memory().adopt_io_space(me, id);
        }
        if self.objects.io_spaces.len() >= IO_SPACES {
            return Err(Error::OutOfMemory);
        }
        self.memory().ensure_capacity(|objects| &mut objects.io_spaces)?;
        let quota = self.objects.pay_for_object(me)?;
        let made = self.objects.io_spaces.insert(IoSpace::new(function, limit, quota));
        self.grant_new(me, made.map(ObjectRef::IoSpace))
    }

    pub(super) fn sys_io_unmap(&mut self, me: ThreadId) -> Result<Done, Error> {
        let id: IoSpaceId = self.objects.id(me, 0, Rights::WRITE)?;
        let (address, pages) = (self.objects.argument(me, 1), self.objects.argument(me, 2));
        let space = &mut self.objects.io_spaces[id];
        if space.ended {
            return Err(Error::BadState);
        }
        let mapping = space.take(|mapping| mapping.is_at(address, pages)).ok_or(Error::Overlap)?;
        Ok(self.finish_mapping(me, &mapping, 0))
    }

    pub(super) fn sys_io_space_clear(&mut self, me: ThreadId) -> Result<Done, Error> {
        let id: IoSpaceId = self.objects.id(me, 0, Rights::MANAGE)?;
        let space = &mut self.objects.io_spaces[id];
        space.ended = true;
        let Some(mapping) = space.take(|_| true) else { return Ok(Done::NOTHING) };
        let left = space.count.into();
        Ok(self.finish_mapping(me, &mapping, left))
    }

    /// Ends a mapping, at once or in pieces; then the caller has this value.
    fn finish_mapping(&mut self, me: ThreadId, mapping: &IoMapping, value: u64) -> Done {
        let Some(operation) = self.memory().end_mapping(mapping) else {
            return Done::Values(value, 0);
        };
        self.objects.threads[me].frame.set_values(value, 0);
        self.start_operation(me, operation);
        Done::Elsewhere
    }
}

impl<M: Machine> Memory<'_, M> {
    pub(super) fn sys_io_map(&mut self, me: ThreadId) -> Result<Done, Error> {
        let space = self.objects.id(me, 0, Rights::WRITE)?;
        let (memory, rights) = self.objects.memory_argument(me, 1)?;
        let direction =
            Direction::from_number(self.objects.argument(me, 4)).ok_or(Error::BadArgument)?;
        if !rights.contains(rights_for(direction)) {
            return Err(Error::NoRight);
        }
        let (first, pages) = (self.objects.argument(me, 2), self.objects.argument(me, 3));
        let mapping = self.io_map(space, memory, first, pages)?;
        Ok(Done::Values(mapping.address, mapping.pages.into()))
    }

    /// Gives the caller a handle to a space whose mappings nothing can clear.
    fn adopt_io_space(&mut self, me: ThreadId, id: IoSpaceId) -> Result<Done, Error> {
        let IoSpace { managers, count, .. } = self.objects.io_spaces[id];
        if managers > 0 {
            return Err(Error::BadState);
        }
        let handle = self.grant(self.objects.own(me), ObjectRef::IoSpace(id), Rights::ALL, 0)?;
        Ok(Done::Values(u64::from(handle.0), u64::from(count)))
    }
}

/// The rights that a memory handle needs for a device to use it so.
fn rights_for(direction: Direction) -> Rights {
    match direction {
        Direction::ToDevice => Rights::READ,
        Direction::FromDevice => Rights::WRITE,
        Direction::Both => Rights::READ.union(Rights::WRITE),
    }
}
