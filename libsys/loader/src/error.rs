//! Why a program cannot be started.

use core::fmt::{self, Display};

/// What is wrong with an ELF file. Segments are counted from 0, as `readelf -l` lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileError {
    /// Not ELF, or its headers are damaged.
    NotElf,
    /// Neither 64-bit x86-64 nor 32-bit i386.
    OtherMachine,
    /// Not a static executable: position-independent, dynamic, an object file.
    NotStatic,
    /// It has thread-local storage, which programs do not get.
    ThreadLocal,
    /// It has nothing to load.
    Empty,
    /// It has more segments than anyone needs.
    TooManySegments,
    /// The segment is writable and executable.
    WritableCode(usize),
    /// The segment's bytes are not all in the file.
    Truncated(usize),
    /// The segment is smaller in memory than in the file.
    Shrinks(usize),
    /// The segment leaves the part of the space where programs lie.
    OutOfRange(usize),
    /// The segment shares a page with the one before it.
    Overlap(usize),
    /// The entry point is not in executable memory.
    BadEntry,
}

impl Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (segment, text) = match self {
            Self::NotElf => (None, "not an ELF file, or damaged"),
            Self::OtherMachine => (None, "not for 64-bit or 32-bit x86"),
            Self::NotStatic => (None, "not a static executable"),
            Self::ThreadLocal => (None, "it uses thread-local storage"),
            Self::Empty => (None, "it has nothing to load"),
            Self::TooManySegments => (None, "it has too many segments"),
            Self::BadEntry => (None, "its entry point is not in executable memory"),
            Self::WritableCode(number) => (Some(number), "is writable and executable"),
            Self::Truncated(number) => (Some(number), "is not all in the file"),
            Self::Shrinks(number) => (Some(number), "is larger in the file than in memory"),
            Self::OutOfRange(number) => {
                (Some(number), "leaves the range of programs, from 64 KiB to the heap")
            }
            Self::Overlap(number) => (Some(number), "shares a page with another"),
        };
        match segment {
            None => f.write_str(text),
            Some(number) => write!(f, "segment {number} {text}"),
        }
    }
}

/// What the kernel was asked for when it refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// A process with this quota.
    Process,
    /// The fault handler.
    FaultHandler,
    /// Giving it the handle of this name.
    Handle(&'a str),
    /// Memory for the segment at this address.
    Segment(u64),
    /// The stack.
    Stack,
    /// The startup block.
    Startup,
    /// The first thread.
    Thread,
    /// The time that it runs on.
    Time,
}

impl Display for Step<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Process => f.write_str("making the process"),
            Self::FaultHandler => f.write_str("setting its fault handler"),
            Self::Handle(name) => write!(f, "giving it the handle `{name}`"),
            Self::Segment(address) => write!(f, "loading the segment at {address:#x}"),
            Self::Stack => f.write_str("making its stack"),
            Self::Startup => f.write_str("making its startup block"),
            Self::Thread => f.write_str("making its first thread"),
            Self::Time => f.write_str("giving it time"),
        }
    }
}

/// Why a program cannot be started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoadError<'a> {
    /// The file is not acceptable.
    File(FileError),
    /// Name, arguments and handles do not fit into the startup block.
    StartupFull,
    /// The kernel refused a step.
    Kernel(Step<'a>, sys::Error),
}

impl Display for LoadError<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(error) => Display::fmt(error, f),
            Self::StartupFull => f.write_str("too many arguments and handles"),
            Self::Kernel(step, error) => write!(f, "{step}: {error}"),
        }
    }
}

impl core::error::Error for LoadError<'_> {}

impl From<FileError> for LoadError<'_> {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}

impl From<LoadError<'_>> for sys::Failure {
    fn from(error: LoadError<'_>) -> Self {
        Self::new(error)
    }
}
