//! A function as configuration space describes it.

use crate::capabilities::{self, ADVANCED, EXPRESS, Interrupts};
use crate::config::{ConfigSpace, register};
use crate::{bars, reset};
use alloc::vec::Vec;
use pci_api::{BarKind, BarSummary, Capability, Class, FunctionInfo, Id, Slot, VirtioCapability};

/// Virtio devices. Source: virtio 1.2, section 4.1.2.
const VIRTIO_VENDOR: u16 = 0x1af4;
/// The class of bridges.
const BRIDGE: u8 = 0x06;

/// A function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Function {
    /// Where it is.
    pub slot: Slot,
    /// What it is.
    pub id: Id,
    /// What its board is.
    pub subsystem: Id,
    /// What kind it is.
    pub class: Class,
    /// Its revision.
    pub revision: u8,
    /// Of a bridge to another bus: the bus behind it and the last one behind that.
    pub bridge: Option<(u8, u8)>,
    /// Its BARs.
    pub bars: Vec<BarSummary>,
    /// BARs that make no sense, and why.
    pub wild: Vec<(u8, &'static str)>,
    /// Its capabilities.
    pub capabilities: Vec<Capability>,
    /// Those of virtio.
    pub virtio: Vec<VirtioCapability>,
    /// How it interrupts.
    pub interrupts: Interrupts,
    /// Its reset of the whole function, if it has one.
    pub function_reset: Option<reset::FunctionReset>,
}

impl Function {
    /// Reads all about a function that answers.
    pub fn read(config: &dyn ConfigSpace, slot: Slot) -> Self {
        let [header, _] = halves(config.read(slot, register::HEADER) >> 16);
        let [revision, interface, subclass, class] =
            config.read(slot, register::CLASS).to_le_bytes();
        let mut function = Self {
            slot,
            id: id(config.read(slot, register::ID)),
            class: Class([class, subclass, interface]),
            revision,
            capabilities: capabilities::list(config, slot),
            ..Self::default()
        };
        match header & 0x7f {
            0 => function.read_endpoint(config),
            1 => {
                let [_, secondary, subordinate, _] =
                    config.read(slot, register::BUSES).to_le_bytes();
                function.bridge = Some((secondary, subordinate));
            }
            _ => {}
        }
        function
    }

    fn read_endpoint(&mut self, config: &dyn ConfigSpace) {
        self.subsystem = id(config.read(self.slot, register::SUBSYSTEM));
        let list = &self.capabilities;
        self.interrupts = capabilities::interrupts(config, self.slot, list);
        if self.id.vendor == VIRTIO_VENDOR {
            self.virtio = capabilities::virtio(config, self.slot, list);
        }
        let find = |id| list.iter().find(|it| it.id == id).map(|it| u16::from(it.offset));
        let (express, advanced) = (find(EXPRESS), find(ADVANCED));
        self.function_reset = reset::FunctionReset::read(config, self.slot, express, advanced);
        // Host bridges and their like decode what the machine needs.
        if self.is_bridge() {
            return;
        }
        for bar in bars::read(config, self.slot) {
            match bar {
                bars::Read::Good(bar) => self.bars.push(bar),
                bars::Read::Wild(number, why) => self.wild.push((number, why)),
            }
        }
        let bars = &self.bars;
        self.virtio.retain(|it| {
            bars.iter().any(|bar| {
                let end = u64::from(it.offset) + u64::from(it.length);
                bar.number == it.bar && bar.kind != BarKind::Io && end <= bar.bytes
            })
        });
    }

    /// Returns whether it is a bridge of any kind: never given to a driver.
    pub fn is_bridge(&self) -> bool {
        self.bridge.is_some() || self.class.0[0] == BRIDGE
    }

    /// The memory BAR with this number.
    pub fn memory_bar(&self, number: u8) -> Option<&BarSummary> {
        self.bars.iter().find(|bar| bar.number == number && bar.kind != BarKind::Io)
    }

    /// The number of interrupt vectors that a driver can have.
    pub fn vectors(&self) -> u16 {
        match self.interrupts {
            Interrupts::None => 0,
            // More than one would have to have consecutive numbers.
            Interrupts::Msi(_) => 1,
            Interrupts::Msix(msix) => msix.vectors,
        }
    }

    /// What everyone may know, without a driver.
    pub fn info(&self) -> FunctionInfo {
        FunctionInfo {
            slot: self.slot,
            id: self.id,
            subsystem: self.subsystem,
            class: self.class,
            revision: self.revision,
            bridge_to: self.bridge.map(|(secondary, _)| secondary),
            bars: self.bars.clone(),
            capabilities: self.capabilities.clone(),
            vectors: self.vectors(),
            driver: None,
        }
    }
}

fn id(register: u32) -> Id {
    let [a, b, c, d] = register.to_le_bytes();
    Id { vendor: u16::from_le_bytes([a, b]), device: u16::from_le_bytes([c, d]) }
}

fn halves(register: u32) -> [u8; 2] {
    let [low, high, ..] = register.to_le_bytes();
    [low, high]
}
