//! Bytes that are lent for a call: the client's side.
//!
//! **Shape.** Short ones travel in the message, and those that the server may write come back
//! in the answer. Long ones are pages that the kernel shows to the server as a loan: without a
//! copy when they lie in a [`sys::Buffer`], else in one that is made for the call. The loan ends
//! with the call, whatever became of it: when this function returns, the server's mapping shows
//! a blank page, however long the server keeps it.

use crate::request::Answered;
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
    /// The bytes themselves.
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

type Outcome<T, E> = Result<Answered<T, E>, CallError<E>>;

/// Makes the call with these bytes lent for reading.
///
/// # Errors
/// All of [`CallError`].
pub fn lend<'a, T, E>(
    what: &(impl LendBytes + ?Sized),
    limits: LendLimits,
    request: Request<'a>,
    call: impl FnOnce(Request<'a>, Lending<&[u8]>) -> Outcome<T, E>,
) -> Outcome<T, E> {
    let bytes = what.bytes();
    if bytes.len() <= limits.inline {
        return call(request, Lending::Inline(bytes));
    }
    check(bytes.len(), limits)?;
    let lent = |loan: &Memory| call(with(request, loan, Rights::READ), loan_of(bytes.len()));
    match what.buffer() {
        Some(buffer) => buffer.lend(lent).map_err(CallError::Kernel)?,
        None => copied(bytes)?.lend(lent).map_err(CallError::Kernel)?,
    }
}

/// Makes the call with these bytes lent for reading and writing. Unless the call was
/// answered, their contents are undefined.
///
/// # Errors
/// All of [`CallError`].
pub fn lend_mut<'a, T, E>(
    what: &mut (impl LendBytesMut + ?Sized),
    limits: LendLimits,
    request: Request<'a>,
    call: impl FnOnce(Request<'a>, Lending<&[u8]>) -> Outcome<T, E>,
) -> Outcome<T, E> {
    let len = what.bytes().len();
    if len <= limits.inline {
        let mut answered = call(request, Lending::Inline(what.bytes()))?;
        let back = answered.backs.pop().filter(|back| back.len() == len);
        what.bytes_mut().copy_from_slice(&back.ok_or(CallError::Malformed)?);
        return Ok(answered);
    }
    check(len, limits)?;
    let rights = Rights::READ | Rights::WRITE;
    let lent = |loan: &Memory| call(with(request, loan, rights), loan_of(len));
    let mut answered = match what.buffer_mut() {
        Some(buffer) => buffer.lend_mut(lent).map_err(CallError::Kernel)??,
        None => {
            let mut copy = copied(what.bytes())?;
            let answered = copy.lend_mut(lent).map_err(CallError::Kernel)??;
            what.bytes_mut().copy_from_slice(&copy);
            answered
        }
    };
    match answered.backs.pop() {
        Some(back) if back.is_empty() => Ok(answered),
        _ => Err(CallError::Malformed),
    }
}

fn check<E>(len: usize, limits: LendLimits) -> Result<(), CallError<E>> {
    if len <= limits.most { Ok(()) } else { Err(CallError::TooLong) }
}

/// The server can map it and do nothing else with it.
fn with<'a>(mut request: Request<'a>, loan: &Memory, rights: Rights) -> Request<'a> {
    request.give_copy(loan, rights);
    request
}

fn loan_of(len: usize) -> Lending<&'static [u8]> {
    Lending::Loan(len as u64)
}

fn copied<E>(bytes: &[u8]) -> Result<Buffer, CallError<E>> {
    let mut copy = Buffer::new(bytes.len()).map_err(CallError::Kernel)?;
    copy.copy_from_slice(bytes);
    Ok(copy)
}
