//! What everyone may know about a function, for `lspci` and `devices`.

use crate::{Capability, Class, Id, Slot};
use alloc::string::String;
use alloc::vec::Vec;

/// A function of a device.
#[service::data]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FunctionInfo {
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
    /// Of a bridge: the bus behind it.
    pub bridge_to: Option<u8>,
    /// Its BARs, by number.
    pub bars: Vec<BarSummary>,
    /// Its capabilities.
    pub capabilities: Vec<Capability>,
    /// The number of interrupt vectors that it has.
    pub vectors: u16,
    /// Its driver, if the manifest gives it to one.
    pub driver: Option<DriverInfo>,
}

/// What a BAR is.
#[service::data]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BarKind {
    /// Memory below 4 GiB.
    #[default]
    Memory32,
    /// Memory anywhere.
    Memory64,
    /// I/O ports, which no driver gets.
    Io,
}

/// A BAR.
#[service::data]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BarSummary {
    /// Its number, 0 to 5.
    pub number: u8,
    /// What it is.
    pub kind: BarKind,
    /// Its address.
    pub address: u64,
    /// Its size in bytes, or ports.
    pub bytes: u64,
}

/// What a driver's device is doing.
#[service::data]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DriverState {
    /// Reset; no driver has it.
    #[default]
    Ready,
    /// A driver has it.
    Open,
    /// Its session is over; it is being reset.
    Resetting,
    /// It has no reset: its frames wait until a DMA under way must have ended.
    Quarantine,
}

/// The driver of a function.
#[service::data]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DriverInfo {
    /// Its name in the manifest.
    pub name: String,
    /// What the device is doing.
    pub state: DriverState,
    /// Whether the device may do DMA now.
    pub bus_master: bool,
    /// The number of vectors in use.
    pub vectors_used: u16,
    /// The number of vectors that it can use.
    pub vectors: u16,
    /// Interrupts by those in use.
    pub interrupts: u64,
    /// The number of vectors that are masked because of a storm.
    pub masked: u16,
    /// The number of storms so far.
    pub storms: u64,
    /// The most pages that it may map for DMA.
    pub dma_pages: u32,
    /// The number of times that it was opened.
    pub opens: u64,
}
