//! Why something was not kept.

use core::fmt;
use sys::Error;

/// Why the contents of the memory were dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// Something is there that no server has written so.
    Magic,
    /// It was written by another version of the server.
    Version {
        /// That version.
        found: u32,
        /// The one that was asked for.
        wanted: u32,
    },
    /// It claims to be longer than the memory.
    Length,
    /// The checksum is another one: bytes were changed after the write.
    Checksum,
    /// Whole, but not a value of this type: the type changed and the version did not.
    Contents,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Magic => f.write_str("no kept state is there, but something else"),
            Self::Version { found, wanted } => {
                write!(f, "written by version {found}, this is version {wanted}")
            }
            Self::Length => f.write_str("it claims to be longer than the memory"),
            Self::Checksum => f.write_str("the checksum differs: it was changed after the write"),
            Self::Contents => f.write_str("not a value of this type; give the type a new version"),
        }
    }
}

impl core::error::Error for Damage {}

/// Why a value cannot be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeepError {
    /// It does not fit into half of the memory.
    NoRoom {
        /// Bytes that it needs.
        needed: usize,
        /// Bytes that there are.
        room: usize,
    },
    /// The type cannot be written in postcard.
    NotAValue,
    /// The kernel refused to map it.
    Kernel(Error),
}

impl From<Error> for KeepError {
    fn from(error: Error) -> Self {
        Self::Kernel(error)
    }
}

impl fmt::Display for KeepError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRoom { needed, room } => {
                write!(f, "{needed} bytes do not fit into {room}; raise `keep_pages`")
            }
            Self::NotAValue => f.write_str("the type cannot be written in postcard"),
            Self::Kernel(error) => fmt::Display::fmt(error, f),
        }
    }
}

impl core::error::Error for KeepError {}

impl From<KeepError> for sys::Failure {
    fn from(error: KeepError) -> Self {
        Self::new(error)
    }
}
