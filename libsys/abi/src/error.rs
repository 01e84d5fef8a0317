//! Error codes: every way the kernel can say no.

/// Why the kernel refused a call. The number is the status in `rax`; 0 is success.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u64)]
pub enum Error {
    /// No call has this number.
    NoSuchCall = 1,
    /// The handle names nothing: never given, closed, or of an older generation.
    BadHandle = 2,
    /// The handle names an object of another kind.
    WrongKind = 3,
    /// The handle lacks the right that the call needs.
    NoRight = 4,
    /// An argument is out of its range.
    BadArgument = 5,
    /// An address is not mapped for this access, not in user space, or misaligned.
    BadAddress = 6,
    /// The quota of the caller's process does not allow it.
    QuotaExceeded = 7,
    /// The machine itself has no more of it (frames, kernel objects).
    OutOfMemory = 8,
    /// The process or endpoint at the other side is gone.
    PeerDied = 9,
    /// The deadline passed before it happened.
    TimedOut = 10,
    /// An upcall or a suspend-and-restart cut the call short; nothing was done.
    Interrupted = 11,
    /// The message is longer than the receiver's buffer.
    TooLong = 12,
    /// The reply token was used before, or is none of this process's.
    BadReply = 13,
    /// The addresses are mapped already, or not mapped at all.
    Overlap = 14,
    /// The object is not in a state that allows it (already started, bound, dead).
    BadState = 15,
    /// Nothing is there yet, and the caller asked not to wait.
    WouldBlock = 16,
    /// The receiver has no place for the handles that came with the message.
    HandlesFull = 17,
    /// The process that took the call died before it answered: what was asked may have been
    /// done, in part or not at all. [`Error::PeerDied`] means that no server took it.
    OutcomeUnknown = 18,
}

impl Error {
    /// All errors, in the order of their numbers.
    pub const ALL: [Self; 18] = [
        Self::NoSuchCall,
        Self::BadHandle,
        Self::WrongKind,
        Self::NoRight,
        Self::BadArgument,
        Self::BadAddress,
        Self::QuotaExceeded,
        Self::OutOfMemory,
        Self::PeerDied,
        Self::TimedOut,
        Self::Interrupted,
        Self::TooLong,
        Self::BadReply,
        Self::Overlap,
        Self::BadState,
        Self::WouldBlock,
        Self::HandlesFull,
        Self::OutcomeUnknown,
    ];

    /// The error with this status number; `None` for 0 (success) and unknown numbers.
    pub fn from_status(status: u64) -> Option<Self> {
        Self::ALL.into_iter().find(|error| *error as u64 == status)
    }

    /// A short text for people.
    pub fn text(self) -> &'static str {
        match self {
            Self::NoSuchCall => "no such system call",
            Self::BadHandle => "no such handle",
            Self::WrongKind => "the handle names another kind of object",
            Self::NoRight => "the handle lacks the right",
            Self::BadArgument => "argument out of range",
            Self::BadAddress => "bad address",
            Self::QuotaExceeded => "quota exceeded",
            Self::OutOfMemory => "out of memory",
            Self::PeerDied => "the other side died",
            Self::TimedOut => "timed out",
            Self::Interrupted => "interrupted",
            Self::TooLong => "message too long for the receiver",
            Self::BadReply => "reply token not valid",
            Self::Overlap => "address range already in use or not mapped",
            Self::BadState => "not possible in this state",
            Self::WouldBlock => "nothing there yet",
            Self::HandlesFull => "no place for the handles",
            Self::OutcomeUnknown => "the other side died with the call in its hands",
        }
    }
}

impl core::fmt::Display for Error {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.text())
    }
}

impl core::error::Error for Error {}
