//! Calls by which a manager looks at what a process holds: its memory, its handles.

use super::Done;
use crate::machine::{Access, Machine, Phys};
use crate::mem::{Memory, Readable, UserSlice, Writable, room_in_page};
use crate::number;
use crate::object::{Entry, Life, ObjectRef, Objects, ProcessId, Storage, ThreadId};
use abi::{Error, Handle, HandleRecord, PAGE_SIZE, Rights};
use zerocopy::IntoBytes;

/// Records that one call copies.
const RECORDS_PER_CALL: u64 = 32;
/// Slots of a handle table that one call looks at.
const HANDLE_SLOTS_PER_CALL: u16 = 256;
/// Slots of the table of processes that one call looks at.
const SLOTS_PER_CALL: usize = 64;
const RECORD_LEN: u64 = size_of::<HandleRecord>() as u64;

impl<M: Machine> Memory<'_, M> {
    pub(super) fn sys_process_memory(&mut self, me: ThreadId) -> Result<Done, Error> {
        let process = self.objects.inspected(me)?;
        let (at, buffer, len) = (
            self.objects.argument(me, 1),
            self.objects.argument(me, 2),
            self.objects.argument(me, 3),
        );
        if len > PAGE_SIZE {
            return Err(Error::TooLong);
        }
        UserSlice::<Readable>::new(at, len)?;
        match self.objects.argument(me, 4) {
            0 => self.inspect(me, (process, at), buffer, len),
            1 => self.alter(me, (process, at), buffer, len),
            _ => Err(Error::BadArgument),
        }
    }

    /// The next process of the machine, so that all that runs can be seen and ended.
    pub(super) fn sys_process_find(&mut self, me: ThreadId) -> Result<Done, Error> {
        self.objects.resource(me)?;
        let own = self.objects.own(me);
        let first =
            usize::try_from(self.objects.argument(me, 1)).map_err(|_| Error::BadArgument)?;
        let end = self.objects.processes.end();
        let last = first.saturating_add(SLOTS_PER_CALL).min(end);
        let lives = |slot: usize| {
            let (id, process) = self.objects.processes.at(slot)?;
            (id != own && process.life == Life::Alive).then_some((slot, id))
        };
        let found = (first..last).find_map(lives);
        let next = found.map_or(last, |(slot, _)| slot + 1);
        let next = if next < end { next as u64 } else { 0 };
        let Some((_, id)) = found else { return Ok(Done::Values(0, next)) };
        let handle = self.grant(own, ObjectRef::Process(id), Rights::ALL, 0)?;
        Ok(Done::Values(u64::from(handle.0), next))
    }

    pub(super) fn sys_process_handles(&mut self, me: ThreadId) -> Result<Done, Error> {
        let process = self.objects.inspected(me)?;
        let own = self.objects.own(me);
        let room = self.objects.argument(me, 3).min(RECORDS_PER_CALL);
        let mut slot =
            u16::try_from(self.objects.argument(me, 1)).map_err(|_| Error::BadArgument)?;
        let last = slot.saturating_add(HANDLE_SLOTS_PER_CALL);
        let into = UserSlice::<Writable>::new(self.objects.argument(me, 2), room * RECORD_LEN)?;
        self.check_user(own, into)?;
        let mut count = 0;
        for place in into.parts(number::size(RECORD_LEN)) {
            let table = &self.objects.processes[process].handles;
            let Some((handle, entry)) = table.next(&self.objects.chunks, slot..last) else {
                let more = u32::from(last) < Handle::slots();
                return Ok(Done::Values(count, if more { last.into() } else { 0 }));
            };
            self.write_user(own, place, record(handle, entry).as_bytes())?;
            count += 1;
            slot = handle.slot() + 1;
        }
        Ok(Done::Values(count, u64::from(slot)))
    }

    /// Copies from the process into the caller's buffer.
    fn inspect(
        &mut self,
        me: ThreadId,
        (process, mut at): (ProcessId, u64),
        mut buffer: u64,
        mut left: u64,
    ) -> Result<Done, Error> {
        let own = self.objects.own(me);
        self.check_user(own, UserSlice::<Writable>::new(buffer, left)?)?;
        while left > 0 {
            let (from, piece) = (self.page_of(process, at, Rights::READ)?, piece(at, buffer, left));
            let to = self.place(own, buffer, Access::Write)?;
            self.machine.copy(from, to, number::size(piece));
            (at, buffer, left) = (at + piece, buffer + piece, left - piece);
        }
        Ok(Done::NOTHING)
    }

    /// Copies from the caller's buffer into the process, all or nothing.
    fn alter(
        &mut self,
        me: ThreadId,
        (process, at): (ProcessId, u64),
        buffer: u64,
        len: u64,
    ) -> Result<Done, Error> {
        let own = self.objects.own(me);
        self.check_user(own, UserSlice::<Readable>::new(buffer, len)?)?;
        // No longer than a page: it lies in two pages at most.
        for byte in [0, len.saturating_sub(1)].into_iter().take_while(|byte| *byte < len) {
            self.page_of(process, at + byte, Rights::WRITE)?;
        }
        let mut done = 0;
        while done < len {
            let piece = piece(at + done, buffer + done, len - done);
            let from = self.place(own, buffer + done, Access::Read)?;
            let to = self.page_of(process, at + done, Rights::WRITE)?;
            self.machine.copy(from, to, number::size(piece));
            done += piece;
        }
        Ok(Done::NOTHING)
    }

    /// Where a byte of a process lies, if its memory was mapped with these rights.
    fn page_of(&self, process: ProcessId, at: u64, rights: Rights) -> Result<Phys, Error> {
        let region = self.objects.first_region_in(process, at, at + 1).ok_or(Error::BadAddress)?;
        let region = &self.objects.regions[region];
        if region.busy {
            return Err(Error::BadState);
        }
        let plain = matches!(self.objects.memories[region.memory].storage, Storage::Frames(_));
        if !plain || !region.limit.contains(rights) {
            return Err(Error::NoRight);
        }
        self.place(process, at, Access::Read)
    }
}

impl<M: Machine> Objects<M> {
    /// A living process that is not the caller's own.
    fn inspected(&self, me: ThreadId) -> Result<ProcessId, Error> {
        let process = self.other_process(me, 0)?;
        self.living(process)?;
        Ok(process)
    }
}

fn record(handle: Handle, entry: Entry) -> HandleRecord {
    HandleRecord {
        handle: handle.0,
        kind: entry.object.kind() as u32,
        rights: entry.rights.bits().into(),
        reserved: 0,
        badge: entry.badge,
        object: entry.object.number(),
    }
}

/// How much can be copied before one of the two pages ends.
fn piece(at: u64, buffer: u64, left: u64) -> u64 {
    left.min(room_in_page(at) as u64).min(room_in_page(buffer) as u64)
}
