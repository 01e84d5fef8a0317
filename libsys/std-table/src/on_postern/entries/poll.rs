//! Waiting for many descriptors.

use super::super::answer::{Result, code, descriptor};
use super::super::descriptors::{self, Open};
use super::super::foreign;
use super::super::poll::Poll;
use alloc::sync::Arc;
use moto_rt::poll::Event;
use moto_rt::{Error, ErrorCode, RtFd};

fn on_poll<T>(fd: RtFd, work: impl FnOnce(&Poll) -> Result<T>) -> Result<T> {
    match &*descriptors::get(fd)? {
        Open::Poll(poll) => work(poll),
        _ => Err(Error::InvalidArgument),
    }
}

pub(in super::super) extern "C" fn new() -> RtFd {
    descriptor(Poll::new().and_then(|poll| descriptors::add(Arc::new(Open::Poll(poll)))))
}

pub(in super::super) extern "C" fn add(
    poll: RtFd,
    fd: RtFd,
    token: u64,
    interests: u64,
) -> ErrorCode {
    code(on_poll(poll, |poll| poll.add(fd, token, interests)))
}

pub(in super::super) extern "C" fn set(
    poll: RtFd,
    fd: RtFd,
    token: u64,
    interests: u64,
) -> ErrorCode {
    code(on_poll(poll, |poll| poll.set(fd, token, interests)))
}

pub(in super::super) extern "C" fn remove(poll: RtFd, fd: RtFd) -> ErrorCode {
    code(on_poll(poll, |poll| poll.remove(fd)))
}

pub(in super::super) extern "C" fn wake(poll: RtFd) -> ErrorCode {
    code(on_poll(poll, Poll::wake))
}

/// The number of events, or the negative code of an error.
pub(in super::super) unsafe extern "C" fn wait(
    poll: RtFd,
    deadline_ns: u64,
    events: *mut Event,
    len: usize,
) -> i32 {
    let most = len.min(i32::MAX.unsigned_abs() as usize);
    let found = match most {
        0 => Err(Error::InvalidArgument),
        _ => on_poll(poll, |poll| poll.wait(deadline_ns, most)),
    };
    match found {
        Ok(found) => {
            for (place, event) in found.iter().enumerate() {
                // SAFETY: the library passes a place for `len` events, and there are no more.
                unsafe { foreign::put(events.add(place), *event) };
            }
            i32::try_from(found.len()).unwrap_or(i32::MAX)
        }
        Err(error) => -i32::from(ErrorCode::from(error)),
    }
}
