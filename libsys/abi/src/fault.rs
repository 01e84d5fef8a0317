//! Faults as messages.
//!
//! A fault is a call of the faulting thread to the handler endpoint of its process,
//! with the badge chosen there, label [`FAULT_LABEL`] and the words
//! `[kind, code, address, instruction pointer, stack pointer, process id, thread number]`;
//! a panic's text comes as bytes.

/// The label of a fault message.
pub const FAULT_LABEL: u32 = 0xffff_fff0;

/// What a thread did wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u64)]
pub enum FaultKind {
    /// A page is missing, or does not allow the access. Code: 1 write, 2 instruction fetch (bits).
    Page = 1,
    /// An instruction that does not exist.
    IllegalInstruction = 2,
    /// Division by zero or overflow.
    Arithmetic = 3,
    /// An instruction that only the kernel may use, a bad segment, a non-canonical address.
    Protection = 4,
    /// A breakpoint or single step. Code: bits 0 to 3 for the debug registers that fired,
    /// bit 14 for a single step; 0 is a breakpoint instruction.
    Debug = 5,
    /// A misaligned access where alignment is checked.
    Alignment = 6,
    /// The program said so itself: a panic.
    Panic = 7,
    /// A system call with an impossible number.
    Syscall = 8,
    /// There is no page, in the machine or in the quota, for the vector registers that it
    /// used for the first time. Resumed, it tries again.
    NoMemory = 9,
    /// The hardware reported an error that concerns the thread alone.
    Machine = 10,
    /// The budget of its scheduling context is spent, and the context asks for this fault.
    /// Resumed, it runs on with its next budget. Without a handler it only waits for that.
    TimeOut = 11,
}

impl FaultKind {
    /// The kind with this number.
    pub fn from_number(number: u64) -> Option<Self> {
        [
            Self::Page,
            Self::IllegalInstruction,
            Self::Arithmetic,
            Self::Protection,
            Self::Debug,
            Self::Alignment,
            Self::Panic,
            Self::Syscall,
            Self::NoMemory,
            Self::Machine,
            Self::TimeOut,
        ]
        .into_iter()
        .find(|kind| *kind as u64 == number)
    }

    /// The exit status of a process that dies of it: a panic is the program's own,
    /// the others are [`KILLED`](crate::KILLED) plus the number of the POSIX signal.
    pub fn exit_status(self) -> u64 {
        let signal = match self {
            Self::Panic => return crate::EXIT_PANIC,
            Self::Page | Self::Protection => 11,
            Self::IllegalInstruction => 4,
            Self::Arithmetic => 8,
            Self::Debug => 5,
            Self::Alignment | Self::NoMemory | Self::Machine => 7,
            Self::Syscall => 31,
            Self::TimeOut => 24,
        };
        crate::KILLED + signal
    }

    /// A short text for people.
    pub fn text(self) -> &'static str {
        match self {
            Self::Page => "page fault",
            Self::IllegalInstruction => "illegal instruction",
            Self::Arithmetic => "arithmetic error",
            Self::Protection => "protection violation",
            Self::Debug => "debug trap",
            Self::Alignment => "misaligned access",
            Self::Panic => "panic",
            Self::Syscall => "impossible system call",
            Self::NoMemory => "no memory for vector registers",
            Self::Machine => "hardware error",
            Self::TimeOut => "budget spent",
        }
    }
}

/// The label of a handler's reply to a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum FaultReply {
    /// Run the instruction again.
    Resume = 0,
    /// Kill the process.
    Kill = 1,
    /// Go on at the instruction pointer in word 0.
    ResumeAt = 2,
}
