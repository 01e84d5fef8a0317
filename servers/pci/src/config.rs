//! Configuration space: accesses of 32 bits to the registers of a function.
//!
//! Source of offsets and bits: PCI Local Bus Specification 3.0, chapter 6.

use pci_api::Slot;

/// The configuration space of all functions.
///
/// Where no function is, a read returns all ones and a write does nothing; so does an access that
/// the machine refuses.
pub trait ConfigSpace {
    /// Reads the register at this offset, a multiple of 4.
    fn read(&self, slot: Slot, offset: u16) -> u32;
    /// Writes it.
    fn write(&self, slot: Slot, offset: u16, value: u32);
    /// The physical addresses through which all of it can be reached, and which no BAR may have:
    /// first and last.
    fn physical(&self) -> Option<(u64, u64)>;
}

/// Offsets of registers.
pub mod register {
    /// Vendor and device.
    pub const ID: u16 = 0x00;
    /// Command and status.
    pub const COMMAND: u16 = 0x04;
    /// Class code and revision.
    pub const CLASS: u16 = 0x08;
    /// Cache line size, latency, header type.
    pub const HEADER: u16 = 0x0c;
    /// The first BAR.
    pub const BARS: u16 = 0x10;
    /// Of a bridge: primary, secondary and subordinate bus.
    pub const BUSES: u16 = 0x18;
    /// Vendor and device of the board.
    pub const SUBSYSTEM: u16 = 0x2c;
    /// The offset of the first capability.
    pub const CAPABILITIES: u16 = 0x34;
    /// Interrupt line.
    pub const LINE: u16 = 0x3c;
    /// Behind the header.
    pub const END: u16 = 0x40;
}

/// Bits of the command register.
pub mod command {
    /// I/O ports are decoded.
    pub const IO: u32 = 1 << 0;
    /// Memory is decoded.
    pub const MEMORY: u32 = 1 << 1;
    /// The function may do DMA and send messages.
    pub const BUS_MASTER: u32 = 1 << 2;
    /// The function does not use its interrupt line.
    pub const LINE_OFF: u32 = 1 << 10;
}

/// What a read returns where nothing answers.
pub const NOTHING: u32 = u32::MAX;

/// The upper half of the register is status, which a write of zeros leaves as it is.
const LOWER_HALF: u32 = 0xffff;

/// Reads the command register.
pub fn read_command(config: &dyn ConfigSpace, slot: Slot) -> u32 {
    config.read(slot, register::COMMAND) & LOWER_HALF
}

/// Clears and sets bits of the command register.
pub fn change_command(config: &dyn ConfigSpace, slot: Slot, clear: u32, set: u32) {
    let value = read_command(config, slot) & !clear | set;
    config.write(slot, register::COMMAND, value & LOWER_HALF);
}

/// Returns whether a function answers in this slot.
pub fn answers(config: &dyn ConfigSpace, slot: Slot) -> bool {
    let id = config.read(slot, register::ID);
    id != NOTHING && id & LOWER_HALF != LOWER_HALF
}
