//! How a call can fail.

use core::fmt::{self, Debug, Display};
use postcard_schema::Schema;
use postcard_schema::schema::{DataModelType, NamedType};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// How a typed call can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(target_os = "none", derive(defmt::Format))]
pub enum CallError<E> {
    /// The service did its work and says no.
    Service(E),
    /// The server is gone and took no notice of the call: certainly not done.
    Dead,
    /// The server took the call and died before it answered: done, half done or not at
    /// all. Methods for which that does not matter are marked idempotent and are
    /// called again; they end so only when every attempt did.
    Unknown,
    /// The deadline passed. The server may have done it, or may still do it.
    TimedOut,
    /// A signal cut the wait short. The server may have done it.
    Interrupted,
    /// The service refuses this caller, or knows no such name.
    Refused,
    /// The server has another version of the interface.
    VersionMismatch,
    /// The server dropped the call without an answer.
    Abandoned,
    /// The request or the answer is longer than `max_message`.
    TooLong,
    /// One side could not read what the other sent.
    Malformed,
    /// The kernel refused.
    Kernel(#[cfg_attr(target_os = "none", defmt(Debug2Format))] sys::Error),
}

impl CallError<Never> {
    /// The same for a service that has errors of its own.
    pub fn widen<E>(self) -> CallError<E> {
        match self {
            Self::Service(never) => match never {},
            Self::Dead => CallError::Dead,
            Self::Unknown => CallError::Unknown,
            Self::TimedOut => CallError::TimedOut,
            Self::Interrupted => CallError::Interrupted,
            Self::Refused => CallError::Refused,
            Self::VersionMismatch => CallError::VersionMismatch,
            Self::Abandoned => CallError::Abandoned,
            Self::TooLong => CallError::TooLong,
            Self::Malformed => CallError::Malformed,
            Self::Kernel(error) => CallError::Kernel(error),
        }
    }

    pub(crate) fn from_kernel(error: sys::Error) -> Self {
        match error {
            sys::Error::PeerDied => Self::Dead,
            sys::Error::OutcomeUnknown => Self::Unknown,
            sys::Error::TimedOut => Self::TimedOut,
            sys::Error::Interrupted => Self::Interrupted,
            sys::Error::TooLong => Self::TooLong,
            other => Self::Kernel(other),
        }
    }
}

impl<E: Debug> Display for CallError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Service(error) => return write!(f, "{error:?}"),
            Self::Kernel(error) => return Display::fmt(error, f),
            Self::Dead => "the server is dead",
            Self::Unknown => "the server died in the middle of it: outcome unknown",
            Self::TimedOut => "timed out",
            Self::Interrupted => "interrupted",
            Self::Refused => "refused",
            Self::VersionMismatch => "the server has another version of the interface",
            Self::Abandoned => "the server gave no answer",
            Self::TooLong => "message too long",
            Self::Malformed => "malformed message",
        })
    }
}

impl<E: Debug> core::error::Error for CallError<E> {}

impl<E: Debug> From<CallError<E>> for sys::Failure {
    fn from(error: CallError<E>) -> Self {
        Self::new(error)
    }
}

/// Why a server did not even begin; the label of its reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Refusal {
    /// The client has another version of the interface.
    VersionMismatch = 1,
    /// The request cannot be read.
    Malformed = 2,
    /// This caller may not, or the name is not known.
    Refused = 3,
    /// No method has this number.
    NoSuchMethod = 4,
    /// No answer came: the right to reply was dropped.
    Abandoned = sys::ReplyRight::ABANDONED,
    /// The answer does not fit into a message.
    TooLong = 6,
}

impl Refusal {
    /// What the caller makes of a reply's label; 0 is no refusal.
    pub(crate) fn of_label(label: u32) -> Result<(), CallError<Never>> {
        Err(match label {
            0 => return Ok(()),
            1 | 4 => CallError::VersionMismatch,
            3 => CallError::Refused,
            5 => CallError::Abandoned,
            6 => CallError::TooLong,
            _ => CallError::Malformed,
        })
    }
}

/// An error that never happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(target_os = "none", derive(defmt::Format))]
pub enum Never {}

impl Schema for Never {
    const SCHEMA: &'static NamedType = &NamedType { name: "Never", ty: &DataModelType::Enum(&[]) };
}

impl Serialize for Never {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        match *self {}
    }
}

impl<'de> Deserialize<'de> for Never {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(de::Error::custom("an error that never happens"))
    }
}
