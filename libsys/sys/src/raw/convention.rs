//! What every backend and every caller of a system call shares: arguments and results.

use crate::Error;
#[cfg(target_os = "none")]
use abi::Envelope;
use abi::Handle;

/// The words that travel in registers.
pub type Words = [u64; abi::WORDS];

/// What a message call takes beside its words: argument 0, an endpoint or a reply token, and
/// argument 1, the label, and for `ReplyRecv` the endpoint.
pub(crate) type Arguments = [u64; 2];

/// What a message call returns beside the words.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Returned {
    /// 0 or an error's number.
    pub(crate) status: u64,
    /// Value 0: badge, bits or label.
    pub(crate) value0: u64,
    /// Value 1: label.
    pub(crate) value1: u64,
    /// The reply token.
    pub(crate) token: u64,
}

/// Status to result. A number that the ABI does not know counts as [`Error::NoSuchCall`].
pub(crate) fn check(status: u64) -> Result<(), Error> {
    match status {
        0 => Ok(()),
        other => Err(Error::from_status(other).unwrap_or(Error::NoSuchCall)),
    }
}

/// The value of the register that names an envelope.
#[cfg(target_os = "none")]
pub(crate) fn envelope_register(envelope: Option<&mut Envelope>) -> u64 {
    envelope.map_or(0, |envelope| {
        let address = address_of(core::ptr::from_mut(envelope));
        envelope.register(address)
    })
}

/// The value of a handle as an argument.
pub(crate) fn argument(handle: Handle) -> u64 {
    u64::from(handle.0)
}

/// The handle in a result.
pub(crate) fn handle_in(value: u64) -> Result<Handle, Error> {
    u32::try_from(value).map(Handle).map_err(|_| Error::BadHandle)
}

/// A pointer as the kernel wants it; the memory counts as reachable by the kernel.
pub(crate) fn address_of<T>(pointer: *const T) -> u64 {
    pointer.expose_provenance() as u64
}
