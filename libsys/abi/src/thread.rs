//! Threads: in which mode of the CPU they run.

/// The mode of the CPU that a thread belongs to, for good: given when it is created. Its
/// program was built for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[repr(u32)]
pub enum ThreadMode {
    /// 64-bit code.
    #[default]
    Bits64 = 0,
    /// 32-bit code: addresses are truncated, system calls travel as
    /// [`CompatCall`](crate::CompatCall)s.
    Bits32 = 1,
}

impl ThreadMode {
    /// Of the program that this is compiled into.
    pub const OWN: Self =
        if cfg!(target_pointer_width = "32") { Self::Bits32 } else { Self::Bits64 };

    /// The mode with this number.
    pub fn from_number(number: u64) -> Option<Self> {
        [Self::Bits64, Self::Bits32].into_iter().find(|mode| *mode as u64 == number)
    }

    /// An address as a thread of this mode sees it.
    pub const fn address(self, address: u64) -> u64 {
        match self {
            Self::Bits64 => address,
            Self::Bits32 => address & 0xffff_ffff,
        }
    }
}
