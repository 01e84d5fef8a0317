//! The first program: made at boot, with all quota and the first handles.

use crate::kernel::Kernel;
use crate::machine::{CpuId, Frame, Machine, Phys};
use crate::mem::Memory;
use crate::number;
use crate::object::{Amounts, MemoryObject, ObjectRef, ProcessId, Storage};
use abi::{Error, Handle, PAGE_SIZE, Protection, Rights, StartupWriter};

/// A piece of the first program's image.
#[derive(Clone, Copy, Debug)]
pub struct Segment<'a> {
    /// Page-aligned address.
    pub address: u64,
    /// What it starts with.
    pub bytes: &'a [u8],
    /// Its length; what the bytes do not fill is zero.
    pub memory_len: u64,
    /// How it is mapped.
    pub protection: Protection,
}

/// The first program.
#[derive(Clone, Copy, Debug)]
pub struct BootProcess<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its image.
    pub segments: &'a [Segment<'a>],
    /// Where it starts.
    pub entry: u64,
    /// The kernel's command line.
    pub cmdline: &'a str,
    /// The boot archive: first frame, frames, bytes.
    pub archive: Option<(Phys, u64, u64)>,
    /// Pages of its stack.
    pub stack_pages: u64,
    /// Its priority.
    pub priority: u8,
}

impl<M: Machine> Kernel<M> {
    /// Makes the first program, with all quota and the first handles, and starts it.
    ///
    /// # Errors
    /// What a program would be told: no memory, bad addresses.
    pub fn boot_process(&mut self, boot: &BootProcess<'_>) -> Result<(), Error> {
        let all = Amounts::new(number::low32(self.frames.available()), 1 << 20, 1 << 20, 1 << 20);
        let quota = self.objects.quotas.open(None, all)?;
        self.objects.growth_payer = Some(quota);
        let process = self.new_process(boot.name, quota, quota, 63)?;
        self.objects.retain_process(process);
        for segment in boot.segments {
            self.memory().boot_segment(process, segment)?;
        }
        let stack = Segment {
            address: abi::STACK_TOP - boot.stack_pages * PAGE_SIZE,
            bytes: &[],
            memory_len: boot.stack_pages * PAGE_SIZE,
            protection: Protection::ReadWrite,
        };
        self.memory().boot_segment(process, &stack)?;
        self.memory().boot_startup(process, boot)?;
        let frame = M::Frame::start(
            abi::ThreadMode::Bits64,
            boot.entry,
            abi::STACK_TOP - 8,
            abi::STARTUP_ADDRESS,
        );
        let thread = self.new_thread(process, frame, boot.priority, CpuId(0))?;
        self.sched().ready(thread);
        Ok(())
    }
}

impl<M: Machine> Memory<'_, M> {
    fn boot_segment(&mut self, process: ProcessId, segment: &Segment<'_>) -> Result<(), Error> {
        let pages = segment.memory_len.div_ceil(PAGE_SIZE);
        let memory =
            self.new_memory(self.objects.processes[process].accounts.quota, pages, false)?;
        self.fill_now(memory);
        let mut bytes = segment.bytes;
        for page in 0..pages {
            let place =
                self.objects.memory_page(self.frames, memory, page).ok_or(Error::OutOfMemory)?;
            let (now, later) = bytes.split_at(bytes.len().min(number::size(PAGE_SIZE)));
            self.machine.write(place, now);
            bytes = later;
        }
        self.map_now(process, memory, segment.address, pages, segment.protection)
    }

    fn boot_startup(&mut self, process: ProcessId, boot: &BootProcess<'_>) -> Result<(), Error> {
        let mut page = [0; number::size(abi::STARTUP_SIZE)];
        let mut writer = StartupWriter::new(&mut page);
        let resource = self.grant(process, ObjectRef::Resource, Rights::ALL, 0)?;
        let full = |_| Error::TooLong;
        writer.line("name", boot.name).map_err(full)?;
        writer.line("cmdline", boot.cmdline).map_err(full)?;
        StartupWriter::handle(&mut writer, "resource", resource).map_err(full)?;
        if let Some((first, frames, bytes)) = boot.archive {
            let archive = self.boot_archive(process, first, frames)?;
            StartupWriter::handle(&mut writer, "archive", archive).map_err(full)?;
            writer.number("archive", bytes).map_err(full)?;
        }
        let segment = Segment {
            address: abi::STARTUP_ADDRESS,
            bytes: &page,
            memory_len: abi::STARTUP_SIZE,
            protection: Protection::Read,
        };
        self.boot_segment(process, &segment)
    }

    fn boot_archive(
        &mut self,
        process: ProcessId,
        first: Phys,
        frames: u64,
    ) -> Result<Handle, Error> {
        let quota = self.objects.processes[process].accounts.quota;
        let object = MemoryObject { refs: 0, pages: frames, storage: Storage::Fixed(first), quota };
        let memory = self.objects.memories.insert(object).map_err(|_| Error::OutOfMemory)?;
        let rights = Rights::READ | Rights::TRANSFER;
        self.grant(process, ObjectRef::Memory(memory), rights, 0)
    }
}
