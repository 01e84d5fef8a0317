//! What of the machine the kernel keeps for itself: one table, from which the kernel refuses
//! and from which the check of the manifest says so before anything boots.
//!
//! What depends on the machine (the size of its RAM, inputs of its interrupt controllers) is
//! not here; the kernel finds that at boot and refuses it as well.

/// Numbers that no driver can have: ports, interrupt lines or physical addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reserved {
    /// The first number.
    pub first: u64,
    /// The last number.
    pub last: u64,
    /// What uses it.
    pub user: &'static str,
}

impl Reserved {
    const fn new(first: u64, last: u64, user: &'static str) -> Self {
        Self { first, last, user }
    }

    fn overlaps(&self, first: u64, last: u64) -> bool {
        self.first <= last && first <= self.last
    }
}

/// QEMU's debug console: the system log.
pub const LOG_PORT: u16 = 0xe9;
/// QEMU's isa-debug-exit: the end of the machine.
pub const EXIT_PORT: u16 = 0xf4;

/// The memory of the smallest machine that Postern boots on.
const RAM_LEAST: u64 = 16 << 20;
/// Old video memory: the one part of low memory that is a device.
const VIDEO: u64 = 0xa_0000;
const VIDEO_END: u64 = 0xc_0000;
/// Source: Intel SDM 3A, 4.1.4: physical addresses have at most 52 bits.
const PHYSICAL_END: u64 = 1 << 52;

/// I/O ports.
pub const PORTS: [Reserved; 6] = [
    Reserved::new(0x20, 0x21, "the first interrupt controller"),
    Reserved::new(0x40, 0x43, "the interval timer"),
    Reserved::new(0x61, 0x61, "the gate of the interval timer"),
    Reserved::new(0xa0, 0xa1, "the second interrupt controller"),
    Reserved::new(LOG_PORT as u64, LOG_PORT as u64, "the system log"),
    Reserved::new(EXIT_PORT as u64, EXIT_PORT as u64 + 3, "the end of the machine"),
];

/// Interrupt lines. Both lead to the same input of the I/O interrupt controller.
pub const LINES: [Reserved; 2] = [
    Reserved::new(0, 0, "the interval timer"),
    Reserved::new(2, 2, "the second interrupt controller"),
];

/// Physical addresses.
pub const MEMORY: [Reserved; 5] = [
    Reserved::new(0, VIDEO - 1, "RAM"),
    Reserved::new(VIDEO_END, RAM_LEAST - 1, "firmware and RAM"),
    Reserved::new(0xfec0_0000, 0xfec0_0fff, "the I/O interrupt controller"),
    Reserved::new(0xfee0_0000, 0xfee0_0fff, "the local interrupt controllers"),
    Reserved::new(PHYSICAL_END, u64::MAX, "addresses have 52 bits"),
];

/// What keeps one of these ports from drivers.
pub fn ports(first: u64, last: u64) -> Option<&'static Reserved> {
    PORTS.iter().find(|reserved| reserved.overlaps(first, last))
}

/// What keeps this interrupt line from drivers.
pub fn line(line: u64) -> Option<&'static Reserved> {
    LINES.iter().find(|reserved| reserved.overlaps(line, line))
}

/// What keeps one of these physical addresses from drivers.
pub fn memory(first: u64, last: u64) -> Option<&'static Reserved> {
    MEMORY.iter().find(|reserved| reserved.overlaps(first, last))
}
