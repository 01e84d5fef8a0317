//! Calls that are made again.
//!
//! **Shape.** The receiver of an endpoint may change: init keeps a service's endpoint over
//! the deaths of its servers, and a call that was still queued then simply waits for the next
//! server. Only one that was *taken* by a server that died needs a decision, and only its
//! author can make it: `#[idempotent]`. The pauses between attempts double, and there are few,
//! so that a request that kills every server that reads it does not do so for ever.

use crate::{CallError, Never, Refusal};
use sys::{Answer, Endpoint, Error, FOREVER, Message};

/// The most attempts of a call.
const ATTEMPTS: u32 = 5;
/// The time-out for finding a service, for its handshake and its description.
pub(crate) const CONNECT_NS: u64 = 10_000_000_000;
/// The pause after the first death; it doubles.
const FIRST_PAUSE_NS: u64 = 2_000_000;

/// The limits of the attempts of a call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Until {
    /// All attempts together.
    pub(crate) deadline_ns: u64,
    /// Whether it may be done twice.
    pub(crate) again: bool,
}

impl Until {
    /// Once, however long it takes.
    pub(crate) const TRIED: Self = Self { deadline_ns: FOREVER, again: false };
    /// Over deaths, but not for ever: a damaged server may take calls and answer none.
    pub(crate) fn connected() -> Self {
        Self { deadline_ns: sys::clock().saturating_add(CONNECT_NS), again: true }
    }
}

/// Calls until it is answered, the time is over, or all attempts are used up.
#[inline]
pub(crate) fn try_call(
    endpoint: &Endpoint,
    message: &mut Message<'_>,
    until: Until,
    buffer: &mut [u8],
) -> Result<Answer, CallError<Never>> {
    let answer = match endpoint.call_with(message, until.deadline_ns, buffer) {
        Ok(answer) => answer,
        Err(error) => call_again(error, endpoint, message, until, buffer)?,
    };
    Refusal::of_label(answer.label)?;
    Ok(answer)
}

/// Makes the attempts after a first one that failed.
#[cold]
fn call_again(
    first: Error,
    endpoint: &Endpoint,
    message: &mut Message<'_>,
    until: Until,
    buffer: &mut [u8],
) -> Result<Answer, CallError<Never>> {
    let mut pause = FIRST_PAUSE_NS;
    let mut left = if until.again { ATTEMPTS } else { 1 };
    let mut lost = false;
    let mut outcome = Err(first);
    loop {
        left -= 1;
        match outcome {
            Ok(answer) => return Ok(answer),
            Err(Error::Interrupted) if left > 0 => {}
            Err(Error::OutcomeUnknown) if left > 0 && fits(pause, until.deadline_ns) => {
                lost = true;
                sys::sleep_for(pause);
                pause *= 2;
            }
            // An attempt before this one may have done it.
            Err(Error::PeerDied) if lost => return Err(CallError::Unknown),
            Err(error) => return Err(CallError::from_kernel(error)),
        }
        outcome = endpoint.call_with(message, until.deadline_ns, buffer);
    }
}

/// Whether there is time for a pause and a call after it.
fn fits(pause_ns: u64, deadline_ns: u64) -> bool {
    sys::clock().saturating_add(pause_ns) < deadline_ns
}
