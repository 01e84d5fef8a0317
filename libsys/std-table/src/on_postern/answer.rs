//! Results as the table has them.

use moto_rt::{E_OK, Error, ErrorCode, RtFd};

pub(super) type Result<T> = core::result::Result<T, Error>;

/// Success, or the code of an error.
pub(super) fn code(result: Result<()>) -> ErrorCode {
    result.map_or_else(ErrorCode::from, |()| E_OK)
}

/// A number, or the negative code of an error.
pub(super) fn number(result: Result<u64>) -> i64 {
    match result {
        Ok(number) => i64::try_from(number).unwrap_or(i64::MAX),
        Err(error) => -i64::from(ErrorCode::from(error)),
    }
}

/// A number of bytes, or the negative code of an error.
pub(super) fn count(result: Result<usize>) -> i64 {
    number(result.map(|count| count as u64))
}

/// A descriptor, or the negative code of an error.
pub(super) fn descriptor(result: Result<RtFd>) -> RtFd {
    result.unwrap_or_else(|error| -RtFd::from(ErrorCode::from(error)))
}

/// The library's error for one of the kernel's.
pub(super) fn of_kernel(error: sys::Error) -> Error {
    match error {
        sys::Error::OutOfMemory | sys::Error::QuotaExceeded => Error::OutOfMemory,
        sys::Error::TimedOut => Error::TimedOut,
        sys::Error::WouldBlock => Error::NotReady,
        sys::Error::NoRight => Error::NotAllowed,
        sys::Error::BadArgument => Error::InvalidArgument,
        _ => Error::InternalError,
    }
}
