//! How a request or an attachment can fail.

use core::fmt::{self, Display};

/// How a request or an attachment can fail. Nothing was done, but for [`BlockError::Device`],
/// [`BlockError::Unknown`] and [`BlockError::WritesLost`].
#[service::data]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockError {
    /// The sectors are not all inside of the client's range.
    OutOfRange,
    /// The client, or the disk, may not write.
    ReadOnly,
    /// The buffer is not inside of the pool, or does not begin at a sector.
    BadBuffer,
    /// No such operation, no sectors or too many, or a damaged record.
    BadRequest,
    /// The request is of an earlier attachment.
    WrongEpoch,
    /// The device cannot do it.
    Unsupported,
    /// The device says that it failed, such as a sector that cannot be read.
    Device,
    /// The driver died with the request in its hands, more often than requests are made again.
    Unknown,
    /// Writes that were completed, but not flushed, may be lost.
    WritesLost,
    /// The disk is not the one that it was.
    Changed,
    /// The pool cannot be used: too large, or not one run of device addresses.
    BadPool,
    /// There are as many clients as the driver serves.
    TooMany,
    /// No disk or partition of this name.
    NoDisk,
    /// The manifest does not let this client have the disk or partition.
    NotAllowed,
    /// The driver does not answer, or there is none.
    NoDriver,
    /// The other side of the ring wrote what cannot be.
    Protocol,
    /// The client has as many requests in flight as it may, or no room left in its pool.
    Full,
    /// The kernel refused memory or a handle.
    Kernel,
}

const ALL: [BlockError; 18] = [
    BlockError::OutOfRange,
    BlockError::ReadOnly,
    BlockError::BadBuffer,
    BlockError::BadRequest,
    BlockError::WrongEpoch,
    BlockError::Unsupported,
    BlockError::Device,
    BlockError::Unknown,
    BlockError::WritesLost,
    BlockError::Changed,
    BlockError::BadPool,
    BlockError::TooMany,
    BlockError::NoDisk,
    BlockError::NotAllowed,
    BlockError::NoDriver,
    BlockError::Protocol,
    BlockError::Full,
    BlockError::Kernel,
];

impl BlockError {
    /// Its number in a completion, from 1.
    #[must_use]
    pub fn number(self) -> u32 {
        self as u32 + 1
    }

    /// The error with this number.
    #[must_use]
    pub fn from_number(number: u32) -> Option<Self> {
        let place = usize::try_from(number.checked_sub(1)?).ok()?;
        ALL.get(place).copied()
    }
}

impl Display for BlockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OutOfRange => "the sectors are not inside of the range",
            Self::ReadOnly => "read-only",
            Self::BadBuffer => "the buffer is not inside of the pool",
            Self::BadRequest => "no valid request",
            Self::WrongEpoch => "the request is of an earlier attachment",
            Self::Unsupported => "the device cannot do it",
            Self::Device => "the device failed",
            Self::Unknown => "the driver died: whether it was done is not known",
            Self::WritesLost => "writes that were not flushed may be lost",
            Self::Changed => "the disk is not the one that it was",
            Self::BadPool => "the pool is too large, or not one run of device addresses",
            Self::TooMany => "the driver serves no more clients",
            Self::NoDisk => "no such disk or partition",
            Self::NotAllowed => "the manifest does not allow it",
            Self::NoDriver => "the driver does not answer",
            Self::Protocol => "the other side of the ring wrote what cannot be",
            Self::Full => "too many requests in flight",
            Self::Kernel => "the kernel refused memory or a handle",
        })
    }
}

impl core::error::Error for BlockError {}

impl From<sys::Error> for BlockError {
    fn from(_: sys::Error) -> Self {
        Self::Kernel
    }
}

impl From<BlockError> for sys::Failure {
    fn from(error: BlockError) -> Self {
        Self::new(error)
    }
}

#[cfg(test)]
mod tests {
    use super::{ALL, BlockError};

    #[test]
    fn numbers_are_those_of_the_errors() {
        for error in ALL {
            assert_eq!(BlockError::from_number(error.number()), Some(error));
        }
        assert_eq!(BlockError::from_number(0), None);
        assert_eq!(BlockError::from_number(19), None);
    }
}
