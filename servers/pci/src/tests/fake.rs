//! A machine of numbers: configuration space, registers behind BARs, and a log of what happened
//! to them, in order.

use crate::config::{ConfigSpace, NOTHING, command, register};
use crate::platform::{Interrupt, Platform, Space};
use pci_api::Slot;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use sys::{Error, IoSpace, Irq, IrqInfo, IrqMessage, Memory, Notification, RegisterFile};

/// What happened, in order.
pub(super) type Log = Rc<RefCell<Vec<String>>>;

/// A function of the fake: its registers, and the bits of them that can be written.
#[derive(Clone, Debug)]
pub(super) struct FakeFunction {
    pub(super) registers: Vec<u32>,
    pub(super) writable: Vec<u32>,
    /// Where a function reset is started: the register and the bit.
    pub(super) reset: Option<(u16, u32)>,
}

impl FakeFunction {
    /// An endpoint with an id and a class code.
    pub(super) fn new(id: u32, class: u32) -> Self {
        let mut function = Self { registers: vec![0; 64], writable: vec![0; 64], reset: None };
        function.set(register::ID, id, 0);
        function.set(register::CLASS, class << 8, 0);
        function.set(register::COMMAND, 0, 0xffff);
        function
    }

    /// Sets a register, and the bits of it that can be written.
    pub(super) fn set(&mut self, at: u16, value: u32, writable: u32) -> &mut Self {
        self.registers[usize::from(at / 4)] = value;
        self.writable[usize::from(at / 4)] = writable;
        self
    }

    /// A 32-bit memory BAR.
    pub(super) fn bar32(&mut self, number: u16, address: u32, bytes: u32) -> &mut Self {
        self.set(register::BARS + 4 * number, address, bytes.wrapping_neg())
    }

    /// A 64-bit memory BAR.
    pub(super) fn bar64(&mut self, number: u16, address: u64, bytes: u64) -> &mut Self {
        let at = register::BARS + 4 * number;
        let half = |value: u64, shift: u32| (value >> shift & 0xffff_ffff) as u32;
        let mask = bytes.wrapping_neg();
        self.set(at, half(address, 0) | 0xc, half(mask, 0) & !0xf);
        self.set(at + 4, half(address, 32), half(mask, 32))
    }

    /// A list of capabilities: offset and first register without the link.
    pub(super) fn list(&mut self, all: &[(u8, u32)]) -> &mut Self {
        self.registers[1] |= 1 << 20;
        self.registers[0x34 / 4] = all.first().map_or(0, |first| first.0.into());
        for (index, (at, head)) in all.iter().enumerate() {
            let next = all.get(index + 1).map_or(0, |next| u32::from(next.0));
            self.registers[usize::from(at / 4)] = head & !0xff00 | next << 8;
        }
        self
    }

    /// The MSI-X capability at 0x98, which is in no list yet.
    pub(super) fn msix(&mut self, vectors: u32, table: u32, pending: u32) -> &mut Self {
        self.set(0x98, 0x11 | (vectors - 1) << 16, 0xc000_0000);
        self.set(0x9c, table, 0).set(0xa0, pending, 0)
    }

    fn read(&self, offset: u16) -> u32 {
        self.registers.get(usize::from(offset / 4)).copied().unwrap_or(0)
    }

    fn write(&mut self, offset: u16, value: u32) {
        let at = usize::from(offset / 4);
        let Some(mask) = self.writable.get(at).copied() else { return };
        self.registers[at] = self.registers[at] & !mask | value & mask;
    }

    /// Forgets what firmware had set.
    fn forget(&mut self) {
        for at in [1, 3, 4, 5, 6, 7, 8, 9, 15] {
            self.registers[at] &= !self.writable[at];
        }
    }
}

/// The fake machine; its copies are the same one.
#[derive(Clone, Default)]
pub(super) struct Fake {
    pub(super) functions: Rc<RefCell<BTreeMap<Slot, FakeFunction>>>,
    pub(super) log: Log,
    pub(super) pages: Rc<RefCell<BTreeMap<u64, Rc<Page>>>>,
    /// Interrupts that came and were not acknowledged, of every vector.
    pub(super) unacknowledged: Rc<Cell<u64>>,
    /// Mappings of every space; of a new one, too: an orphan's.
    pub(super) mappings: Rc<Cell<u64>>,
    /// Another process manages the space.
    pub(super) managed: Rc<Cell<bool>>,
    next_message: Rc<Cell<u32>>,
}

/// A page of registers.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) bytes: RefCell<Vec<u8>>,
    /// What a write of the byte here leaves as it is.
    pub(super) stuck: Cell<Option<usize>>,
    name: String,
    log: Log,
}

impl Fake {
    pub(super) fn add(&self, slot: Slot, function: &FakeFunction) {
        self.functions.borrow_mut().insert(slot, function.clone());
    }

    pub(super) fn register(&self, slot: Slot, at: u16) -> u32 {
        self.functions.borrow()[&slot].read(at)
    }

    pub(super) fn log(&self, what: impl Into<String>) {
        self.log.borrow_mut().push(what.into());
    }

    pub(super) fn take_log(&self) -> Vec<String> {
        self.log.take()
    }

    /// The page of registers at this address.
    pub(super) fn page(&self, address: u64) -> Rc<Page> {
        let mut pages = self.pages.borrow_mut();
        let new = || {
            Rc::new(Page {
                bytes: RefCell::new(vec![0; 4096]),
                stuck: Cell::new(None),
                name: format!("{address:#x}"),
                log: self.log.clone(),
            })
        };
        pages.entry(address).or_insert_with(new).clone()
    }

    /// Counts messages from the first one again.
    pub(super) fn first_message(&self) {
        self.next_message.set(0);
    }

    pub(super) fn set_word(&self, address: u64, value: u32) {
        let page = self.page(address & !0xfff);
        let at = (address & 0xfff) as usize;
        page.bytes.borrow_mut()[at..at + 4].copy_from_slice(&value.to_le_bytes());
    }

    pub(super) fn word(&self, address: u64) -> u32 {
        let page = self.page(address & !0xfff);
        let at = (address & 0xfff) as usize;
        u32::from_le_bytes(page.bytes.borrow()[at..at + 4].try_into().unwrap())
    }
}

impl ConfigSpace for Fake {
    fn read(&self, slot: Slot, offset: u16) -> u32 {
        self.functions.borrow().get(&slot).map_or(NOTHING, |function| function.read(offset))
    }

    fn write(&self, slot: Slot, offset: u16, value: u32) {
        let mut functions = self.functions.borrow_mut();
        let Some(function) = functions.get_mut(&slot) else { return };
        let before = function.read(register::COMMAND) & command::BUS_MASTER;
        if function.reset.is_some_and(|(at, bit)| at == offset && value & bit != 0) {
            self.log(format!("{slot} function reset"));
            function.forget();
            return;
        }
        function.write(offset, value);
        match (before, function.read(register::COMMAND) & command::BUS_MASTER) {
            (0, 0) => {}
            (_, 0) => self.log(format!("{slot} DMA off")),
            (0, _) => self.log(format!("{slot} DMA on")),
            _ => {}
        }
    }

    fn physical(&self) -> Option<(u64, u64)> {
        Some((0xb000_0000, 0xbfff_ffff))
    }
}

impl Platform for Fake {
    fn registers(&self, address: u64, pages: u64) -> Result<Box<dyn RegisterFile>, Error> {
        assert!(address.is_multiple_of(4096));
        Ok(Box::new(Pages((0..pages).map(|page| self.page(address + 4096 * page)).collect())))
    }

    fn window(&self, address: u64, pages: u64) -> Result<Memory, Error> {
        self.log(format!("window {address:#x}+{pages}"));
        Memory::create(pages)
    }

    fn message(
        &self,
        notification: &Notification,
        bits: u64,
    ) -> Result<(Box<dyn Interrupt>, IrqMessage), Error> {
        let number = self.next_message.get() + 1;
        self.next_message.set(number);
        let notification = notification.copy(sys::Rights::SIGNAL)?;
        let interrupt = FakeInterrupt { fake: self.clone(), number, notification, bits };
        let message = IrqMessage { address: 0xfee0_0000, data: 0x50 + number };
        Ok((Box::new(interrupt), message))
    }

    fn space(
        &self,
        function: u16,
        pages: u32,
        trusted: bool,
    ) -> Result<(Box<dyn Space>, u64), Error> {
        if !trusted {
            return Err(Error::NoRight);
        }
        if self.managed.get() {
            return Err(Error::BadState);
        }
        self.log(format!("space {function:#x} of {pages}"));
        Ok((Box::new(FakeSpace(self.clone())), self.mappings.get()))
    }
}

/// A message in use.
struct FakeInterrupt {
    fake: Fake,
    number: u32,
    notification: Notification,
    bits: u64,
}

impl Interrupt for FakeInterrupt {
    fn info(&self) -> Result<IrqInfo, Error> {
        let unacknowledged = self.fake.unacknowledged.get();
        Ok(IrqInfo { interrupts: unacknowledged, unacknowledged })
    }

    fn for_driver(&self) -> Result<Irq, Error> {
        // Tests side by side share the hosted machine, which has a message for each.
        let resource = sys::host::resource()?;
        Irq::message(&resource, 0, &self.notification, self.bits).map(|(irq, _)| irq)
    }
}

impl Drop for FakeInterrupt {
    fn drop(&mut self) {
        self.fake.log(format!("message {} closed", self.number));
    }
}

/// A space of the fake.
struct FakeSpace(Fake);

impl Space for FakeSpace {
    fn for_driver(&self) -> Result<IoSpace, Error> {
        Err(Error::NoSuchCall)
    }

    fn clear(&self) -> Result<u64, Error> {
        let left = self.0.mappings.get().saturating_sub(1);
        self.0.mappings.set(left);
        self.0.log(format!("clear, {left} left"));
        Ok(left)
    }
}

/// Some pages of registers.
struct Pages(Vec<Rc<Page>>);

impl Pages {
    fn find<const N: usize>(&self, offset: usize) -> Result<(&Page, usize), Error> {
        let page = self.0.get(offset / 4096).filter(|_| offset.is_multiple_of(N));
        Ok((page.ok_or(Error::BadAddress)?, offset % 4096))
    }

    fn read<const N: usize>(&self, offset: usize) -> Result<[u8; N], Error> {
        let (page, at) = self.find::<N>(offset)?;
        Ok(page.bytes.borrow()[at..at + N].try_into().unwrap())
    }

    fn write<const N: usize>(&self, offset: usize, value: [u8; N]) -> Result<(), Error> {
        let (page, at) = self.find::<N>(offset)?;
        let number = value.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte));
        page.log.borrow_mut().push(format!("{}+{at:#x} = {number:#x}", page.name));
        if page.stuck.get() != Some(at) {
            page.bytes.borrow_mut()[at..at + N].copy_from_slice(&value);
        }
        Ok(())
    }
}

impl RegisterFile for Pages {
    fn len(&self) -> usize {
        self.0.len() * 4096
    }
    fn read_u8(&self, offset: usize) -> Result<u8, Error> {
        self.read(offset).map(u8::from_le_bytes)
    }
    fn read_u16(&self, offset: usize) -> Result<u16, Error> {
        self.read(offset).map(u16::from_le_bytes)
    }
    fn read_u32(&self, offset: usize) -> Result<u32, Error> {
        self.read(offset).map(u32::from_le_bytes)
    }
    fn read_u64(&self, offset: usize) -> Result<u64, Error> {
        self.read(offset).map(u64::from_le_bytes)
    }
    fn write_u8(&self, offset: usize, value: u8) -> Result<(), Error> {
        self.write(offset, value.to_le_bytes())
    }
    fn write_u16(&self, offset: usize, value: u16) -> Result<(), Error> {
        self.write(offset, value.to_le_bytes())
    }
    fn write_u32(&self, offset: usize, value: u32) -> Result<(), Error> {
        self.write(offset, value.to_le_bytes())
    }
    fn write_u64(&self, offset: usize, value: u64) -> Result<(), Error> {
        self.write(offset, value.to_le_bytes())
    }
}

/// As QEMU's virtio-blk-pci: MSI-X in BAR 1, registers in BAR 4 at this address.
pub(super) fn virtio(address: u64) -> FakeFunction {
    let mut it = FakeFunction::new(0x1042_1af4, 0x01_00_00);
    let list = [
        (0x98, 0x11),
        (0x84, 0x0514_0009),
        (0x70, 0x0214_0009),
        (0x60, 0x0410_0009),
        (0x50, 0x0310_0009),
        (0x40, 0x0110_0009),
    ];
    it.msix(2, 1, 0x801).bar32(1, 0xfebd_0000, 0x1000).bar64(4, address, 0x4000).list(&list);
    it.writable[0x98 / 4] = 0xc000_0000;
    it.registers[0x98 / 4] |= 1 << 16;
    for (at, offset) in [(0x40, 0), (0x50, 0x1000), (0x60, 0x2000), (0x70, 0x3000)] {
        it.set(at + 4, 4, 0).set(at + 8, offset, 0).set(at + 12, 0x1000, 0);
    }
    it.set(0x80, 4, 0);
    it
}

/// As QEMU's nvme: MSI-X in BAR 0 at 0x2000, and a function reset.
pub(super) fn nvme(address: u64) -> FakeFunction {
    let mut it = FakeFunction::new(0x0010_1b36, 0x01_08_02);
    it.msix(65, 0x2000, 0x3000)
        .bar64(0, address, 0x4000)
        .list(&[(0x98, 0x0040_0011), (0x40, 0x10)]);
    it.set(0x44, 1 << 28, 0);
    it.reset = Some((0x48, 1 << 15));
    it
}

/// As QEMU's edu: MSI, no reset.
pub(super) fn edu() -> FakeFunction {
    let mut it = FakeFunction::new(0x11e8_1234, 0x00_ff_00);
    it.bar32(0, 0xfea0_0000, 0x10_0000).list(&[(0x40, 0x0080_0005)]);
    it.writable[0x40 / 4] = 0x0071_0000;
    for at in [0x44, 0x48, 0x4c] {
        it.set(at, 0, u32::MAX);
    }
    it
}

/// A bridge to this bus.
pub(super) fn bridge(primary: u8, secondary: u8) -> FakeFunction {
    let mut it = FakeFunction::new(0x000c_1b36, 0x06_04_00);
    let busses = u32::from(primary) | u32::from(secondary) << 8 | u32::from(secondary) << 16;
    it.set(register::HEADER, 1 << 16, 0).set(register::BUSES, busses, 0);
    it
}

/// As QEMU's q35: a host bridge, a function with three, virtio, edu, and an nvme behind a port.
pub(super) fn q35() -> Fake {
    let fake = Fake::default();
    fake.add(Slot::new(0, 0, 0), &FakeFunction::new(0x29c0_8086, 0x06_00_00));
    let mut isa = FakeFunction::new(0x2918_8086, 0x06_01_00);
    isa.set(register::HEADER, 0x80 << 16, 0);
    fake.add(Slot::new(0, 31, 0), &isa);
    fake.add(Slot::new(0, 31, 2), &FakeFunction::new(0x2922_8086, 0x01_06_01));
    fake.add(Slot::new(0, 31, 3), &FakeFunction::new(0x2930_8086, 0x0c_05_00));
    fake.add(Slot::new(0, 4, 0), &virtio(0xfe00_0000));
    fake.add(Slot::new(0, 5, 0), &edu());
    fake.add(Slot::new(0, 6, 0), &bridge(0, 1));
    fake.add(Slot::new(1, 0, 0), &nvme(0x8_0000_0000));
    fake
}

/// The slots of the three devices of [`q35`].
pub(super) const VIRTIO: Slot = Slot::new(0, 4, 0);
pub(super) const EDU: Slot = Slot::new(0, 5, 0);
pub(super) const NVME: Slot = Slot::new(1, 0, 0);
