//! How something with a file can fail.

use alloc::string::String;
use core::fmt;
use service::{CallError, Never};

/// What a volume refuses. Nothing was done, but for [`FilesError::Device`].
#[service::data]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FilesError {
    /// There is no such file or directory.
    NotFound,
    /// There is one already.
    Exists,
    /// A part of the path is no directory.
    NotDirectory,
    /// It is a directory.
    IsDirectory,
    /// The directory is not empty.
    NotEmpty,
    /// The name or the path is longer than it may be.
    TooLong,
    /// Not a name: empty, with a `/` or a NUL, or not text.
    BadName,
    /// Symbolic links lead in a circle, or through more than 16 others.
    LinkLoop,
    /// The manifest does not let this client do it here.
    NotAllowed,
    /// The volume, or the open file, cannot be written.
    ReadOnly,
    /// The volume has no room left.
    Full,
    /// The client has as many files open, or as much of something else, as it may.
    TooMany,
    /// Beyond the longest file that the volume can have.
    TooBig,
    /// Another client has a lock that does not go with this one.
    Locked,
    /// The file was removed while the volume's server was restarted.
    Stale,
    /// The file was made, and not synced before the volume's server was restarted.
    NotSynced,
    /// The file's format, or the volume's, has no such thing.
    Unsupported,
    /// A directory cannot be moved into itself; the root cannot be moved or removed.
    Busy,
    /// The device failed; what was written may be there or not.
    Device,
    /// What the volume says there cannot be: it is damaged.
    Damaged,
    /// The volume is not there, for this reason.
    Unusable {
        /// Such as "no disk blk0".
        why: String,
    },
}

impl fmt::Display for FilesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotFound => "no such file or directory",
            Self::Exists => "exists already",
            Self::NotDirectory => "not a directory",
            Self::IsDirectory => "is a directory",
            Self::NotEmpty => "the directory is not empty",
            Self::TooLong => "the name is too long",
            Self::BadName => "not a valid name",
            Self::LinkLoop => "symbolic links lead in a circle",
            Self::NotAllowed => "the manifest does not allow it",
            Self::ReadOnly => "read-only",
            Self::Full => "no space left on the volume",
            Self::TooMany => "too many open files",
            Self::TooBig => "the file would be too big",
            Self::Locked => "locked by another client",
            Self::Stale => "the file was removed while its server was restarted",
            Self::NotSynced => "the file was not synced before its server was restarted",
            Self::Unsupported => "the volume cannot do it",
            Self::Busy => "in use",
            Self::Device => "the device failed",
            Self::Damaged => "the volume is damaged there",
            Self::Unusable { why } => return write!(f, "the volume is not there: {why}"),
        })
    }
}

impl core::error::Error for FilesError {}

/// Why something with a file failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The volume refused.
    Files(FilesError),
    /// The volume's server did not do it.
    Call(CallError<Never>),
    /// No volume of this program's namespace has the path.
    NoVolume,
    /// The path leads to another volume than it began in.
    OtherVolume,
    /// A write or read ended early.
    Short,
    /// The volume's server was restarted: what was written since the last `sync` may be lost.
    WritesLost,
}

/// What failed, with the path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// The path, as it was asked for.
    pub path: String,
    /// Why.
    pub cause: Cause,
}

impl Error {
    pub(crate) fn new(path: &str, cause: Cause) -> Self {
        Self { path: path.into(), cause }
    }

    pub(crate) fn of_call(path: &str, error: CallError<FilesError>) -> Self {
        Self::new(path, Cause::of(error))
    }

    /// What the volume said, if it said something.
    #[must_use]
    pub fn files(&self) -> Option<&FilesError> {
        match &self.cause {
            Cause::Files(error) => Some(error),
            _ => None,
        }
    }

    /// Whether it is not known if it was done: the server died in the middle of it.
    #[must_use]
    pub fn is_uncertain(&self) -> bool {
        matches!(self.cause, Cause::Call(CallError::Unknown | CallError::TimedOut))
    }
}

impl Cause {
    pub(crate) fn of(error: CallError<FilesError>) -> Self {
        match error {
            CallError::Service(error) => Self::Files(error),
            CallError::Dead => Self::Call(CallError::Dead),
            CallError::Unknown => Self::Call(CallError::Unknown),
            CallError::TimedOut => Self::Call(CallError::TimedOut),
            CallError::Interrupted => Self::Call(CallError::Interrupted),
            CallError::Refused => Self::Call(CallError::Refused),
            CallError::VersionMismatch => Self::Call(CallError::VersionMismatch),
            CallError::Abandoned => Self::Call(CallError::Abandoned),
            CallError::TooLong => Self::Call(CallError::TooLong),
            CallError::Malformed => Self::Call(CallError::Malformed),
            CallError::Kernel(error) => Self::Call(CallError::Kernel(error)),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.path)?;
        match &self.cause {
            Cause::Files(error) => error.fmt(f),
            Cause::Call(error) => write!(f, "the volume's server: {error}"),
            Cause::NoVolume => f.write_str("no volume there"),
            Cause::OtherVolume => f.write_str("not on the same volume"),
            Cause::Short => f.write_str("ended early"),
            Cause::WritesLost => f.write_str("writes since the last sync may be lost"),
        }
    }
}

impl core::error::Error for Error {}

impl From<Error> for sys::Failure {
    fn from(error: Error) -> Self {
        Self::new(error)
    }
}
