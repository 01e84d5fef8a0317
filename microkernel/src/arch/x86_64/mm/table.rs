//! Walking and changing page tables.
//!
//! Shape: four levels, 3 at the root, 0 with the 4 KiB pages; a leaf at level 1 is a 2 MiB
//! page, one at level 2 (kernel only) a 1 GiB page. Tables are read and written through
//! the physmap.

use super::entry::Entry;
use super::physmap;
use crate::arch::x86_64::index;
use core_kernel::machine::{Access, Entries, Mapped, NoFrame, PageSize, Phys};
use x86_64::registers::control::Cr3;

/// Entries in a table.
pub(crate) const ENTRIES: usize = 512;
/// The first entry of the root that is the kernel's.
pub(crate) const KERNEL_HALF: usize = 256;
/// Entries that are looked at together in a search.
const AT_ONCE: usize = 8;
/// The level of the root.
pub(crate) const ROOT_LEVEL: u32 = 3;

/// A frame that is in use as a page table.
///
/// Invariant: it is RAM in the physmap, zeroed before use, and only this module reads or
/// writes it while it is a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Table(Phys);

/// A leaf and where it was found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Leaf {
    /// The table that holds it.
    pub(crate) table: Table,
    /// Its place there.
    pub(crate) slot: usize,
    /// Its level.
    pub(crate) level: u32,
    /// It.
    pub(crate) entry: Entry,
}

impl Leaf {
    /// Changes it.
    ///
    /// # Safety
    /// As for [`Table::set`].
    pub(crate) unsafe fn set(self, entry: Entry) {
        // SAFETY: the caller's promise.
        unsafe { self.table.set(self.slot, entry) }
    }
}

/// The tables that this CPU uses now.
pub(crate) fn active() -> Table {
    Table(Phys::from_entry(Cr3::read().0.start_address().as_u64()))
}

/// The slot of an address at a level.
pub(crate) fn slot(address: u64, level: u32) -> usize {
    index(address >> (12 + 9 * level)) % ENTRIES
}

/// Bytes that an entry at this level stands for.
pub(crate) const fn span(level: u32) -> u64 {
    1 << (12 + 9 * level)
}

/// What an entry that leads to no table says of an address. Out of line: most pages are small.
#[cold]
fn large_page(entry: Entry, address: u64, level: u32, access: Access) -> Option<Phys> {
    entry.allows(access).then(|| entry.frame().plus(address % span(level)))
}

impl Table {
    /// Takes a frame into use.
    ///
    /// # Safety
    /// The frame is zeroed RAM in the physmap that nothing else uses, or a table already; and it
    /// stays a table as long as this value or a copy of it is used.
    pub(crate) unsafe fn new(frame: Phys) -> Self {
        Self(frame)
    }

    /// Its frame.
    pub(crate) fn frame(self) -> Phys {
        self.0
    }

    fn place(self, slot: usize) -> *mut u64 {
        physmap::pointer(self.0).cast::<u64>().wrapping_add(slot % ENTRIES)
    }

    /// Reads an entry.
    pub(crate) fn get(self, slot: usize) -> Entry {
        // SAFETY: by the invariant this is a table's entry: RAM, aligned. Volatile because
        // the hardware sets accessed and dirty bits in it.
        Entry(unsafe { self.place(slot).read_volatile() })
    }

    /// Writes an entry.
    ///
    /// # Safety
    /// What becomes reachable may be used so by those that load the table: a page of the user half
    /// is a frame of its program or a device that it was given; one of the kernel's half is memory
    /// that the kernel uses at this address and in this way. What was mapped in the kernel's half
    /// is not used any more. The frame of a table that is left out is not lost.
    pub(crate) unsafe fn set(self, slot: usize, entry: Entry) {
        // SAFETY: as for `get`; the caller answers for what is mapped.
        unsafe { self.place(slot).write_volatile(entry.0) }
    }

    /// The table below this entry, if there is one.
    pub(crate) fn below(self, slot: usize) -> Option<Self> {
        let entry = self.get(slot);
        entry.leads_on().then(|| Self(entry.frame()))
    }

    /// The table below this entry, made if it is missing. Never in the place of a page.
    ///
    /// # Safety
    /// Frames from `frame` are zeroed RAM in the physmap that nothing else uses, now or later.
    unsafe fn below_or_new(
        self,
        slot: usize,
        user: bool,
        frame: impl FnOnce() -> Option<Phys>,
    ) -> Result<Self, NoFrame> {
        if let Some(below) = self.below(slot) {
            return Ok(below);
        }
        assert!(!self.get(slot).present(), "a table over a page");
        let fresh = Self(frame().ok_or(NoFrame)?);
        // SAFETY: an empty table maps nothing; by the caller's promise it is one.
        unsafe { self.set(slot, Entry::table(fresh.0, user)) };
        Ok(fresh)
    }

    /// Puts a leaf at this level, where nothing is mapped.
    ///
    /// # Safety
    /// As for [`Table::put_all`].
    pub(crate) unsafe fn put(
        self,
        address: u64,
        level: u32,
        leaf: Entry,
        frame: impl FnMut() -> Option<Phys>,
    ) -> Result<(), NoFrame> {
        // SAFETY: the caller's promise.
        unsafe { self.put_all(address, level, leaf, 1, frame) }.map(|_| ())
    }

    /// Puts leaves for pages side by side at this level, where nothing is mapped: `count` of them,
    /// fewer where the table ends. An empty table below the first entry is taken out and returned:
    /// its frame is reused only after a flush, since the CPUs' paging-structure caches may still
    /// lead to it.
    ///
    /// # Safety
    /// As for [`Table::set`], for each leaf, and [`Table::reach`].
    ///
    /// Source: Intel SDM 3A, 4.10.3 "Paging-Structure Caches".
    pub(crate) unsafe fn put_all(
        self,
        address: u64,
        level: u32,
        first: Entry,
        count: usize,
        mut frame: impl FnMut() -> Option<Phys>,
    ) -> Result<Mapped, NoFrame> {
        // SAFETY: the caller's promise.
        let table = unsafe { self.reach(address, level, first.user_mode(), &mut frame)? };
        let slot = slot(address, level);
        let (mut mapped, mut leaf) = (Mapped { count: 0, replaced: None }, first);
        for slot in (slot..ENTRIES).take(count) {
            if table.get(slot).present() {
                mapped.replaced = Some(table.empty_below(slot, level));
            }
            // SAFETY: the caller's promise; the frame of a table below is returned.
            unsafe { table.set(slot, leaf) };
            leaf = leaf.next(level);
            mapped.count += 1;
            if mapped.replaced.is_some() {
                break;
            }
        }
        Ok(mapped)
    }

    /// Changes the leaf of a large page of the user half, or those of small pages from this
    /// address on in one table, at most `most`: the entries that it went past.
    ///
    /// # Safety
    /// As for [`Table::set`], for what each leaf becomes.
    pub(crate) unsafe fn change_user(
        self,
        address: u64,
        most: u64,
        change: impl Fn(Entry) -> Entry,
    ) -> Entries {
        let Some(first) = self.user_leaf(address) else { return Entries::UNMAPPED };
        if first.level > 0 {
            // SAFETY: the caller's promise.
            unsafe { first.set(change(first.entry)) };
            return Entries { size: PageSize::Large, count: 1 };
        }
        let mut count = 0;
        for slot in (first.slot..ENTRIES).take(index(most)) {
            let entry = first.table.get(slot);
            if entry.present() {
                // SAFETY: the caller's promise; a table of small pages has no other entries.
                unsafe { first.table.set(slot, change(entry)) };
            }
            count += 1;
        }
        Entries { size: PageSize::Small, count }
    }

    /// The frame of the empty table below this entry. Whatever else is there would be lost.
    #[cold]
    fn empty_below(self, slot: usize, level: u32) -> Phys {
        let below = (level > 0).then(|| self.below(slot)).flatten();
        let empty = below.filter(|below| (0..ENTRIES).all(|slot| below.get(slot) == Entry::NONE));
        // NOFAIL: the core maps only where no region is.
        assert!(empty.is_some(), "a page over a page");
        empty.map_or(self.0, |below| below.0)
    }

    /// The table at this level that an address leads to; what is missing on the way is made.
    ///
    /// # Safety
    /// Frames from `frame` are zeroed RAM in the physmap that nothing else uses, now or later.
    pub(crate) unsafe fn reach(
        self,
        address: u64,
        level: u32,
        user: bool,
        frame: &mut impl FnMut() -> Option<Phys>,
    ) -> Result<Self, NoFrame> {
        let mut table = self;
        for above in (level + 1..=ROOT_LEVEL).rev() {
            // SAFETY: the caller's promise.
            table = unsafe { table.below_or_new(slot(address, above), user, &mut *frame)? };
        }
        Ok(table)
    }

    /// The leaf that maps this address.
    pub(crate) fn leaf(self, address: u64) -> Option<Leaf> {
        let mut table = self;
        for level in (1..=ROOT_LEVEL).rev() {
            let slot = slot(address, level);
            let entry = table.get(slot);
            if !entry.leads_on() {
                return entry.present().then_some(Leaf { table, slot, level, entry });
            }
            table = Self(entry.frame());
        }
        let slot = slot(address, 0);
        let entry = table.get(slot);
        entry.present().then_some(Leaf { table, slot, level: 0, entry })
    }

    /// The leaf that maps this address of the user half.
    pub(crate) fn user_leaf(self, address: u64) -> Option<Leaf> {
        let leaf = (address < abi::USER_END).then(|| self.leaf(address))??;
        leaf.entry.user_mode().then_some(leaf)
    }

    /// Where an address of the user half lies, if user mode may use it so.
    pub(crate) fn translate_user(self, address: u64, access: Access) -> Option<Phys> {
        if address >= abi::USER_END {
            return None;
        }
        let mut table = self;
        for level in (1..=ROOT_LEVEL).rev() {
            let entry = table.get(slot(address, level));
            if !entry.leads_on() {
                return large_page(entry, address, level, access);
            }
            table = Self(entry.frame());
        }
        let entry = table.get(slot(address, 0));
        entry.allows(access).then(|| entry.frame().plus(address % span(0)))
    }

    /// Where an address of the kernel lies.
    pub(crate) fn translate_kernel(self, address: u64) -> Option<Phys> {
        let leaf = self.leaf(address)?;
        let span = span(leaf.level);
        // A large leaf's address has flag bits below its span.
        Some(Phys::from_entry(leaf.entry.frame().address() / span * span).plus(address % span))
    }

    /// The first entry before `end`, a multiple of [`AT_ONCE`], that has a table below it.
    fn first_below(self, end: usize) -> Option<(usize, Self)> {
        // Most entries of most tables are nothing: [`AT_ONCE`] are looked at together.
        let nothing = |first: &usize| {
            (*first..first + AT_ONCE).fold(0, |bits, slot| bits | self.get(slot).0) == 0
        };
        let used = (0..end).step_by(AT_ONCE).filter(|first| !nothing(first));
        used.flat_map(|first| first..first + AT_ONCE)
            .find_map(|slot| Some((slot, self.below(slot)?)))
    }

    /// Takes one table without tables below it out of the user half.
    ///
    /// # Safety
    /// No CPU has this root loaded: the frame is reused at once.
    pub(crate) unsafe fn take_lowest(self) -> Option<Phys> {
        let (mut table, mut level, mut last) = (self, ROOT_LEVEL, KERNEL_HALF);
        let mut found = None;
        while level > 0 {
            let Some((slot, below)) = table.first_below(last) else { break };
            found = Some((table, slot, below));
            (table, level, last) = (below, level - 1, ENTRIES);
        }
        let (above, slot, lowest) = found?;
        // SAFETY: it only makes less reachable; the table's frame is returned.
        unsafe { above.set(slot, Entry::NONE) };
        Some(lowest.0)
    }

    /// Whether the user half has any table below the root.
    pub(crate) fn has_tables(self) -> bool {
        self.first_below(KERNEL_HALF).is_some()
    }
}
