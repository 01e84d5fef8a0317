//! The library's errors for those of files. It has fewer.

use files::{Cause, FilesError};
use moto_rt::Error;
use service::CallError;

pub(super) fn of_files(error: &files::Error) -> Error {
    match &error.cause {
        Cause::Files(error) => of_volume(error),
        Cause::NoVolume => Error::NotFound,
        Cause::OtherVolume => Error::NotImplemented,
        Cause::Short => Error::UnexpectedEof,
        Cause::Call(CallError::Refused) => Error::NotAllowed,
        Cause::Call(_) | Cause::WritesLost => Error::InternalError,
    }
}

fn of_volume(error: &FilesError) -> Error {
    match error {
        FilesError::NotFound
        | FilesError::Stale
        | FilesError::NotSynced
        | FilesError::Unusable { .. } => Error::NotFound,
        // As POSIX allows it for a directory that is not empty.
        FilesError::Exists | FilesError::NotEmpty | FilesError::Busy => Error::AlreadyInUse,
        FilesError::NotDirectory => Error::NotADirectory,
        FilesError::IsDirectory | FilesError::LinkLoop => Error::InvalidArgument,
        FilesError::TooLong | FilesError::BadName => Error::InvalidFilename,
        FilesError::NotAllowed | FilesError::ReadOnly => Error::NotAllowed,
        FilesError::Full => Error::StorageFull,
        FilesError::TooMany => Error::OutOfMemory,
        FilesError::TooBig => Error::FileTooLarge,
        FilesError::Locked => Error::NotReady,
        FilesError::Unsupported => Error::NotImplemented,
        FilesError::Device => Error::InternalError,
        FilesError::Damaged => Error::InvalidData,
    }
}
