//! Registers and their bits. Source: the datasheet, section 10.2.

/// Device control: reset, set link up.
pub(crate) const CTRL: usize = 0x0000;
pub(crate) const CTRL_RESET: u32 = 1 << 26;
pub(crate) const CTRL_LINK_UP: u32 = 1 << 6;
/// Interrupt causes, written to clear; those that interrupt: set, clear.
pub(crate) const ICR: usize = 0x00c0;
pub(crate) const IMS: usize = 0x00d0;
pub(crate) const IMC: usize = 0x00d8;
pub(crate) const CAUSE_RECEIVE: u32 = 1 << 20;
pub(crate) const CAUSE_TRANSMIT: u32 = 1 << 22;
pub(crate) const CAUSES: u32 = u32::MAX;
/// The vectors of causes: both queues and the rest have vector 0, each valid.
pub(crate) const IVAR: usize = 0x00e4;
pub(crate) const IVAR_ALL_0: u32 = 1 << 3 | 1 << 11 | 1 << 19;
/// Receiving: on, all multicasts, broadcasts, buffers of 2 KiB, without the check sequence.
pub(crate) const RCTL: usize = 0x0100;
pub(crate) const RCTL_ON: u32 = 1 << 1 | 1 << 4 | 1 << 15 | 1 << 26;
/// Transmitting: on, short frames padded, 15 attempts, full duplex; gaps between frames.
pub(crate) const TCTL: usize = 0x0400;
pub(crate) const TCTL_ON: u32 = 1 << 1 | 1 << 3 | 0x0f << 4 | 0x3f << 12;
pub(crate) const TIPG: usize = 0x0410;
pub(crate) const TIPG_USUAL: u32 = 8 | 8 << 10 | 6 << 20;
/// The rings: address, bytes, head, tail. Those of received frames, then of transmitted ones.
pub(crate) const RECEIVE: usize = 0x2800;
pub(crate) const TRANSMIT: usize = 0x3800;
pub(crate) const BASE_LOW: usize = 0x00;
pub(crate) const BASE_HIGH: usize = 0x04;
pub(crate) const BYTES: usize = 0x08;
pub(crate) const HEAD: usize = 0x10;
pub(crate) const TAIL: usize = 0x18;
/// The card's own address; the last register that the driver uses.
pub(crate) const ADDRESS_LOW: usize = 0x5400;
pub(crate) const ADDRESS_HIGH: usize = 0x5404;
