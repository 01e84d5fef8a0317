//! The core's machine, on hardware.

use super::boot::Platform;
use super::cpu::block::{block, this_cpu};
use super::cpu::frame::{self, UserFrame};
use super::cpu::{debug_registers, features, lapic, tables, vector, vectors};
use super::irq::pending::INTERRUPTS;
use super::irq::{lines, messages, timer};
use super::mm::entry::Entry;
use super::mm::growing::Slices;
use super::mm::range::{REGIONS, Range};
use super::mm::table::{ENTRIES, Table};
use super::mm::thread_frames::{FrameHandle, FrameMemory};
use super::mm::{physmap, shootdown, space};
use super::{index, log, ports, time};
use abi::{DebugRegisters, PAGE_SIZE, Protection};
use core_kernel::CpuId;
use core_kernel::machine::{
    Access, Ecam, Entries, Interrupt, Machine, Mapped, Message, NoFrame, OwnedFrame, PageSize,
    Pages, Phys, PortSpans, PortWidth,
};
use heapless::Vec;

/// What the machine must remember; all else is in the CPUs' blocks and the devices.
pub(crate) struct Hardware {
    kernel_root: Table,
    growing: Slices,
    thread_frames: FrameMemory,
    ram: Vec<Range, REGIONS>,
    ram_end: u64,
    controllers: Vec<Range, 8>,
    ecam: Option<Ecam>,
}

/// Below this the firmware's map of RAM has holes; above, what lies below the end of RAM is
/// no device.
const LOW_END: u64 = 1 << 20;
const FOUR_GIB: u64 = 4 << 30;

impl Hardware {
    /// The machine with this RAM, as the firmware describes it.
    pub(crate) fn new(ram: &Vec<Range, REGIONS>, platform: &Platform, kernel_root: Table) -> Self {
        let page = |start: Phys| Range { start: start.address(), end: start.address() + PAGE_SIZE };
        shootdown::set_kernel_root(kernel_root);
        let low_ram = ram.iter().map(|ram| ram.end).filter(|end| *end <= FOUR_GIB);
        Self {
            kernel_root,
            growing: Slices::new(kernel_root),
            thread_frames: FrameMemory::NONE,
            ram: ram.clone(),
            ram_end: low_ram.max().unwrap_or(0),
            controllers: platform.registers().map(page).collect(),
            ecam: platform.ecam,
        }
    }

    /// The root that has only the kernel's half.
    pub(crate) fn kernel_root(&self) -> Table {
        self.kernel_root
    }
}

fn level(size: PageSize) -> u32 {
    match size {
        PageSize::Small => 0,
        PageSize::Large => 1,
    }
}

impl Machine for Hardware {
    type Frame = UserFrame;
    type FrameHandle = FrameHandle;
    type PageTable = Table;
    const MESSAGES: u8 = vectors::MESSAGES;

    fn new_page_table(&mut self, root: OwnedFrame) -> Table {
        // SAFETY: the core gives a zeroed frame of its own for this.
        let table = unsafe { Table::new(root.into_table()) };
        space::share_kernel_half(self.kernel_root, table);
        table
    }

    fn root(&self, table: &Table) -> Phys {
        table.frame()
    }

    fn free_root(&mut self, table: Table) -> Phys {
        table.frame()
    }

    fn map(
        &mut self,
        table: &mut Table,
        pages: &Pages,
        tables: &mut dyn FnMut(&mut Self) -> Option<OwnedFrame>,
    ) -> Result<Mapped, NoFrame> {
        let Pages { address, frame, size, count, protection, device } = *pages;
        debug_assert!(address < abi::USER_END && address.is_multiple_of(size.bytes()));
        let first = Entry::user(frame, protection, size == PageSize::Large, device);
        let frame = || tables(self).map(OwnedFrame::into_table);
        // SAFETY: the core names frames or a device of the program, and gives zeroed frames of its
        // own for tables; the addresses are in the user half, whose end is that of a table.
        unsafe { table.put_all(address, level(size), first, index(count), frame) }
    }

    fn unmap(&mut self, table: &mut Table, address: u64, most: u64) -> Entries {
        // SAFETY: it only makes less reachable.
        unsafe { table.change_user(address, most, |_| Entry::NONE) }
    }

    fn split(
        &mut self,
        table: &mut Table,
        address: u64,
        tables: &mut dyn FnMut(&mut Self) -> Option<OwnedFrame>,
    ) -> Result<(), NoFrame> {
        let Some(large) = table.user_leaf(address).filter(|leaf| leaf.level == 1) else {
            return Ok(());
        };
        let frame = tables(self).ok_or(NoFrame)?.into_table();
        // SAFETY: the core gives a zeroed frame of its own for this.
        let pieces = unsafe { Table::new(frame) };
        for (slot, frames) in (0..ENTRIES).zip(0..) {
            // SAFETY: a piece of the page that is mapped already.
            unsafe { pieces.set(slot, large.entry.piece(frames)) };
        }
        // SAFETY: a leaf of this root's user half, and the same frames in pieces.
        unsafe { shootdown::split(this_cpu(), *table, large, Entry::table(frame, true)) };
        Ok(())
    }

    fn protect(
        &mut self,
        table: &mut Table,
        address: u64,
        most: u64,
        protection: Protection,
    ) -> Entries {
        // SAFETY: the same pages of the program; the core chose the protection.
        unsafe { table.change_user(address, most, |entry| entry.with_protection(protection)) }
    }

    fn replace(&mut self, table: &mut Table, address: u64, most: u64, frame: Phys) -> Entries {
        // One store for each page: other CPUs find the old frame or the new one.
        // SAFETY: the core names a frame that the program may use in place of the others.
        unsafe { table.change_user(address, most, |entry| entry.with_frame(frame)) }
    }

    fn translate(&self, table: &Table, address: u64, access: Access) -> Option<Phys> {
        table.translate_user(address, access)
    }

    fn flush(&mut self, table: &Table) {
        shootdown::flush(this_cpu(), *table);
    }

    fn reserve<T: 'static>(&mut self) -> &'static mut [T] {
        self.growing.reserve()
    }

    fn extend<T: 'static>(
        &mut self,
        slice: &mut &'static mut [T],
        make: fn(usize) -> T,
        frames: &mut dyn FnMut(&mut Self) -> Option<Phys>,
    ) -> Result<(), NoFrame> {
        let page = self.growing.next_page(slice).ok_or(NoFrame)?;
        // SAFETY: the core gives zeroed frames of its own for this.
        unsafe { self.kernel_root.reach(page, 0, false, &mut || frames(self))? };
        let frame = frames(self).ok_or(NoFrame)?;
        // SAFETY: the core gives a frame of its own for this.
        unsafe { self.growing.extend(slice, make, frame) }
    }

    fn new_frame(
        &mut self,
        frames: &mut dyn FnMut(&mut Self) -> Option<Phys>,
    ) -> Result<FrameHandle, NoFrame> {
        if self.thread_frames.is_full() {
            let page = frames(self).ok_or(NoFrame)?;
            // SAFETY: the core gives a frame of its own for this.
            self.thread_frames = unsafe { FrameMemory::new(page) };
        }
        self.thread_frames.take().ok_or(NoFrame)
    }

    fn free_tables(
        &mut self,
        table: &mut Table,
        budget: usize,
        free: &mut dyn FnMut(Phys),
    ) -> bool {
        for _ in 0..budget {
            // SAFETY: the core retired the table: no CPU has it loaded.
            match unsafe { table.take_lowest() } {
                Some(frame) => free(frame),
                None => return true,
            }
        }
        !table.has_tables()
    }

    fn retire(&mut self, table: &Table) {
        shootdown::retire(this_cpu(), *table);
    }

    fn zero(&mut self, first: Phys, frames: u64) {
        // SAFETY: the core names only frames that it manages: RAM, in the physmap, which no
        // Rust reference leads to.
        unsafe { physmap::zero(first, frames) }
    }

    fn read(&self, from: Phys, into: &mut [u8]) {
        // SAFETY: as for `zero`.
        unsafe { physmap::read(from, into) }
    }

    fn write(&mut self, to: Phys, bytes: &[u8]) {
        // SAFETY: as for `zero`.
        unsafe { physmap::write(to, bytes) }
    }

    fn copy(&mut self, from: Phys, to: Phys, len: usize) {
        // SAFETY: as for `zero`.
        unsafe { physmap::copy(from, to, len) }
    }

    fn this_cpu(&self) -> CpuId {
        this_cpu().id()
    }

    fn now_ns(&self) -> u64 {
        time::now_ns()
    }

    fn ticks(&self) -> u64 {
        time::ticks()
    }

    fn ns_of(&self, ticks: u64) -> u64 {
        time::ns_of(ticks)
    }

    fn ticks_of(&self, ns: u64) -> u64 {
        time::ticks_of(ns)
    }

    fn set_timer(&mut self, deadline_ns: Option<u64>) {
        timer::set(deadline_ns);
    }

    fn interrupt_pending(&self) -> bool {
        INTERRUPTS.here().pending.any()
    }

    fn take_interrupt(&mut self) -> Option<Interrupt> {
        INTERRUPTS.here().pending.take()
    }

    fn interrupts_off(&self) -> bool {
        !x86_64::instructions::interrupts::are_enabled()
    }

    fn turn_interrupts_off(&mut self) {
        x86_64::instructions::interrupts::disable();
    }

    fn allow_ports(&mut self, held: &PortSpans, wanted: &PortSpans) {
        // SAFETY: the CPU that this runs on; the core runs after its tables were loaded, and with
        // interrupts off.
        unsafe { tables::allow_ports(this_cpu(), held, wanted) };
    }

    fn hide_clock(&mut self, hidden: bool) {
        features::hide_clock(hidden);
    }

    fn set_thread_pointer(&mut self, frame: &mut UserFrame, address: u64) {
        frame::set_thread_pointer(this_cpu(), frame, address);
    }

    fn load_debug_registers(&mut self, registers: &DebugRegisters) {
        debug_registers::load_for(this_cpu(), registers);
    }

    fn send_ipi(&mut self, cpu: CpuId) {
        let target = block(cpu);
        if target.id() == this_cpu().id() {
            INTERRUPTS.of(target).pending.record(Interrupt::Ipi);
        } else {
            lapic::send_ipi(target.controller());
        }
    }

    fn has_line(&self, line: u8) -> bool {
        lines::exists(line)
    }

    fn unmask_line(&mut self, line: u8) {
        if lines::exists(line) {
            lines::unmask(line);
        }
    }

    fn mask_line(&mut self, line: u8) {
        if lines::exists(line) {
            lines::mask(line);
        }
    }

    fn message(&self, cpu: CpuId, number: u8) -> Option<Message> {
        messages::message(block(cpu), number)
    }

    fn vector_prepare(&mut self, state: Phys) {
        self.write(state, &vector::CLEAN);
    }

    fn vector_load(&mut self, state: Phys) {
        // SAFETY: the core gives a frame that `vector_prepare` or `vector_save` filled.
        unsafe { vector::load(physmap::pointer(state)) }
    }

    fn vector_unlock(&mut self) {
        vector::unlock();
    }

    fn vector_save(&mut self, state: Phys) {
        // SAFETY: the core gives a frame that is for this alone.
        unsafe { vector::save(physmap::pointer(state)) }
    }

    fn vector_lock(&mut self) -> bool {
        vector::lock()
    }

    fn is_device_memory(&self, first: Phys, frames: u64) -> bool {
        let bytes = frames.checked_mul(PAGE_SIZE);
        let start = first.address();
        let Some(end) = bytes.and_then(|bytes| start.checked_add(bytes)) else { return false };
        let range = Range { start, end };
        let apart = range.end <= LOW_END || range.start >= self.ram_end;
        let taken = self.ram.iter().chain(&self.controllers).any(|taken| taken.overlaps(range));
        start.is_multiple_of(PAGE_SIZE) && frames > 0 && apart && !taken
    }

    fn ecam(&self) -> Option<Ecam> {
        self.ecam
    }

    fn port_read(&mut self, port: u16, width: PortWidth) -> u32 {
        match width {
            PortWidth::Byte => u32::from(ports::read::<u8>(port)),
            PortWidth::Word => u32::from(ports::read::<u16>(port)),
            PortWidth::Long => ports::read(port),
        }
    }

    fn port_write(&mut self, port: u16, width: PortWidth, value: u32) {
        let [low, high, ..] = value.to_le_bytes();
        match width {
            PortWidth::Byte => ports::write(port, low),
            PortWidth::Word => ports::write(port, u16::from_le_bytes([low, high])),
            PortWidth::Long => ports::write(port, value),
        }
    }

    fn log(&mut self, bytes: &[u8]) {
        log::write(bytes);
    }

    fn read_log(&self, first: u64, into: &mut [u8]) -> (usize, u64) {
        log::read(first, into)
    }
}
