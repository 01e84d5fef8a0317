//! Handle tables: chunks of slots, each with a generation.
//!
//! Shape: a handle's low 10 bits are the slot, its high 22 bits the slot's generation. Slot 0 is
//! never given out. Free slots form a list through the chunks; a chunk is taken when the first of
//! its slots is needed. A slot whose generations are used up retires; only when the table can
//! not grow are the retired ones used again, the first one first. So a closed handle names
//! nothing else before the table has given out 1,022 times 4,194,304 others. (To refuse handles
//! for ever then would let the clients of a server end it.)

use super::{ChunkId, EndpointId, NotificationId, ObjectRef};
use crate::arena::Arena;
use abi::{Error, Handle, Rights};

/// Slots in one chunk.
pub const CHUNK_HANDLES: usize = 64;
/// Chunks in one table.
pub const TABLE_CHUNKS: usize = 16;

/// What a handle names and allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Entry {
    /// The object.
    pub object: ObjectRef,
    /// What may be done with it.
    pub rights: Rights,
    /// What the other side sees of the sender; 0 is unbadged.
    pub badge: u64,
}

/// An entry, or none, taken apart: so it fits into 32 bytes.
#[derive(Clone, Copy, Debug, Hash, Default)]
struct Slot {
    object: Option<ObjectRef>,
    badge: u64,
    rights: Rights,
    next_free: u16,
    generation: u32,
}

const _: () = assert!(size_of::<Slot>() == 32);
const _: () = assert!(TABLE_CHUNKS * CHUNK_HANDLES == Handle::slots() as usize);

impl Slot {
    #[inline(always)]
    fn entry(&self) -> Option<Entry> {
        let Self { rights, badge, .. } = *self;
        self.object.map(|object| Entry { object, rights, badge })
    }

    fn set(&mut self, entry: Entry) {
        (self.object, self.rights, self.badge) = (Some(entry.object), entry.rights, entry.badge);
    }

    fn take(&mut self) -> Option<Entry> {
        let entry = self.entry();
        self.object = None;
        entry
    }
}

/// 64 slots of a table.
#[derive(Clone, Debug, Hash)]
pub struct Chunk {
    slots: [Slot; CHUNK_HANDLES],
}

impl Default for Chunk {
    fn default() -> Self {
        Self { slots: core::array::from_fn(|_| Slot::default()) }
    }
}

/// All chunks of all tables.
pub type Chunks = Arena<super::ChunkKind, Chunk>;

/// The handles of one process.
#[derive(Clone, Debug, Hash)]
pub struct HandleTable {
    chunks: [Option<ChunkId>; TABLE_CHUNKS],
    free: u16,
    used: u32,
    retired: Option<Retired>,
}

/// The list of the slots whose generations are used up.
#[derive(Clone, Copy, Debug, Hash)]
struct Retired {
    first: u16,
    last: u16,
}

impl Default for HandleTable {
    fn default() -> Self {
        Self::new()
    }
}

/// A handle that was taken out.
#[derive(Clone, Copy, Debug, Hash)]
pub struct Taken(pub Entry);

/// Look-ups for one kind of object, as one comparison each: what a handle with these rights
/// names, and its badge. Of anything else [`HandleTable::get`] tells what is wrong.
macro_rules! finders {
    ($($name:ident: $kind:ident($id:ty)),*) => {
        impl HandleTable {
            $(
                #[expect(missing_docs, reason = "named after what is found")]
                #[inline(always)]
                pub fn $name(
                    &self,
                    chunks: &Chunks,
                    handle: Handle,
                    wanted: Rights,
                ) -> Option<($id, u64)> {
                    match *self.named(chunks, handle)? {
                        Slot { object: Some(ObjectRef::$kind(id)), rights, badge, .. }
                            if rights.contains(wanted) =>
                        {
                            Some((id, badge))
                        }
                        _ => None,
                    }
                }
            )*
        }
    };
}

finders! { endpoint: Endpoint(EndpointId), notification: Notification(NotificationId) }

impl HandleTable {
    /// No handles, no chunks.
    pub const fn new() -> Self {
        Self { chunks: [None; TABLE_CHUNKS], free: 0, used: 0, retired: None }
    }

    /// Handles in use.
    pub fn used(&self) -> u32 {
        self.used
    }

    /// The entry of a handle.
    ///
    /// # Errors
    /// `BadHandle` when it names nothing.
    pub fn get(&self, chunks: &Chunks, handle: Handle) -> Result<Entry, Error> {
        self.named(chunks, handle).and_then(Slot::entry).ok_or(Error::BadHandle)
    }

    /// The slot of a handle, if it is still that handle's.
    #[inline(always)]
    fn named<'a>(&self, chunks: &'a Chunks, handle: Handle) -> Option<&'a Slot> {
        self.slot(chunks, handle.slot()).filter(|slot| slot.generation == handle.generation())
    }

    /// The first handle in these slots, and what it names.
    pub fn next(&self, chunks: &Chunks, slots: core::ops::Range<u16>) -> Option<(Handle, Entry)> {
        slots.into_iter().find_map(|number| {
            let slot = self.slot(chunks, number)?;
            Some((Handle::new(number, slot.generation), slot.entry()?))
        })
    }

    /// Makes sure that `count` more handles fit.
    ///
    /// # Errors
    /// `HandlesFull` when the table is full, `OutOfMemory` when there are no chunks left.
    pub fn reserve(&mut self, chunks: &mut Chunks, count: usize) -> Result<(), Error> {
        while self.room(chunks) < count {
            self.add_free(chunks)?;
        }
        Ok(())
    }

    /// Puts an entry in.
    ///
    /// # Errors
    /// As [`HandleTable::reserve`].
    pub fn insert(&mut self, chunks: &mut Chunks, entry: Entry) -> Result<Handle, Error> {
        if self.free == 0 {
            self.add_free(chunks)?;
        }
        let number = self.free;
        let slot = self.slot_mut(chunks, number).ok_or(Error::HandlesFull)?;
        let next = slot.next_free;
        slot.set(entry);
        let handle = Handle::new(number, slot.generation);
        self.free = next;
        self.used += 1;
        Ok(handle)
    }

    /// Takes an entry out.
    ///
    /// # Errors
    /// `BadHandle` when it names nothing.
    pub fn remove(&mut self, chunks: &mut Chunks, handle: Handle) -> Result<Taken, Error> {
        self.get(chunks, handle)?;
        let (number, free) = (handle.slot(), self.free);
        let slot = self.slot_mut(chunks, number).ok_or(Error::BadHandle)?;
        let entry = slot.take().ok_or(Error::BadHandle)?;
        slot.generation += 1;
        if slot.generation == Handle::GENERATIONS {
            (slot.generation, slot.next_free) = (0, 0);
            self.retire(chunks, number);
        } else {
            slot.next_free = free;
            self.free = number;
        }
        self.used -= 1;
        Ok(Taken(entry))
    }

    /// Puts a slot behind the last of the retired.
    #[cold]
    fn retire(&mut self, chunks: &mut Chunks, number: u16) {
        let retired = self.retired.get_or_insert(Retired { first: number, last: number });
        let last = core::mem::replace(&mut retired.last, number);
        if last != number
            && let Some(slot) = self.slot_mut(chunks, last)
        {
            slot.next_free = number;
        }
    }

    /// Free slots: of a new chunk, or else the retired ones.
    fn add_free(&mut self, chunks: &mut Chunks) -> Result<(), Error> {
        match self.grow(chunks) {
            Err(Error::HandlesFull) => self.recall(chunks),
            grown => grown,
        }
    }

    #[cold]
    fn recall(&mut self, chunks: &mut Chunks) -> Result<(), Error> {
        let Retired { first, last } = self.retired.take().ok_or(Error::HandlesFull)?;
        let free = self.free;
        self.slot_mut(chunks, last).ok_or(Error::HandlesFull)?.next_free = free;
        self.free = first;
        Ok(())
    }

    /// Takes out any entry of the last chunk, or the chunk itself when it has none: how a
    /// dead process's table is emptied piece by piece. `None` when the table is gone.
    pub fn drain(&mut self, chunks: &mut Chunks) -> Option<Option<Taken>> {
        let place = self.chunks.iter().rposition(Option::is_some)?;
        let id = self.chunks[place]?;
        let found = chunks[id].slots.iter_mut().find_map(Slot::take);
        match found {
            Some(entry) => {
                self.used -= 1;
                Some(Some(Taken(entry)))
            }
            None => {
                chunks.discard(id);
                self.chunks[place] = None;
                Some(None)
            }
        }
    }

    fn room(&self, chunks: &Chunks) -> usize {
        let mut count = 0;
        let mut number = self.free;
        while number != 0 && count < abi::MESSAGE_HANDLES {
            count += 1;
            number = self.slot(chunks, number).map_or(0, |slot| slot.next_free);
        }
        count
    }

    fn grow(&mut self, chunks: &mut Chunks) -> Result<(), Error> {
        let place = self.chunks.iter().position(Option::is_none).ok_or(Error::HandlesFull)?;
        let first = place * CHUNK_HANDLES;
        let skip = usize::from(first == 0);
        let slots = core::array::from_fn(|index| {
            let last = index + 1 == CHUNK_HANDLES;
            let next = if last { usize::from(self.free) } else { first + index + 1 };
            let next_free = u16::try_from(next).unwrap_or(0);
            Slot { object: None, badge: 0, rights: Rights::NONE, generation: 0, next_free }
        });
        let id = chunks.insert(Chunk { slots }).map_err(|_| Error::OutOfMemory)?;
        self.chunks[place] = Some(id);
        self.free = u16::try_from(first + skip).map_err(|_| Error::HandlesFull)?;
        Ok(())
    }

    #[inline(always)]
    fn slot<'a>(&self, chunks: &'a Chunks, number: u16) -> Option<&'a Slot> {
        let (chunk, index) = place(number);
        Some(&chunks.get((*self.chunks.get(chunk)?)?)?.slots[index])
    }

    fn slot_mut<'a>(&self, chunks: &'a mut Chunks, number: u16) -> Option<&'a mut Slot> {
        let (chunk, index) = place(number);
        Some(&mut chunks.get_mut((*self.chunks.get(chunk)?)?)?.slots[index])
    }
}

/// A slot's chunk and its place in there.
fn place(number: u16) -> (usize, usize) {
    let number = usize::from(number);
    (number / CHUNK_HANDLES, number % CHUNK_HANDLES)
}

#[cfg(test)]
mod tests {
    use super::{CHUNK_HANDLES, Chunks, Entry, HandleTable, TABLE_CHUNKS};
    use crate::arena::{Arena, Slot};
    use crate::object::ObjectRef;
    use abi::{Error, Handle, Rights};

    fn chunks(len: usize) -> Chunks {
        Arena::new((0..len).map(Slot::empty).collect())
    }

    const ENTRY: Entry = Entry { object: ObjectRef::Resource, rights: Rights::ALL, badge: 0 };

    #[test]
    fn handle_zero_and_wild_ones_name_nothing() {
        let mut chunks = chunks(2);
        let mut table = HandleTable::new();
        assert_eq!(table.get(&chunks, Handle(0)), Err(Error::BadHandle));
        let handle = table.insert(&mut chunks, ENTRY).unwrap();
        assert_ne!(handle, Handle(0));
        for wild in [0, 2, 63, 64, 65, 0xffff, 0x1_0001, u32::MAX] {
            assert_eq!(table.get(&chunks, Handle(wild)), Err(Error::BadHandle));
        }
    }

    #[test]
    fn a_closed_handle_does_not_name_its_successor() {
        let mut chunks = chunks(1);
        let mut table = HandleTable::new();
        let old = table.insert(&mut chunks, ENTRY).unwrap();
        table.remove(&mut chunks, old).unwrap();
        let new = table.insert(&mut chunks, ENTRY).unwrap();
        assert_ne!(old, new);
        assert_eq!(table.get(&chunks, old), Err(Error::BadHandle));
        assert!(table.remove(&mut chunks, old).is_err());
        assert_eq!(table.get(&chunks, new), Ok(ENTRY));
    }

    /// The slot of this handle has had all generations but one.
    fn last_generation(table: &HandleTable, chunks: &mut Chunks, handle: Handle) -> Handle {
        let generation = Handle::GENERATIONS - 1;
        table.slot_mut(chunks, handle.slot()).unwrap().generation = generation;
        Handle::new(handle.slot(), generation)
    }

    #[test]
    fn a_slot_whose_generations_are_used_up_retires() {
        let mut chunks = chunks(2);
        let mut table = HandleTable::new();
        let early = table.insert(&mut chunks, ENTRY).unwrap();
        let last = last_generation(&table, &mut chunks, early);
        table.remove(&mut chunks, last).unwrap();
        let mut others = Vec::new();
        while let Ok(other) = table.insert(&mut chunks, ENTRY) {
            assert_ne!(other.slot(), last.slot());
            others.push(other);
        }
        assert_eq!(others.len(), 2 * CHUNK_HANDLES - 2);
        for stale in [early, last] {
            assert_eq!(table.get(&chunks, stale), Err(Error::BadHandle));
        }
    }

    #[test]
    fn a_full_table_uses_its_retired_slots_again_the_first_one_first() {
        let mut chunks = chunks(TABLE_CHUNKS);
        let mut table = HandleTable::new();
        let all: Vec<Handle> =
            std::iter::from_fn(|| table.insert(&mut chunks, ENTRY).ok()).collect();
        assert_eq!(all.len(), TABLE_CHUNKS * CHUNK_HANDLES - 1);
        for early in &all[2..5] {
            let last = last_generation(&table, &mut chunks, *early);
            table.remove(&mut chunks, last).unwrap();
        }
        assert_eq!(table.reserve(&mut chunks, 3), Ok(()));
        for early in &all[2..5] {
            assert_eq!(table.insert(&mut chunks, ENTRY), Ok(*early));
        }
        assert_eq!(table.insert(&mut chunks, ENTRY), Err(Error::HandlesFull));
    }

    #[test]
    fn full_is_an_error_and_drain_gives_all_back() {
        let mut chunks = chunks(2);
        let mut table = HandleTable::new();
        let mut count = 0;
        while table.insert(&mut chunks, ENTRY).is_ok() {
            count += 1;
        }
        assert_eq!(count, 2 * CHUNK_HANDLES - 1);
        assert_eq!(table.reserve(&mut chunks, 1), Err(Error::OutOfMemory));
        let mut taken = 0;
        while let Some(step) = table.drain(&mut chunks) {
            taken += usize::from(step.is_some());
        }
        assert_eq!((taken, table.used(), chunks.len()), (count, 0, 0));
    }
}
