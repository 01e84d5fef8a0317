//! The interrupt vectors of a device: entries of its MSI-X table, or its one MSI message.
//!
//! An entry is masked while it is written, so no device sends half of a message.

use crate::capabilities::{Interrupts, Msi, Msix};
use crate::config::ConfigSpace;
use crate::function::Function;
use crate::platform::{Interrupt, Platform};
use crate::windows;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use pci_api::{BarSummary, Slot};
use sys::{Error, IrqMessage, RegisterFile};

/// More interrupts than this without an acknowledgement of the driver are a storm.
pub const STORM: u64 = 1000;

/// Bits of the message control register, which is the upper half of a capability's first one.
const MSIX_ON: u32 = 1 << 31;
const MSIX_MASK_ALL: u32 = 1 << 30;
const MSI_ON: u32 = 1 << 16;
const MSI_COUNT: u32 = 7 << 20;

/// Of a table entry. Source: PCI 3.0, section 6.8.2.
const ENTRY: usize = 16;
const MASKED: u32 = 1;

/// Vectors of a device.
pub struct Vectors {
    slot: Slot,
    source: Source,
    /// The number that the driver can use.
    count: u16,
    used: BTreeMap<u16, Used>,
    storms: u64,
}

/// Where messages are written.
enum Source {
    None,
    Msi(Msi),
    Msix { msix: Msix, table: Box<dyn RegisterFile>, at: usize },
}

/// A vector in use.
struct Used {
    interrupt: Box<dyn Interrupt>,
    message: IrqMessage,
    masked: bool,
}

impl Vectors {
    /// The vectors of a function, all off: as many as it has, at most `most`.
    pub fn new(
        config: &dyn ConfigSpace,
        platform: &dyn Platform,
        function: &Function,
        alone: &[&BarSummary],
        most: u16,
    ) -> Self {
        let source = source(platform, function, alone);
        let has = if matches!(source, Source::None) { 0 } else { function.vectors() };
        let vectors = Self {
            slot: function.slot,
            source,
            count: has.min(most),
            used: BTreeMap::new(),
            storms: 0,
        };
        vectors.turn_off(config, has);
        vectors
    }

    /// The number that the driver can use.
    pub fn count(&self) -> u16 {
        self.count
    }

    /// The number in use.
    pub fn used(&self) -> u16 {
        u16::try_from(self.used.len()).unwrap_or(u16::MAX)
    }

    /// The number of those that are masked because of a storm.
    pub fn masked(&self) -> u16 {
        let masked = self.used.values().filter(|it| it.masked).count();
        u16::try_from(masked).unwrap_or(u16::MAX)
    }

    /// The number of storms so far.
    pub fn storms(&self) -> u64 {
        self.storms
    }

    /// Interrupts by the vectors in use.
    pub fn interrupts(&self) -> u64 {
        let infos = self.used.values().filter_map(|it| it.interrupt.info().ok());
        infos.map(|info| info.interrupts).sum()
    }

    /// Puts an interrupt behind a vector, which may be in use.
    ///
    /// # Errors
    /// What the registers refuse: the vector is off then.
    pub fn set(
        &mut self,
        config: &dyn ConfigSpace,
        number: u16,
        interrupt: Box<dyn Interrupt>,
        message: IrqMessage,
    ) -> Result<(), Error> {
        self.write(config, number, message)?;
        self.used.insert(number, Used { interrupt, message, masked: false });
        Ok(())
    }

    /// Masks all and turns them off. Their interrupts stay until [`Vectors::forget`].
    pub fn stop(&self, config: &dyn ConfigSpace) {
        self.turn_off(config, self.count);
    }

    /// Closes the interrupts, after the device was stopped.
    pub fn forget(&mut self) {
        self.used.clear();
    }

    /// Writes all that are in use again, after a reset.
    ///
    /// # Errors
    /// What the registers refuse.
    pub fn restore(&mut self, config: &dyn ConfigSpace) -> Result<(), Error> {
        let all: alloc::vec::Vec<_> = self.used.iter().map(|it| (*it.0, it.1.message)).collect();
        all.into_iter().try_for_each(|(number, message)| self.write(config, number, message))?;
        self.used.values_mut().for_each(|it| it.masked = false);
        Ok(())
    }

    /// Masks vectors with a storm, and lets those go on whose driver has acknowledged: the number
    /// of new storms.
    pub fn check_storms(&mut self, config: &dyn ConfigSpace) -> u64 {
        let mut new = 0;
        for (number, it) in &mut self.used {
            let Ok(info) = it.interrupt.info() else { continue };
            let masks =
                if it.masked { info.unacknowledged > 0 } else { info.unacknowledged > STORM };
            if masks != it.masked {
                mask(&self.source, config, self.slot, *number, masks);
                it.masked = masks;
                new += u64::from(masks);
            }
        }
        self.storms += new;
        new
    }

    fn write(
        &self,
        config: &dyn ConfigSpace,
        number: u16,
        message: IrqMessage,
    ) -> Result<(), Error> {
        let [low, high] = halves(message.address);
        match &self.source {
            Source::None => return Err(Error::BadState),
            Source::Msix { msix, table, at } => {
                let entry = at + usize::from(number) * ENTRY;
                table.write_u32(entry + 12, MASKED)?;
                table.write_u32(entry, low)?;
                table.write_u32(entry + 4, high)?;
                table.write_u32(entry + 8, message.data)?;
                change(config, self.slot, msix.offset, MSIX_MASK_ALL, MSIX_ON);
                table.write_u32(entry + 12, 0)?;
            }
            Source::Msi(msi) => {
                change(config, self.slot, msi.offset, MSI_ON | MSI_COUNT, 0);
                config.write(self.slot, msi.offset + 4, low);
                let data = if msi.wide { msi.offset + 12 } else { msi.offset + 8 };
                if msi.wide {
                    config.write(self.slot, msi.offset + 8, high);
                }
                // The upper half of the register is reserved, or not the message's.
                config.write(self.slot, data, message.data & 0xffff);
                change(config, self.slot, msi.offset, 0, MSI_ON);
            }
        }
        Ok(())
    }

    fn turn_off(&self, config: &dyn ConfigSpace, entries: u16) {
        match &self.source {
            Source::None => {}
            Source::Msi(msi) => change(config, self.slot, msi.offset, MSI_ON, 0),
            Source::Msix { msix, .. } => {
                change(config, self.slot, msix.offset, 0, MSIX_MASK_ALL);
                for number in 0..entries {
                    mask(&self.source, config, self.slot, number, true);
                }
                change(config, self.slot, msix.offset, MSIX_ON, 0);
            }
        }
    }
}

fn source(platform: &dyn Platform, function: &Function, alone: &[&BarSummary]) -> Source {
    match function.interrupts {
        Interrupts::None => Source::None,
        Interrupts::Msi(msi) => Source::Msi(msi),
        Interrupts::Msix(msix) => msix_source(platform, msix, alone).unwrap_or(Source::None),
    }
}

/// Maps the table, where it is in a BAR that shares its pages with nothing.
fn msix_source(platform: &dyn Platform, msix: Msix, alone: &[&BarSummary]) -> Option<Source> {
    let table = windows::address_of(alone, msix.table)?;
    windows::address_of(alone, msix.pending)?;
    let in_page = table % sys::PAGE_SIZE;
    let pages = (in_page + msix.table.bytes).div_ceil(sys::PAGE_SIZE);
    let mapped = platform.registers(table - in_page, pages).ok()?;
    Some(Source::Msix { msix, table: mapped, at: usize::try_from(in_page).ok()? })
}

/// Masks a vector, or unmasks it. A masked one is kept pending by the device.
fn mask(source: &Source, config: &dyn ConfigSpace, slot: Slot, number: u16, masked: bool) {
    match source {
        Source::None => {}
        Source::Msix { table, at, .. } => {
            let entry = at + usize::from(number) * ENTRY;
            // The table was mapped for all entries.
            let _ = table.write_u32(entry + 12, if masked { MASKED } else { 0 });
        }
        // Not every device can mask it: it is turned off.
        Source::Msi(msi) if masked => change(config, slot, msi.offset, MSI_ON, 0),
        Source::Msi(msi) => change(config, slot, msi.offset, 0, MSI_ON),
    }
}

fn change(config: &dyn ConfigSpace, slot: Slot, offset: u16, clear: u32, set: u32) {
    let value = config.read(slot, offset) & !clear | set;
    config.write(slot, offset, value);
}

/// The lower and the upper half.
fn halves(value: u64) -> [u32; 2] {
    let [a, b, c, d, e, f, g, h] = value.to_le_bytes();
    [u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h])]
}
