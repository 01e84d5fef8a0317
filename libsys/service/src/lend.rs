//! Bytes that are lent for a call: the client's side.
//!
//! **Shape.** Short ones travel in the message, and those that the server writes in the answer. Long
//! ones are pages that the kernel shows to the server as a loan: without a
//! copy when they lie in a [`sys::Buffer`], else in one that is made for the call. The loan ends
//! with the call, whatever became of it: when this function returns, the server's mapping shows
//! a blank page, however long the server keeps it.

use crate::lent::Bytes;
use crate::{CallError, Request};
use serde::{Deserialize, Serialize};
use sys::{Buffer, Memory, Rights};

/// Bytes that a client can lend for reading.
pub trait LendBytes {
    /// The bytes.
    fn bytes(&self) -> &[u8];

    /// The whole pages that hold them and nothing else, if so it is.
    fn buffer(&self) -> Option<&Buffer> {
        None
    }
}

/// Bytes that a client can lend for writing.
pub trait LendBytesMut: LendBytes {
    /// The bytes.
    fn bytes_mut(&mut self) -> &mut [u8];

    /// The whole pages that hold them and nothing else, if so it is.
    fn buffer_mut(&mut self) -> Option<&mut Buffer> {
        None
    }
}

macro_rules! plain {
    ($($(const $count:ident)? $kind:ty;)*) => { $(
        impl$(<const $count: usize>)? LendBytes for $kind {
            fn bytes(&self) -> &[u8] {
                self
            }
        }

        impl$(<const $count: usize>)? LendBytesMut for $kind {
            fn bytes_mut(&mut self) -> &mut [u8] {
                self
            }
        }
    )* };
}

plain! {
    [u8];
    alloc::vec::Vec<u8>;
    const N [u8; N];
}

impl LendBytes for Buffer {
    fn bytes(&self) -> &[u8] {
        self
    }

    fn buffer(&self) -> Option<&Buffer> {
        Some(self)
    }
}

impl LendBytesMut for Buffer {
    fn bytes_mut(&mut self) -> &mut [u8] {
        self
    }

    fn buffer_mut(&mut self) -> Option<&mut Buffer> {
        Some(self)
    }
}

/// What stands for lent bytes among the arguments.
#[derive(Debug, Serialize, Deserialize)]
pub enum Lending<B> {
    /// The bytes themselves, or the number of those that the answer may bring.
    Inline(B),
    /// This number of bytes, in the loan that comes as the next handle.
    Loan(u64),
}

/// When bytes travel how.
#[derive(Clone, Copy, Debug)]
pub struct LendLimits {
    /// Largest inline payload, in bytes.
    pub inline: usize,
    /// Largest payload, in bytes.
    pub most: usize,
}

/// Makes the call with these bytes lent for reading.
///
/// # Errors
/// All of [`CallError`].
pub fn lend<'a, T, E>(
    what: &(impl LendBytes + ?Sized),
    limits: LendLimits,
    request: Request<'a>,
    call: impl FnOnce(Request<'a>, Lending<Bytes<'_>>) -> Result<T, CallError<E>>,
) -> Result<T, CallError<E>> {
    let bytes = what.bytes();
    if bytes.len() <= limits.inline {
        return call(request, Lending::Inline(Bytes(bytes)));
    }
    check(bytes.len(), limits)?;
    let loan_of = Lending::Loan(bytes.len() as u64);
    let lent = |loan: &Memory| call(with(request, loan, Rights::READ), loan_of);
    match what.buffer() {
        Some(buffer) => buffer.lend(lent).map_err(CallError::Kernel)?,
        None => {
            let mut copy = Buffer::new(bytes.len()).map_err(CallError::Kernel)?;
            copy.copy_from_slice(bytes);
            copy.lend(lent).map_err(CallError::Kernel)?
        }
    }
}

/// Makes the call with these bytes lent for writing; `call` gets those that the answer fills, none
/// of a loan. What was in them is not told to the server, and is undefined unless it wrote there.
///
/// # Errors
/// All of [`CallError`].
pub fn lend_mut<'a, T, E>(
    what: &mut (impl LendBytesMut + ?Sized),
    limits: LendLimits,
    request: Request<'a>,
    call: impl FnOnce(Request<'a>, Lending<u64>, &mut [u8]) -> Result<T, CallError<E>>,
) -> Result<T, CallError<E>> {
    let len = what.bytes().len();
    if len <= limits.inline {
        return call(request, Lending::Inline(len as u64), what.bytes_mut());
    }
    check(len, limits)?;
    let rights = Rights::READ | Rights::WRITE;
    let lent =
        |loan: &Memory| call(with(request, loan, rights), Lending::Loan(len as u64), &mut []);
    if let Some(buffer) = what.buffer_mut() {
        return buffer.lend_mut(lent).map_err(CallError::Kernel)?;
    }
    let mut pages = Buffer::new(len).map_err(CallError::Kernel)?;
    let done = pages.lend_mut(lent).map_err(CallError::Kernel)?;
    if matches!(done, Ok(_) | Err(CallError::Service(_))) {
        what.bytes_mut().copy_from_slice(&pages);
    }
    done
}

fn check<E>(len: usize, limits: LendLimits) -> Result<(), CallError<E>> {
    if len <= limits.most { Ok(()) } else { Err(CallError::TooLong) }
}

/// The server can map it and do nothing else with it.
fn with<'a>(mut request: Request<'a>, loan: &Memory, rights: Rights) -> Request<'a> {
    request.give_copy(loan, rights);
    request
}
