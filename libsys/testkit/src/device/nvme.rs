//! An NVMe controller with one namespace. Source: NVM Express 1.4.

mod commands;
mod queue;

use super::Bus;
use commands::Command;
use queue::Pair;
use std::cell::{Cell, RefCell};
use std::sync::{Arc, Mutex};
use sys::{Error, Mapping, Memory, Notification, Protection};

const CAPABILITIES: usize = 0x00;
const VERSION: usize = 0x08;
const CONFIGURATION: usize = 0x14;
const STATUS: usize = 0x1c;
const ADMIN_SIZES: usize = 0x24;
const ADMIN_SUBMISSION: usize = 0x28;
const ADMIN_COMPLETION: usize = 0x30;
const DOORBELLS: usize = 0x1000;

/// What a controller does wrong when it completes a command of the namespace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NvmeMischief {
    /// Nothing.
    #[default]
    None,
    /// It names this command.
    Command(u16),
    /// It does not complete.
    Silent,
    /// It completes twice.
    Twice,
    /// It says that it failed, by this status.
    Status(u16),
}

/// A controller over memory that its driver maps as its BAR. It works when it is told to.
#[derive(Debug)]
pub struct Nvme {
    bus: Bus,
    memory: Memory,
    registers: Mapping,
    /// What the namespace holds: two controllers can have one, as two lives of a driver do.
    bytes: Arc<Mutex<Vec<u8>>>,
    block: usize,
    enabled: Cell<bool>,
    pairs: RefCell<Vec<Pair>>,
    mischief: Cell<NvmeMischief>,
    bell: RefCell<Option<(Notification, u64)>>,
    flushes: Cell<u64>,
}

impl Nvme {
    /// A controller on a bus, whose namespace has blocks of this size.
    ///
    /// # Errors
    /// What the kernel refuses.
    pub fn new(bus: &Bus, bytes: &Arc<Mutex<Vec<u8>>>, block: usize) -> Result<Self, Error> {
        let memory = Memory::create(2)?;
        let registers = memory.map_own(Protection::ReadWrite)?;
        let nvme = Self {
            bus: bus.clone(),
            memory,
            registers,
            bytes: bytes.clone(),
            block,
            enabled: Cell::default(),
            pairs: RefCell::default(),
            mischief: Cell::default(),
            bell: RefCell::default(),
            flushes: Cell::default(),
        };
        // 64 entries, one command set, pages of 4 KiB.
        nvme.set(CAPABILITIES, &(63_u64 | 1 << 16 | 1 << 37).to_le_bytes());
        nvme.set(VERSION, &0x0001_0400_u32.to_le_bytes());
        Ok(nvme)
    }

    /// The registers, as `pci` gives them: two pages.
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// What its interrupt rings.
    pub fn interrupt_to(&self, bell: Notification, bits: u64) {
        *self.bell.borrow_mut() = Some((bell, bits));
    }

    /// What it does wrong from now on.
    pub fn set_mischief(&self, mischief: NvmeMischief) {
        self.mischief.set(mischief);
    }

    /// Changes bits of its capabilities, as a hostile one does.
    pub fn set_capabilities(&self, bits: u64) {
        self.set(CAPABILITIES, &bits.to_le_bytes());
    }

    /// The number of flushes.
    pub fn flushes(&self) -> u64 {
        self.flushes.get()
    }

    /// Works until nothing is left to do.
    pub fn step(&self) {
        self.look_at_enable();
        while let Some((pair, command)) = self.next() {
            let (status, result) = self.carry_out(&command, pair);
            self.complete(pair, &command, status, result);
        }
    }

    fn look_at_enable(&self) {
        let on = self.word(CONFIGURATION) & 1 == 1;
        if self.enabled.replace(on) == on {
            return;
        }
        self.pairs.borrow_mut().clear();
        if on {
            let sizes = self.word(ADMIN_SIZES);
            let [submission, completion] = [sizes & 0xfff, sizes >> 16 & 0xfff];
            let bases = [ADMIN_SUBMISSION, ADMIN_COMPLETION].map(|at| self.long(at));
            let mut pair = Pair::default();
            pair.set_submission(bases[0], submission + 1);
            pair.set_completion(bases[1], completion + 1);
            self.pairs.borrow_mut().push(pair);
        }
        self.set(STATUS, &u32::from(on).to_le_bytes());
    }

    /// The next command of any queue, with the number of its pair.
    fn next(&self) -> Option<(usize, Command)> {
        let mut pairs = self.pairs.borrow_mut();
        pairs.iter_mut().enumerate().find_map(|(number, pair)| {
            let tail = self.word(DOORBELLS + number * 8);
            pair.next(&self.bus, tail).map(|command| (number, command))
        })
    }

    fn complete(&self, pair: usize, command: &Command, status: u16, result: u32) {
        let mischief = if pair == 0 { NvmeMischief::None } else { self.mischief.get() };
        let (id, status, times) = match mischief {
            NvmeMischief::None => (command.id, status, 1),
            NvmeMischief::Command(id) => (id, status, 1),
            NvmeMischief::Silent => (0, 0, 0),
            NvmeMischief::Twice => (command.id, status, 2),
            NvmeMischief::Status(status) => (command.id, status, 1),
        };
        for _ in 0..times {
            if let Some(pair) = self.pairs.borrow_mut().get_mut(pair) {
                pair.complete(&self.bus, id, status, result);
            }
            self.interrupt();
        }
    }

    fn interrupt(&self) {
        if let Some((bell, bits)) = &*self.bell.borrow()
            && let Err(error) = bell.signal(*bits)
        {
            panic!("the interrupt of a fake controller: {error}");
        }
    }

    fn set(&self, offset: usize, bytes: &[u8]) {
        if let Err(error) = self.registers.write_at(offset, bytes) {
            panic!("a register of a fake controller: {error}");
        }
    }

    fn word(&self, offset: usize) -> u32 {
        let mut bytes = [0; 4];
        if let Err(error) = self.registers.read_at(offset, &mut bytes) {
            panic!("a register of a fake controller: {error}");
        }
        u32::from_le_bytes(bytes)
    }

    fn long(&self, offset: usize) -> u64 {
        u64::from(self.word(offset)) | u64::from(self.word(offset + 4)) << 32
    }
}
