//! Handles, what they name and what they allow.

use bitflags::bitflags;

/// A handle as user programs see it: slot number in the low 10 bits, the slot's
/// generation above. 0 names nothing; some calls take it for "the caller's own".
/// A closed handle names nothing else until its table has given out four billion more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[repr(transparent)]
pub struct Handle(pub u32);

impl Handle {
    /// Names nothing, or the caller's own, where a call says so.
    pub const NONE: Self = Self(0);

    /// Bits of the slot number.
    pub const SLOT_BITS: u32 = 10;
    /// Generations of a slot.
    pub const GENERATIONS: u32 = 1 << (u32::BITS - Self::SLOT_BITS);

    /// The handle of this slot in this generation.
    #[must_use]
    pub const fn new(slot: u16, generation: u32) -> Self {
        Self(slot as u32 & (Self::slots() - 1) | generation << Self::SLOT_BITS)
    }

    /// Slots of a table.
    pub const fn slots() -> u32 {
        1 << Self::SLOT_BITS
    }

    /// Its slot.
    pub const fn slot(self) -> u16 {
        let [low, high, ..] = (self.0 & (Self::slots() - 1)).to_le_bytes();
        u16::from_le_bytes([low, high])
    }

    /// Its slot's generation.
    pub const fn generation(self) -> u32 {
        self.0 >> Self::SLOT_BITS
    }

    /// Whether it is [`Handle::NONE`].
    pub fn is_none(self) -> bool {
        self.0 == 0
    }
}

/// What a handle names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum ObjectKind {
    /// A meeting point of callers and receivers.
    Endpoint = 1,
    /// 64 bits that can be set and waited for.
    Notification = 2,
    /// Pages of memory.
    Memory = 3,
    /// A space, a handle table and a quota.
    Process = 4,
    /// A thread.
    Thread = 5,
    /// A deadline that signals.
    Timer = 6,
    /// A device interrupt: a line or a message.
    Irq = 7,
    /// A range of I/O ports.
    Port = 8,
    /// The right to make Irq, Port, IoSpace, device-memory and SchedContext objects and to shut
    /// down; init's.
    Resource = 9,
    /// Ends with its last holder, and says so.
    Lifeline = 10,
    /// Time: a budget in each period, and how urgent.
    SchedContext = 11,
    /// The memory that a PCI function reaches.
    IoSpace = 12,
}

/// A bit beside an object's kind: it is the caller's own process.
pub const OWN_PROCESS: u64 = 1 << 16;

impl ObjectKind {
    /// The kind with this number.
    pub fn from_number(number: u64) -> Option<Self> {
        [
            Self::Endpoint,
            Self::Notification,
            Self::Memory,
            Self::Process,
            Self::Thread,
            Self::Timer,
            Self::Irq,
            Self::Port,
            Self::Resource,
            Self::Lifeline,
            Self::SchedContext,
            Self::IoSpace,
        ]
        .into_iter()
        .find(|kind| *kind as u64 == number)
    }
}

bitflags! {
    /// What a handle allows; a set of bits. A copy never has more than its original.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
    #[repr(transparent)]
    pub struct Rights: u16 {
        /// Map for reading.
        const READ = 1;
        /// Map for writing; write ports.
        const WRITE = 1 << 1;
        /// Map for execution.
        const EXECUTE = 1 << 2;
        /// Call and send to an endpoint.
        const SEND = 1 << 3;
        /// Receive from an endpoint.
        const RECEIVE = 1 << 4;
        /// Signal a notification.
        const SIGNAL = 1 << 5;
        /// Wait for, poll and bind a notification.
        const WAIT = 1 << 6;
        /// Control a process, thread, timer, interrupt, scheduling context, I/O space or the
        /// resource.
        const MANAGE = 1 << 7;
        /// Be copied and travel to another process.
        const TRANSFER = 1 << 8;
        /// Be copied with a badge.
        const MINT = 1 << 9;
        /// Of the resource: make Irq, Port, IoSpace and device-memory objects, and nothing else.
        const DEVICE = 1 << 10;
    }
}

impl Rights {
    /// Nothing.
    pub const NONE: Self = Self::empty();
    /// Everything.
    pub const ALL: Self = Self::all();
}
