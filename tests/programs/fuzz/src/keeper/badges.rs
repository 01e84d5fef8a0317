//! Badges: the sender of each message, and a proof that no other process has made one up.

/// What a handle with a badge was given for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Calls of a child.
    Call,
    /// Its faults.
    Fault,
    /// Its stops.
    Trace,
}

/// The badge of a child's handle.
#[derive(Clone, Copy)]
pub(super) struct Badge {
    pub(super) role: Role,
    pub(super) serial: u64,
}

/// What all badges begin with, so that small and random numbers are none.
const PREFIX: u64 = 0x4000_0000;
const SERIAL_BITS: u32 = 24;

impl Badge {
    /// As a number of 32 bits.
    pub(super) fn number(self) -> u64 {
        PREFIX | (self.serial % (1 << SERIAL_BITS)) << 2 | self.role as u64
    }

    /// What was meant by a number, if anything. Stops carry the thread in the upper half.
    pub(super) fn from_number(number: u64) -> Option<Self> {
        let low = number & 0xffff_ffff;
        let role = [Role::Call, Role::Fault, Role::Trace]
            .into_iter()
            .find(|role| *role as u64 == low & 3 && (*role == Role::Trace || number >> 32 == 0))?;
        let serial = (low ^ PREFIX) >> 2;
        (low & PREFIX != 0 && serial < 1 << SERIAL_BITS).then_some(Self { role, serial })
    }
}
