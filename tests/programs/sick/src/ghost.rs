//! A driver that dies with a DMA under way, and a server that looks for where it lands.

use alloc::collections::VecDeque;
use rt::Failure;
use sys::{Direction, Memory, Pages, Protection, RegisterFile};

/// What the device writes, and what no page of another program ever shows.
const MARK: u8 = 0x6d;
/// What the watcher's pages hold.
const POISON: u8 = 0xa5;
/// Registers of the device `edu`. Source: QEMU, docs/specs/edu.txt.
const DMA_FROM: usize = 0x80;
const DMA_TO: usize = 0x88;
const DMA_BYTES: usize = 0x90;
const DMA_COMMAND: usize = 0x98;
const DMA_START: u64 = 1;
const DMA_TO_MACHINE: u64 = 2;
const DEVICE_MEMORY: u64 = 0x4_0000;
/// QEMU ends when a transfer reaches the last byte of the device's memory.
const BYTES: usize = 4095;
/// A transfer begins this long after its command.
const DELAY_NS: u64 = 100_000_000;
/// Pages of a batch, and how often a batch is taken. A batch is looked at when all that was under
/// way when it was taken is over.
const BATCH_PAGES: u64 = 64;
const PAUSE_NS: u64 = DELAY_NS / 10;
const BATCHES: usize = 25;
/// After this number of batches the watcher says that nothing landed.
const ENOUGH: u32 = 200;

/// Gives the device a transfer into a page and ends before it begins.
pub(crate) fn dies(env: &rt::Env) -> Result<(), Failure> {
    let opened = pci_api::open(env.names())?;
    let registers = opened.registers(0, 0)?;
    let memory = Memory::create_contiguous(1)?;
    let page = memory.map_own(Protection::ReadWrite)?;
    let (address, _) = opened.io_space()?.map(&memory, 0, 1, Direction::Both)?;
    opened.start_dma()?;
    page.write_at(0, &[MARK; BYTES])?;
    copy(&registers, address.0, DEVICE_MEMORY, DMA_START)?;
    while registers.read_u64(DMA_COMMAND)? & DMA_START != 0 {
        sys::sleep_for(DELAY_NS / 10);
    }
    page.write_at(0, &[0; BYTES])?;
    copy(&registers, DEVICE_MEMORY, address.0, DMA_START | DMA_TO_MACHINE)?;
    defmt::info!("dies with a DMA under way");
    sys::exit(1)
}

fn copy(registers: &sys::Registers, from: u64, to: u64, command: u64) -> Result<(), Failure> {
    registers.write_u64(DMA_FROM, from)?;
    registers.write_u64(DMA_TO, to)?;
    registers.write_u64(DMA_BYTES, BYTES as u64)?;
    Ok(registers.write_u64(DMA_COMMAND, command)?)
}

/// Takes pages as soon as they are free, fills them, and looks at them when every transfer is
/// over that was under way.
pub(crate) fn watches() -> Result<(), Failure> {
    let mut batches: VecDeque<Pages> = VecDeque::new();
    for round in 0.. {
        let mut batch = Pages::create(BATCH_PAGES)?;
        batch.fill(POISON);
        batches.push_back(batch);
        sys::sleep_for(PAUSE_NS);
        if batches.len() == BATCHES
            && let Some(oldest) = batches.pop_front()
            && let Some(byte) = oldest.iter().find(|byte| **byte != POISON)
        {
            defmt::panic!("a byte changed to {=u8:#x}", *byte);
        }
        if round == ENOUGH {
            defmt::info!("nothing landed");
        }
    }
    Ok(())
}
