//! How an attachment or a frame can fail.

use core::fmt::{self, Display};

/// How an attachment or a frame can fail.
#[service::data]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NicError {
    /// The driver has a client that lives.
    Busy,
    /// The pool is too small or too large, or not one run of device addresses.
    BadPool,
    /// A damaged record, or one that cannot be: slot, length or operation.
    BadRequest,
    /// The device failed with this frame.
    Device,
    /// The driver does not answer, or there is none.
    NoDriver,
    /// The manifest does not let this client have the card.
    NotAllowed,
    /// The other side of the ring wrote what cannot be.
    Protocol,
    /// The kernel refused memory or a handle.
    Kernel,
}

impl Display for NicError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Busy => "the driver has another client",
            Self::BadPool => "the pool has a wrong size, or is not one run of device addresses",
            Self::BadRequest => "no valid request",
            Self::Device => "the device failed",
            Self::NoDriver => "the driver does not answer",
            Self::NotAllowed => "the manifest does not allow it",
            Self::Protocol => "the other side of the ring wrote what cannot be",
            Self::Kernel => "the kernel refused memory or a handle",
        })
    }
}

impl core::error::Error for NicError {}

impl From<sys::Error> for NicError {
    fn from(_: sys::Error) -> Self {
        Self::Kernel
    }
}

impl From<NicError> for sys::Failure {
    fn from(error: NicError) -> Self {
        Self::new(error)
    }
}
