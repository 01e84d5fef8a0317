//! What `rsext4` says, as clients are told it.

use alloc::string::{String, ToString};
use files::FilesError;
use rsext4::{ErrorContext, Ext4Error, Ext4ErrorKind as Kind};

/// What a client is told.
pub(crate) fn refusal(error: Ext4Error) -> FilesError {
    match error.kind() {
        Kind::Io | Kind::JournalAborted | Kind::Timeout => FilesError::Device,
        Kind::Corrupted | Kind::ChecksumMismatch | Kind::BadSuperblock | Kind::InvalidMagic => {
            FilesError::Damaged
        }
        Kind::ReadOnly => FilesError::ReadOnly,
        Kind::NoSpace | Kind::NoMemory | Kind::QuotaExceeded => FilesError::Full,
        Kind::TooManyLinks => FilesError::TooMany,
        Kind::PermissionDenied => FilesError::NotAllowed,
        Kind::NotFound => FilesError::NotFound,
        Kind::AlreadyExists => FilesError::Exists,
        Kind::NotDirectory => FilesError::NotDirectory,
        Kind::IsDirectory => FilesError::IsDirectory,
        Kind::NotEmpty => FilesError::NotEmpty,
        Kind::Busy => FilesError::Busy,
        Kind::Overflow | Kind::FileTooLarge => FilesError::TooBig,
        Kind::UnsupportedFeature
        | Kind::UnsupportedCapability
        | Kind::Unsupported
        | Kind::BadFileDescriptor
        | Kind::InvalidInput => FilesError::Unsupported,
    }
}

/// One line for a person: what is wrong, and where.
pub(crate) fn line(error: Ext4Error) -> String {
    let place = match error.context() {
        Some(ErrorContext::Operation { op }) => op.to_string(),
        Some(context) => context.to_string(),
        None => return error.kind().to_string(),
    };
    alloc::format!("{} ({place})", error.kind())
}
