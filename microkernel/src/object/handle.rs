//! Handle tables: chunks of slots, each with a generation.
//!
//! Shape: a handle's low 16 bits are the slot, its high 16 bits the slot's generation, so a
//! closed handle never names what came after it. Slot 0 is never given out. Free slots form
//! a list through the chunks; a chunk is taken when the first of its slots is needed.

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
    generation: u16,
    next_free: u16,
}

const _: () = assert!(size_of::<Slot>() == 32);

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
        Self { chunks: [None; TABLE_CHUNKS], free: 0, used: 0 }
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
        let (number, generation) = parts(handle);
        self.slot(chunks, number).filter(|slot| slot.generation == generation)
    }

    /// The first handle from this slot on, and what it names.
    pub fn next(&self, chunks: &Chunks, first: u16) -> Option<(Handle, Entry)> {
        let end = u16::try_from(TABLE_CHUNKS * CHUNK_HANDLES).unwrap_or(u16::MAX);
        (first..end).find_map(|number| {
            let slot = self.slot(chunks, number)?;
            Some((Handle(u32::from(number) | u32::from(slot.generation) << 16), slot.entry()?))
        })
    }

    /// Makes sure that `count` more handles fit.
    ///
    /// # Errors
    /// `HandlesFull` when the table is full, `OutOfMemory` when there are no chunks left.
    pub fn reserve(&mut self, chunks: &mut Chunks, count: usize) -> Result<(), Error> {
        while self.room(chunks) < count {
            self.grow(chunks)?;
        }
        Ok(())
    }

    /// Puts an entry in.
    ///
    /// # Errors
    /// As [`HandleTable::reserve`].
    pub fn insert(&mut self, chunks: &mut Chunks, entry: Entry) -> Result<Handle, Error> {
        if self.free == 0 {
            self.grow(chunks)?;
        }
        let number = self.free;
        let slot = self.slot_mut(chunks, number).ok_or(Error::HandlesFull)?;
        let next = slot.next_free;
        slot.set(entry);
        let handle = Handle(u32::from(number) | u32::from(slot.generation) << 16);
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
        let (number, _) = parts(handle);
        let free = self.free;
        let slot = self.slot_mut(chunks, number).ok_or(Error::BadHandle)?;
        let entry = slot.take().ok_or(Error::BadHandle)?;
        slot.generation = slot.generation.wrapping_add(1);
        slot.next_free = free;
        self.free = number;
        self.used -= 1;
        Ok(Taken(entry))
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
        while number != 0 && count < abi::GIFTS {
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
            Slot { object: None, badge: 0, rights: Rights(0), generation: 0, next_free }
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

fn parts(handle: Handle) -> (u16, u16) {
    let [a, b, c, d] = handle.0.to_le_bytes();
    (u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d]))
}

/// A slot's chunk and its place in there.
fn place(number: u16) -> (usize, usize) {
    let number = usize::from(number);
    (number / CHUNK_HANDLES, number % CHUNK_HANDLES)
}

#[cfg(test)]
mod tests {
    use super::{CHUNK_HANDLES, Chunks, Entry, HandleTable};
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
