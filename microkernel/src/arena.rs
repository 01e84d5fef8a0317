//! Typed arenas: where every kernel object lives.
//!
//! Shape: a slice of slots that only ever gets longer, by a frame at a time
//! (see [`crate::Machine::extend`]). A slot counts generations: the odd ones are those of
//! objects, and ids carry them, so an id of a dead object finds neither what is left of it nor
//! its successor, and to find a living one is one comparison. An object never moves.
//! Errors: `insert` gives the value back when the arena is full.

use crate::number;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::marker::PhantomData;
use core::num::NonZeroU64;
use core::ops::{Index, IndexMut};

/// Memory that is handed over once, at boot, and never grows. On the host it is owned, so that
/// a whole kernel can be cloned and dropped.
#[cfg(not(any(test, feature = "hosted")))]
pub type Fixed<T> = &'static mut [T];
/// Memory that is handed over once and never grows.
#[cfg(any(test, feature = "hosted"))]
pub type Fixed<T> = Box<[T]>;

/// A slice from [`crate::Machine::reserve`], which [`crate::Machine::extend`] makes longer.
#[cfg(not(any(test, feature = "hosted")))]
pub type Growing<T> = &'static mut [T];
/// A slice that the machine makes longer.
#[cfg(any(test, feature = "hosted"))]
pub type Growing<T> = Vec<T>;

/// Names one object of the kind `K`. Stale once that object is removed.
///
/// Shape: the slot's number in the low half, its generation, odd, in the high one: so an
/// id, or none, is one register.
pub struct Id<K> {
    key: NonZeroU64,
    kind: PhantomData<fn() -> K>,
}

impl<K> Id<K> {
    /// The id of what lives in the slot with this key.
    fn new(key: u64) -> Self {
        // NOFAIL: the generation of a living object is odd.
        Self { key: NonZeroU64::new(key).unwrap_or(NonZeroU64::MAX), kind: PhantomData }
    }

    /// The slot's number, below the arena's capacity.
    pub const fn index(self) -> usize {
        self.number() as usize
    }

    /// The slot's number and its generation: no other object of this kind has both.
    pub const fn parts(self) -> (u32, u32) {
        (self.number(), number::high32(self.key.get()))
    }

    /// The slot's number as it travels in a reply token.
    pub const fn number(self) -> u32 {
        number::low32(self.key.get())
    }
}

impl<K> Clone for Id<K> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<K> Copy for Id<K> {}
/// Names nothing: the default of slots that were never used.
impl<K> Default for Id<K> {
    fn default() -> Self {
        Self { key: NonZeroU64::MAX, kind: PhantomData }
    }
}
impl<K> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}
impl<K> Eq for Id<K> {}
impl<K> Hash for Id<K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}
impl<K> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (index, generation) = self.parts();
        write!(f, "#{index}.{generation}")
    }
}

const NONE: u32 = u32::MAX;

/// One place of an arena.
#[derive(Clone, Debug)]
pub struct Slot<T> {
    /// The slot's number and generation: the id of what lives here, if the generation is odd.
    key: u64,
    next_free: u32,
    /// What lives here, or what is left of what did.
    value: T,
}

/// One generation in a key.
const GENERATION: u64 = 1 << 32;

impl<T> Slot<T> {
    /// An unused slot with this number; what a longer arena is filled with.
    pub fn empty(index: usize) -> Self
    where
        T: Default,
    {
        Self { key: u64::from(number::short(index)), next_free: NONE, value: T::default() }
    }

    /// Whether something lives in it.
    #[inline(always)]
    fn lives(&self) -> bool {
        self.key & GENERATION != 0
    }

    /// What lives in it, if it is this object.
    #[inline(always)]
    fn living<K>(&mut self, id: Id<K>) -> Option<&mut T> {
        if self.key == id.key.get() { Some(&mut self.value) } else { None }
    }

    /// The generation is over.
    fn renew(&mut self) {
        self.key = self.key.wrapping_add(GENERATION);
    }

    /// Whether the last generation is over: ids of the first one would name the next object.
    fn is_used_up(&self) -> bool {
        self.key < GENERATION
    }
}

/// Objects of one type, addressed by [`Id`].
#[derive(Debug)]
pub struct Arena<K, T: 'static> {
    slots: Growing<Slot<T>>,
    free: u32,
    fresh: u32,
    len: usize,
    kind: PhantomData<fn() -> K>,
}

impl<K, T> Arena<K, T> {
    /// An empty arena over slots made by [`Slot::empty`].
    pub fn new(slots: Growing<Slot<T>>) -> Self {
        Self { slots, free: NONE, fresh: 0, len: 0, kind: PhantomData }
    }

    /// The number of living objects.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether it has no living object.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether one more fits.
    pub fn has_room(&self) -> bool {
        self.free != NONE || (self.fresh as usize) < self.slots.len()
    }

    /// The number of objects that fit.
    pub(crate) fn capacity(&self) -> usize {
        self.slots.len()
    }

    /// Its slots, to be made more.
    pub(crate) fn slots_mut(&mut self) -> &mut Growing<Slot<T>> {
        &mut self.slots
    }

    /// Puts an object in.
    ///
    /// # Errors
    /// The value comes back when the arena is full.
    pub fn insert(&mut self, value: T) -> Result<Id<K>, T> {
        let index = match self.free {
            NONE => self.fresh,
            index => index,
        };
        let Some(slot) = self.slots.get_mut(index as usize) else { return Err(value) };
        if self.free == index {
            self.free = slot.next_free;
        } else {
            self.fresh += 1;
        }
        slot.value = value;
        slot.renew();
        self.len += 1;
        Ok(Id::new(slot.key))
    }

    /// Takes an object out; its id is stale from then on.
    pub fn remove(&mut self, id: Id<K>) -> Option<T>
    where
        T: Copy,
    {
        let value = *self.get(id)?;
        self.discard(id);
        Some(value)
    }

    /// The slot that the next object gets, and what is left there of the last one.
    pub fn next_place(&mut self) -> Option<(usize, &mut T)> {
        let index = if self.free == NONE { self.fresh } else { self.free } as usize;
        self.slots.get_mut(index).map(|slot| (index, &mut slot.value))
    }

    /// What lies in a slot in which no object was yet.
    pub(crate) fn unused(&mut self, index: usize) -> Option<&mut T> {
        let slot = self.slots.get_mut(index)?;
        (slot.key < GENERATION).then_some(&mut slot.value)
    }

    /// Ends an object, if it still lives; its id is stale from then on. A slot whose
    /// 2,147,483,648 ids are used up stays empty.
    pub fn discard(&mut self, id: Id<K>) {
        let Some(slot) = self.slots.get_mut(id.index()) else { return };
        if slot.key == id.key.get() {
            slot.renew();
            self.len -= 1;
            if !slot.is_used_up() {
                slot.next_free = self.free;
                self.free = id.number();
            }
        }
    }

    /// The slot of an object has had all generations but this one.
    #[cfg(test)]
    pub(crate) fn last_generation(&mut self, id: Id<K>) -> Id<K> {
        let slot = &mut self.slots[id.index()];
        slot.key |= u64::MAX << 32;
        Id::new(slot.key)
    }

    /// The object, if it still lives.
    #[inline]
    pub fn get(&self, id: Id<K>) -> Option<&T> {
        let slot = self.slots.get(id.index())?;
        if slot.key == id.key.get() { Some(&slot.value) } else { None }
    }

    /// The object, if it still lives.
    #[inline]
    pub fn get_mut(&mut self, id: Id<K>) -> Option<&mut T> {
        self.slots.get_mut(id.index())?.living(id)
    }

    /// Two objects that are not the same one.
    ///
    /// # Panics
    /// When one of them does not live, or they are the same.
    #[inline(always)]
    pub fn pair_mut(&mut self, first: Id<K>, second: Id<K>) -> (&mut T, &mut T) {
        // NOFAIL: as in `index`; and no thread sends a message to itself.
        let Ok([one, other]) = self.slots.get_disjoint_mut([first.index(), second.index()]) else {
            stale(first)
        };
        match (one.living(first), other.living(second)) {
            (Some(one), Some(other)) => (one, other),
            _ => stale(first),
        }
    }

    /// Returns an object and another one that lives in this slot, with its id. The slot may be
    /// a program's choice: the object there has its own number.
    #[inline(always)]
    pub fn pair_at(&mut self, first: Id<K>, index: usize) -> Option<(&mut T, Id<K>, &mut T)> {
        let index = number::masked(index, self.slots.len());
        let [one, other] = self.slots.get_disjoint_mut([first.index(), index]).ok()?;
        let id = other.lives().then(|| Id::new(other.key))?;
        Some((one.living(first)?, id, &mut other.value))
    }

    /// Returns the object that lives in this slot now, and its id. The slot may be a program's
    /// choice, as for [`Arena::pair_at`].
    #[inline]
    pub fn at(&self, index: usize) -> Option<(Id<K>, &T)> {
        let slot = self.slots.get(number::masked(index, self.slots.len()))?;
        slot.lives().then(|| (Id::new(slot.key), &slot.value))
    }

    /// Returns the id of the object that lives in this slot now.
    pub fn id_at(&self, index: usize) -> Option<Id<K>> {
        self.at(index).map(|(id, _)| id)
    }

    /// The first slot in which nothing has ever lived.
    pub fn end(&self) -> usize {
        self.fresh as usize
    }

    /// All ids, by slot.
    pub fn ids(&self) -> impl Iterator<Item = Id<K>> + Clone + '_ {
        (0..self.fresh as usize).filter_map(|index| self.id_at(index))
    }
}

impl<K, T> Index<Id<K>> for Arena<K, T> {
    type Output = T;
    #[inline]
    fn index(&self, id: Id<K>) -> &T {
        // NOFAIL: only ids kept inside living objects are looked up this way, and an object
        // is unlinked everywhere before it is removed (checked by the model test).
        match self.get(id) {
            Some(value) => value,
            None => stale(id),
        }
    }
}

impl<K, T> IndexMut<Id<K>> for Arena<K, T> {
    #[inline]
    fn index_mut(&mut self, id: Id<K>) -> &mut T {
        // NOFAIL: as in `index`.
        match self.get_mut(id) {
            Some(value) => value,
            None => stale(id),
        }
    }
}

/// What makes two arenas behave alike: no slot beyond those that were ever used.
impl<K, T: Hash> Hash for Arena<K, T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.free.hash(state);
        for slot in &self.slots[..self.fresh as usize] {
            slot.key.hash(state);
            if slot.lives() {
                slot.value.hash(state);
            } else {
                slot.next_free.hash(state);
            }
        }
    }
}

#[cfg(any(test, feature = "hosted"))]
impl<K, T: Clone> Clone for Arena<K, T> {
    fn clone(&self) -> Self {
        Self { slots: self.slots.clone(), ..*self }
    }
}

/// Out of line, so that a look-up is a handful of instructions.
#[cold]
fn stale<K>(id: Id<K>) -> ! {
    panic!("stale id {id:?}")
}

#[cfg(test)]
mod tests {
    use super::{Arena, Slot};

    enum Kind {}

    fn arena(len: usize) -> Arena<Kind, u32> {
        Arena::new((0..len).map(Slot::empty).collect())
    }

    #[test]
    fn a_stale_id_finds_nothing_not_the_successor() {
        let mut arena = arena(1);
        let first = arena.insert(1).unwrap();
        assert_eq!(arena.remove(first), Some(1));
        let second = arena.insert(2).unwrap();
        assert_eq!(first.index(), second.index());
        assert_eq!(arena.get(first), None);
        assert_eq!(arena.remove(first), None);
        assert_eq!(arena[second], 2);
    }

    #[test]
    fn a_slot_whose_ids_are_used_up_is_not_used_again() {
        let mut arena = arena(2);
        let early = arena.insert(1).unwrap();
        let last = arena.last_generation(early);
        assert_eq!(arena.remove(last), Some(1));
        let next = arena.insert(2).unwrap();
        assert_ne!(next.index(), last.index());
        assert!(!arena.has_room());
        assert_eq!(arena.insert(3), Err(3));
        assert_eq!((arena.get(early), arena.get(last), arena.len()), (None, None, 1));
        assert!(arena.ids().eq([next]));
        arena.remove(next);
        assert!(arena.insert(4).is_ok());
    }

    #[test]
    fn a_full_arena_gives_the_value_back() {
        let mut arena = arena(2);
        let id = arena.insert(1).unwrap();
        arena.insert(2).unwrap();
        assert_eq!(arena.insert(3), Err(3));
        arena.remove(id);
        assert!(arena.insert(3).is_ok());
        assert_eq!(arena.len(), 2);
    }
}
