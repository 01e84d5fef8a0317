//! What `hadris-fat` says, as clients are told it.

use files::FilesError;
use hadris_fs::{Error, ErrorKind as Kind};

/// What a client is told.
#[expect(clippy::needless_pass_by_value, reason = "it is the function of a `map_err`")]
pub(crate) fn refusal<E>(error: Error<E>) -> FilesError {
    match error.kind() {
        Kind::Io => FilesError::Device,
        Kind::Corrupt | Kind::NotRecognized => FilesError::Damaged,
        // A node is found by the place of its name: that holds another one now.
        Kind::NotFound | Kind::InvalidHandle => FilesError::NotFound,
        Kind::AlreadyExists => FilesError::Exists,
        Kind::NotADirectory => FilesError::NotDirectory,
        Kind::IsADirectory => FilesError::IsDirectory,
        Kind::DirectoryNotEmpty => FilesError::NotEmpty,
        Kind::NoSpace => FilesError::Full,
        Kind::ReadOnly => FilesError::ReadOnly,
        Kind::InvalidInput => FilesError::BadName,
        Kind::LimitExceeded => FilesError::TooMany,
        Kind::NameTooLong => FilesError::TooLong,
        Kind::FileTooLarge => FilesError::TooBig,
        Kind::Symlink => FilesError::LinkLoop,
        Kind::Busy => FilesError::Busy,
        // The kinds may become more.
        _ => FilesError::Unsupported,
    }
}
