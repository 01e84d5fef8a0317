//! The hosted machine itself.

use super::memory::Memory;
use super::vector::VectorUnit;
use super::{HostedCpu, HostedFrame};
use crate::arena::Growing;
use crate::machine::{
    Access, CpuId, Ecam, Entries, Interrupt, Machine, Mapped, Message, NoFrame, OwnedFrame,
    PageSize, Pages, Phys, PortSpans, PortWidth,
};
use crate::number;
use abi::{DebugRegisters, PAGE_SIZE, Protection};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Deref, DerefMut};

/// Where devices write messages: as on x86, with the CPU in the address and the vector as data.
const MESSAGE_ADDRESS: u32 = 0xfee0_0000;
const CPU_SHIFT: u32 = 12;
const FIRST_MESSAGE: u32 = 0x40;

/// One mapped page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct HostedPage {
    frame: Phys,
    size: PageSize,
    protection: Protection,
}

/// The levels of tables below the root: one table of level 0 has the small pages of 2 MiB.
const LEVELS: u32 = 3;

/// Entries in a table.
const ENTRIES: u64 = 512;

/// Names a table below the root: its level, and which of that level by address.
pub(super) type TableKey = (u32, u64);

/// A space's translation. Tables take frames and give them back as on a real machine, so that
/// the invariants can count them.
#[derive(Clone, Debug, Hash)]
pub struct HostedTable {
    root: OwnedFrame,
    pages: BTreeMap<u64, HostedPage>,
    tables: BTreeMap<TableKey, OwnedFrame>,
}

/// A machine in memory. What a CPU has for itself is reached through `cpus`, or directly for
/// the CPU that the code runs on.
#[derive(Clone, Debug, Hash)]
pub struct Hosted {
    memory: Memory,
    /// Its CPUs.
    pub cpus: Vec<HostedCpu>,
    here: CpuId,
    /// The time.
    pub now_ns: u64,
    /// Device lines that may interrupt.
    pub unmasked: BTreeSet<u8>,
    /// What was written to ports.
    pub port_writes: Vec<(u16, u32)>,
    /// What ports read as.
    pub port_values: BTreeMap<u16, u32>,
    /// The vector registers of each CPU that has touched them.
    pub vectors: BTreeMap<u16, VectorUnit>,
    /// Locked vector registers stay as they are; or the machine empties them.
    pub vector_keeps: bool,
    /// The system log.
    pub log: Vec<u8>,
    /// Frames of the allocator that are behind growing slices.
    pub(crate) grown: u64,
    /// Whether interrupts are on by a mistake.
    pub interrupts_on: bool,
    /// Where the configuration space of PCI is.
    pub ecam: Option<Ecam>,
    /// A port whose writing turns interrupts on: a handler's mistake.
    pub trap_port: Option<u16>,
}

impl Hosted {
    /// A machine with this number of frames, numbered from 0, and of CPUs.
    pub fn new(frames: u64, cpus: usize) -> Self {
        Self {
            memory: Memory::new(frames),
            cpus: vec![HostedCpu::default(); cpus],
            here: CpuId(0),
            now_ns: 0,
            unmasked: BTreeSet::new(),
            port_writes: Vec::new(),
            port_values: BTreeMap::new(),
            vectors: BTreeMap::new(),
            vector_keeps: true,
            log: Vec::new(),
            grown: 0,
            interrupts_on: false,
            ecam: None,
            trap_port: None,
        }
    }

    /// A window between two turns: the next interrupt that waits for one comes.
    pub(crate) fn let_one_in(&mut self) {
        let arrived = self.arriving.pop_front();
        self.pending.extend(arrived);
    }

    /// From now on, code runs on this CPU.
    pub fn run_on(&mut self, cpu: CpuId) {
        self.here = cpu;
    }

    /// A user program on this CPU uses an address: the translation is cached from then on,
    /// and used as it was cached. `None` is a page fault.
    pub fn touch(&mut self, table: &HostedTable, address: u64, access: Access) -> Option<Phys> {
        let (found, root) = (table.page_at(address), table.root.phys());
        let own = &mut self.cpus[usize::from(self.here.0)];
        // What a walk reads stays in the CPU's paging-structure caches, also when it ends at
        // nothing.
        let lowest = found.map_or(0, |(_, page)| lowest_level(page.size));
        for key in (lowest..LEVELS).map(|level| table_key(level, address)) {
            if let Some(frame) = table.tables.get(&key) {
                own.walked.insert((root, key), frame.phys());
            }
        }
        let cached = own.cached.range((root, 0)..=(root, address)).next_back();
        let (start, page) = match cached.map(|((_, start), page)| (*start, *page)) {
            Some((start, page)) if address < start + page.size.bytes() => (start, page),
            _ => found?,
        };
        own.cached.insert((root, start), page);
        page.at(start, address, access)
    }

    /// The CPU and the interrupt that a device means which writes this data there.
    pub fn interrupt_of(&self, message: Message) -> Option<(CpuId, Interrupt)> {
        let cpu = u16::try_from(message.address.checked_sub(MESSAGE_ADDRESS)? >> CPU_SHIFT).ok()?;
        let number = u8::try_from(message.data.checked_sub(FIRST_MESSAGE)?).ok()?;
        let known = usize::from(cpu) < self.cpus.len() && number < Self::MESSAGES;
        known.then_some((CpuId(cpu), Interrupt::Message(number)))
    }

    fn forget(&mut self, root: Phys) {
        for cpu in &mut self.cpus {
            cpu.cached.retain(|(of, _), _| *of != root);
            cpu.walked.retain(|(of, _), _| *of != root);
        }
    }
}

impl Deref for Hosted {
    type Target = HostedCpu;
    fn deref(&self) -> &HostedCpu {
        &self.cpus[usize::from(self.here.0)]
    }
}

impl DerefMut for Hosted {
    fn deref_mut(&mut self) -> &mut HostedCpu {
        &mut self.cpus[usize::from(self.here.0)]
    }
}

impl HostedPage {
    /// Where an address in it lies, if it may be used so.
    fn at(&self, start: u64, address: u64, access: Access) -> Option<Phys> {
        let allowed = access == Access::Read || self.protection.writable();
        allowed.then_some(self.frame.plus(address - start))
    }
}

/// Those of this many pages of a size that have their entries in the table of the first.
fn in_one_table(address: u64, size: PageSize, count: u64) -> u64 {
    count.min(ENTRIES - address / size.bytes() % ENTRIES)
}

impl HostedTable {
    /// The page that starts at this address.
    #[cfg(test)]
    pub(super) fn page(&self, address: u64) -> Option<HostedPage> {
        self.pages.get(&address).copied()
    }

    fn page_at(&self, address: u64) -> Option<(u64, HostedPage)> {
        let (start, page) = self.pages.range(..=address).next_back()?;
        (address < start + page.size.bytes()).then_some((*start, *page))
    }

    /// What a change of pages from this address on goes past.
    fn entries(&self, address: u64, most: u64) -> Entries {
        match self.pages.get(&address).map(|page| page.size) {
            None => Entries::UNMAPPED,
            Some(PageSize::Large) => Entries { size: PageSize::Large, count: 1 },
            Some(size) => Entries { size, count: in_one_table(address, size, most) },
        }
    }

    /// Changes pages, as [`Machine::unmap`] goes past them.
    fn change(&mut self, address: u64, most: u64, change: impl Fn(&mut HostedPage)) -> Entries {
        let entries = self.entries(address, most);
        for (_, page) in self.pages.range_mut(address..address + entries.bytes()) {
            change(page);
        }
        entries
    }

    /// The table with this name.
    #[cfg(test)]
    pub(super) fn table(&self, key: TableKey) -> Option<Phys> {
        self.tables.get(&key).map(OwnedFrame::phys)
    }

    /// Frames in use as tables, the root among them.
    #[cfg(test)]
    pub(crate) fn frames(&self) -> u64 {
        self.tables.len() as u64 + 1
    }

    /// Makes the tables that a page of this size needs and that are missing.
    fn reach(
        &mut self,
        address: u64,
        size: PageSize,
        mut new: impl FnMut() -> Option<OwnedFrame>,
    ) -> Result<(), NoFrame> {
        for level in (lowest_level(size)..LEVELS).rev() {
            if let Entry::Vacant(place) = self.tables.entry(table_key(level, address)) {
                place.insert(new().ok_or(NoFrame)?);
            }
        }
        Ok(())
    }
}

/// The level of the table that has the entry of such a page.
fn lowest_level(size: PageSize) -> u32 {
    u32::from(size == PageSize::Large)
}

/// The table of a level that an address leads to.
fn table_key(level: u32, address: u64) -> TableKey {
    (level, address >> (21 + 9 * level))
}

impl Machine for Hosted {
    type Frame = HostedFrame;
    type FrameHandle = Box<HostedFrame>;
    type PageTable = HostedTable;
    const MESSAGES: u8 = 32;

    fn new_page_table(&mut self, root: OwnedFrame) -> HostedTable {
        HostedTable { root, pages: BTreeMap::new(), tables: BTreeMap::new() }
    }
    fn root(&self, table: &HostedTable) -> Phys {
        table.root.phys()
    }
    fn free_root(&mut self, table: HostedTable) -> Phys {
        assert!(table.tables.is_empty(), "tables below the root are lost");
        table.root.into_table()
    }
    fn map(
        &mut self,
        table: &mut HostedTable,
        pages: &Pages,
        tables: &mut dyn FnMut(&mut Self) -> Option<OwnedFrame>,
    ) -> Result<Mapped, NoFrame> {
        let Pages { address, frame, size, protection, .. } = *pages;
        let count = in_one_table(pages.address, size, pages.count);
        table.reach(address, size, || tables(self))?;
        for offset in (0..count).map(|page| page * size.bytes()) {
            let at = address + offset;
            let inside = table.pages.range(at..at + size.bytes()).next();
            assert!(table.page_at(at).or(inside.map(|(at, page)| (*at, *page))).is_none());
            table.pages.insert(at, HostedPage { frame: frame.plus(offset), size, protection });
        }
        let large = size == PageSize::Large;
        let replaced = large.then(|| table.tables.remove(&table_key(0, address))).flatten();
        Ok(Mapped { count, replaced: replaced.map(OwnedFrame::into_table) })
    }
    fn reserve<T: 'static>(&mut self) -> Growing<T> {
        Vec::new()
    }
    /// One element for each frame, so that sizes are what a test asks for.
    fn extend<T: 'static>(
        &mut self,
        slice: &mut Growing<T>,
        make: fn(usize) -> T,
        frames: &mut dyn FnMut(&mut Self) -> Option<Phys>,
    ) -> Result<(), NoFrame> {
        let frame = frames(self).ok_or(NoFrame)?;
        // The boot's memory has no frames of its own.
        self.grown += u64::from(frame != Phys::ZERO);
        slice.push(make(slice.len()));
        Ok(())
    }
    fn new_frame(
        &mut self,
        _: &mut dyn FnMut(&mut Self) -> Option<Phys>,
    ) -> Result<Box<HostedFrame>, NoFrame> {
        Ok(Box::default())
    }
    fn unmap(&mut self, table: &mut HostedTable, address: u64, most: u64) -> Entries {
        let entries = table.entries(address, most);
        for entry in 0..entries.count {
            table.pages.remove(&(address + entry * entries.size.bytes()));
        }
        entries
    }
    fn split(
        &mut self,
        table: &mut HostedTable,
        address: u64,
        tables: &mut dyn FnMut(&mut Self) -> Option<OwnedFrame>,
    ) -> Result<(), NoFrame> {
        let Some((start, page)) = table.page_at(address) else { return Ok(()) };
        if page.size == PageSize::Large {
            table.reach(start, PageSize::Small, || tables(self))?;
            table.pages.remove(&start);
            self.forget(table.root.phys());
            for offset in (0..page.size.bytes()).step_by(number::size(PAGE_SIZE)) {
                let frame = page.frame.plus(offset);
                table
                    .pages
                    .insert(start + offset, HostedPage { frame, size: PageSize::Small, ..page });
            }
        }
        Ok(())
    }
    fn protect(
        &mut self,
        table: &mut HostedTable,
        address: u64,
        most: u64,
        protection: Protection,
    ) -> Entries {
        table.change(address, most, |page| page.protection = protection)
    }
    fn replace(
        &mut self,
        table: &mut HostedTable,
        address: u64,
        most: u64,
        frame: Phys,
    ) -> Entries {
        table.change(address, most, |page| {
            assert_eq!(page.size, PageSize::Small, "a loan in a large page");
            page.frame = frame;
        })
    }
    fn translate(&self, table: &HostedTable, address: u64, access: Access) -> Option<Phys> {
        let (start, page) = table.page_at(address)?;
        page.at(start, address, access)
    }
    fn flush(&mut self, table: &HostedTable) {
        self.forget(table.root.phys());
    }
    fn retire(&mut self, table: &HostedTable) {
        self.forget(table.root.phys());
        for cpu in &mut self.cpus {
            cpu.active = cpu.active.filter(|root| *root != table.root.phys());
        }
    }
    fn free_tables(
        &mut self,
        table: &mut HostedTable,
        budget: usize,
        free: &mut dyn FnMut(Phys),
    ) -> bool {
        for _ in 0..budget {
            match table.tables.pop_first() {
                Some((_, frame)) => free(frame.into_table()),
                None => return true,
            }
        }
        table.tables.is_empty()
    }
    fn zero(&mut self, first: Phys, frames: u64) {
        self.memory.zero(first, frames);
    }
    fn read(&self, from: Phys, into: &mut [u8]) {
        self.memory.read(from, into);
    }
    fn write(&mut self, to: Phys, bytes: &[u8]) {
        self.memory.write(to, bytes);
    }
    fn copy(&mut self, from: Phys, to: Phys, len: usize) {
        let mut bytes = vec![0; len];
        self.memory.read(from, &mut bytes);
        self.memory.write(to, &bytes);
    }
    fn this_cpu(&self) -> CpuId {
        self.here
    }
    fn now_ns(&self) -> u64 {
        self.now_ns
    }

    fn ticks(&self) -> u64 {
        self.now_ns
    }

    fn ns_of(&self, ticks: u64) -> u64 {
        ticks
    }

    fn ticks_of(&self, ns: u64) -> u64 {
        ns
    }
    fn set_timer(&mut self, deadline_ns: Option<u64>) {
        self.timer_ns = deadline_ns;
    }
    fn interrupt_pending(&self) -> bool {
        !self.pending.is_empty()
    }
    fn take_interrupt(&mut self) -> Option<Interrupt> {
        self.pending.pop_front()
    }
    fn interrupts_off(&self) -> bool {
        !self.interrupts_on
    }
    fn turn_interrupts_off(&mut self) {
        self.interrupts_on = false;
    }
    fn allow_ports(&mut self, held: &PortSpans, wanted: &PortSpans) {
        assert_eq!(self.ports, *held, "the core knows what the CPU holds");
        self.ports = *wanted;
    }
    fn hide_clock(&mut self, hidden: bool) {
        self.clock_hidden = hidden;
    }
    fn set_thread_pointer(&mut self, frame: &mut HostedFrame, address: u64) {
        frame.thread_pointer = frame.mode.address(address);
    }
    fn load_debug_registers(&mut self, registers: &DebugRegisters) {
        self.debug = *registers;
    }
    fn send_ipi(&mut self, cpu: CpuId) {
        self.cpus[usize::from(cpu.0)].ipi_sent = true;
    }
    fn has_line(&self, line: u8) -> bool {
        line < 16
    }
    fn unmask_line(&mut self, line: u8) {
        self.unmasked.insert(line);
    }
    fn mask_line(&mut self, line: u8) {
        self.unmasked.remove(&line);
    }
    fn message(&self, cpu: CpuId, number: u8) -> Option<Message> {
        let address = MESSAGE_ADDRESS | u32::from(cpu.0) << CPU_SHIFT;
        let data = FIRST_MESSAGE + u32::from(number);
        (number < Self::MESSAGES).then_some(Message { address, data })
    }
    fn vector_prepare(&mut self, state: Phys) {
        self.prepare_vector(state);
    }
    fn vector_load(&mut self, state: Phys) {
        self.load_vector(state);
    }
    fn vector_unlock(&mut self) {
        self.vector_unit().unlocked = true;
    }
    fn vector_save(&mut self, state: Phys) {
        self.save_vector(state);
    }
    fn vector_lock(&mut self) -> bool {
        self.lock_vector()
    }
    fn is_device_memory(&self, first: Phys, frames: u64) -> bool {
        // As hardware has it: physical addresses have at most 52 bits.
        (1 << 32..1 << 52).contains(&first.address()) && frames <= 1 << 20
    }
    fn ecam(&self) -> Option<Ecam> {
        self.ecam
    }
    fn port_read(&mut self, port: u16, _width: PortWidth) -> u32 {
        self.port_values.get(&port).copied().unwrap_or(u32::MAX)
    }
    fn port_write(&mut self, port: u16, _width: PortWidth, value: u32) {
        self.interrupts_on |= self.trap_port == Some(port);
        self.port_writes.push((port, value));
    }
    fn log(&mut self, bytes: &[u8]) {
        self.log.extend_from_slice(bytes);
    }
    fn read_log(&self, first: u64, into: &mut [u8]) -> (usize, u64) {
        let first =
            usize::try_from(first).map_or(self.log.len(), |first| first.min(self.log.len()));
        let rest = &self.log[first..];
        let len = rest.len().min(into.len());
        into[..len].copy_from_slice(&rest[..len]);
        (len, (first + len) as u64)
    }
}
