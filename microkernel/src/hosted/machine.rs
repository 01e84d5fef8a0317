//! The hosted machine itself.

use super::HostedFrame;
use super::vector::VectorUnit;
use crate::kernel::BootMemory;
use crate::machine::{Access, CpuId, Interrupt, Machine, NoFrame, Page, PageSize, Phys, PortWidth};
use crate::number;
use abi::{DebugRegisters, PAGE_SIZE, Protection};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// One mapped page.
#[derive(Clone, Copy, Debug)]
struct HostedPage {
    frame: Phys,
    size: PageSize,
    protection: Protection,
}

/// A space's translation. Each 2 MiB of address space in use costs one table frame, as on
/// a real machine, so that running out of frames for tables is tested too.
#[derive(Debug)]
pub struct HostedTable {
    root: Phys,
    pages: BTreeMap<u64, HostedPage>,
    tables: BTreeMap<u64, Phys>,
}

/// A machine in memory.
#[derive(Debug)]
pub struct Hosted {
    memory: Vec<u8>,
    /// The time.
    pub now_ns: u64,
    /// What the deadline timer is set to.
    pub timer_ns: Option<u64>,
    /// Interrupts that were recorded.
    pub pending: VecDeque<Interrupt>,
    /// Interrupts that come in the next window between two turns.
    pub arriving: VecDeque<Interrupt>,
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
    /// Whether interrupts are on by a mistake.
    pub interrupts_on: bool,
    /// A port whose writing turns interrupts on: a handler's mistake.
    pub trap_port: Option<u16>,
    /// The debug registers.
    pub debug: DebugRegisters,
    /// CPUs that were kicked.
    pub kicked: Vec<CpuId>,
}

impl Hosted {
    /// A machine with so many frames of memory, numbered from 0.
    pub fn new(frames: u64) -> Self {
        Self {
            memory: vec![0xa5; number::size(frames * PAGE_SIZE)],
            now_ns: 0,
            timer_ns: None,
            pending: VecDeque::new(),
            arriving: VecDeque::new(),
            unmasked: BTreeSet::new(),
            port_writes: Vec::new(),
            port_values: BTreeMap::new(),
            vectors: BTreeMap::new(),
            vector_keeps: true,
            log: Vec::new(),
            interrupts_on: false,
            trap_port: None,
            debug: DebugRegisters::default(),
            kicked: Vec::new(),
        }
    }

    /// A window between two turns: the next interrupt that waits for one comes.
    pub(super) fn let_one_in(&mut self) {
        self.pending.extend(self.arriving.pop_front());
    }

    fn bytes(&self, at: Phys, len: usize) -> &[u8] {
        &self.memory[number::size(at.0)..][..len]
    }

    fn bytes_mut(&mut self, at: Phys, len: usize) -> &mut [u8] {
        &mut self.memory[number::size(at.0)..][..len]
    }
}

/// Arenas from the ordinary heap, never freed.
#[derive(Debug, Default)]
pub struct HostedMemory;

impl BootMemory for HostedMemory {
    fn slice<T: 'static>(&mut self, len: usize, make: fn(usize) -> T) -> &'static mut [T] {
        Vec::leak((0..len).map(make).collect())
    }
}

impl HostedTable {
    fn page_at(&self, address: u64) -> Option<(u64, HostedPage)> {
        let (start, page) = self.pages.range(..=address).next_back()?;
        (address < start + page.size.bytes()).then_some((*start, *page))
    }

    fn table_for(
        &mut self,
        address: u64,
        new: impl FnOnce() -> Option<Phys>,
    ) -> Result<(), NoFrame> {
        let slot = address / PageSize::Large.bytes();
        if let Entry::Vacant(place) = self.tables.entry(slot) {
            place.insert(new().ok_or(NoFrame)?);
        }
        Ok(())
    }
}

impl Machine for Hosted {
    type Frame = HostedFrame;
    type PageTable = HostedTable;

    fn new_page_table(&mut self, root: Phys) -> HostedTable {
        HostedTable { root, pages: BTreeMap::new(), tables: BTreeMap::new() }
    }
    fn root(&self, table: &HostedTable) -> Phys {
        table.root
    }
    fn map(
        &mut self,
        table: &mut HostedTable,
        page: &Page,
        tables: &mut dyn FnMut(&mut Self) -> Option<Phys>,
    ) -> Result<(), NoFrame> {
        let Page { address, frame, size, protection, .. } = *page;
        assert!(table.page_at(address).is_none(), "mapped twice: {address:#x}");
        table.table_for(address, || tables(self))?;
        table.pages.insert(address, HostedPage { frame, size, protection });
        Ok(())
    }
    fn unmap(&mut self, table: &mut HostedTable, address: u64) -> Option<PageSize> {
        table.pages.remove(&address).map(|page| page.size)
    }
    fn split(
        &mut self,
        table: &mut HostedTable,
        address: u64,
        _tables: &mut dyn FnMut(&mut Self) -> Option<Phys>,
    ) -> Result<(), NoFrame> {
        let Some((start, page)) = table.page_at(address) else { return Ok(()) };
        if page.size == PageSize::Large {
            table.pages.remove(&start);
            for offset in (0..page.size.bytes()).step_by(number::size(PAGE_SIZE)) {
                let frame = Phys(page.frame.0 + offset);
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
        protection: Protection,
    ) -> Option<PageSize> {
        let page = table.pages.get_mut(&address)?;
        page.protection = protection;
        Some(page.size)
    }
    fn translate(&self, table: &HostedTable, address: u64, access: Access) -> Option<Phys> {
        let (start, page) = table.page_at(address)?;
        let allowed = access == Access::Read || page.protection.writable();
        allowed.then_some(Phys(page.frame.0 + address - start))
    }
    fn flush(&mut self, _table: &HostedTable) {}
    fn retire(&mut self, _table: &HostedTable) {}
    fn free_tables(
        &mut self,
        table: &mut HostedTable,
        budget: usize,
        free: &mut dyn FnMut(Phys),
    ) -> bool {
        for _ in 0..budget {
            match table.tables.pop_first() {
                Some((_, frame)) => free(frame),
                None => return true,
            }
        }
        table.tables.is_empty()
    }
    fn zero(&mut self, first: Phys, frames: u64) {
        self.bytes_mut(first, number::size(frames * PAGE_SIZE)).fill(0);
    }
    fn read(&self, from: Phys, into: &mut [u8]) {
        into.copy_from_slice(self.bytes(from, into.len()));
    }
    fn write(&mut self, to: Phys, bytes: &[u8]) {
        self.bytes_mut(to, bytes.len()).copy_from_slice(bytes);
    }
    fn copy(&mut self, from: Phys, to: Phys, len: usize) {
        let from = number::size(from.0);
        self.memory.copy_within(from..from + len, number::size(to.0));
    }
    fn this_cpu(&self) -> CpuId {
        CpuId(0)
    }
    fn now_ns(&self) -> u64 {
        self.now_ns
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
    fn load_debug_registers(&mut self, registers: &DebugRegisters) {
        self.debug = *registers;
    }
    fn kick(&mut self, cpu: CpuId) {
        self.kicked.push(cpu);
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
        first.0 >= 1 << 32 && frames <= 1 << 20
    }
    fn is_user_port(&self, port: u16) -> bool {
        port >= 0x100
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
}
