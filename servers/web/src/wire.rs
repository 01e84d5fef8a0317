//! A connection in bytes, with limits of time.

use crate::request::{HEAD_MAX, end_of_head};
use alloc::vec::Vec;
use net_api::{Interest, NetError, TcpStream};

/// Bytes that are received at a time.
const PIECE: usize = 2048;
/// How long a client may wait with its first or next request.
const IDLE_NS: u64 = 30_000_000_000;
/// From one look whether others wait for a worker to the next.
const LOOK_NS: u64 = 500_000_000;
/// How long a head may take from its first byte to its last.
const HEAD_NS: u64 = 5_000_000_000;
/// How long an answer may take: this, and a second for each such number of bytes.
const SEND_NS: u64 = 20_000_000_000;
const SLOWEST: u64 = 16 << 10;
/// How long, and how many bytes, are still taken of a client that was refused.
const LINGER_NS: u64 = 1_000_000_000;
const LINGER_BYTES: usize = 256 << 10;

const RECEIVE: Interest = Interest { receive: true, send: false };
const SEND: Interest = Interest { receive: false, send: true };

/// What came of waiting for a head.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Arrived {
    /// A head, to be taken.
    Head(Vec<u8>),
    /// The client has closed, or did not begin in time.
    Nothing,
    /// It began, and was too slow.
    TooSlow,
    /// It is too long.
    TooLong,
}

/// A connection.
#[derive(Debug)]
pub(crate) struct Wire {
    stream: TcpStream,
    /// What came and was not taken.
    bytes: Vec<u8>,
}

impl Wire {
    pub(crate) fn new(stream: TcpStream) -> Self {
        Self { stream, bytes: Vec::new() }
    }

    /// Waits for the next head. `is_wanted` says whether another connection needs the place of one
    /// that idles.
    ///
    /// # Errors
    /// What `net` says.
    pub(crate) fn next_head(&mut self, is_wanted: impl Fn() -> bool) -> Result<Arrived, NetError> {
        if self.bytes.is_empty() && !self.begins(is_wanted)? {
            return Ok(Arrived::Nothing);
        }
        let deadline = sys::clock().saturating_add(HEAD_NS);
        let mut searched = 0;
        loop {
            if let Some(end) = end_of_head(&self.bytes, searched) {
                if end > HEAD_MAX {
                    return Ok(Arrived::TooLong);
                }
                let rest = self.bytes.split_off(end);
                return Ok(Arrived::Head(core::mem::replace(&mut self.bytes, rest)));
            }
            if self.bytes.len() >= HEAD_MAX {
                return Ok(Arrived::TooLong);
            }
            searched = self.bytes.len();
            match self.receive(deadline) {
                Ok(0) => return Ok(Arrived::Nothing),
                Ok(_) => {}
                Err(NetError::TimedOut) => return Ok(Arrived::TooSlow),
                Err(error) => return Err(error),
            }
        }
    }

    /// Waits for the first byte of a request: whether there is one.
    fn begins(&mut self, is_wanted: impl Fn() -> bool) -> Result<bool, NetError> {
        let end = sys::clock().saturating_add(IDLE_NS);
        loop {
            let now = sys::clock();
            match self.receive(end.min(now.saturating_add(LOOK_NS))) {
                Ok(count) => return Ok(count > 0),
                Err(NetError::TimedOut) if is_wanted() || sys::clock() >= end => return Ok(false),
                Err(NetError::TimedOut) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Receives what is there until the deadline: the number of bytes; 0: the client has closed.
    fn receive(&mut self, deadline: u64) -> Result<usize, NetError> {
        let mut piece = [0; PIECE];
        loop {
            match self.stream.session().receive(&mut piece[..]).map_err(NetError::from) {
                Err(NetError::WouldBlock) => self.wait(RECEIVE, deadline)?,
                Err(error) => return Err(error),
                Ok(count) => {
                    let count = usize::try_from(count).unwrap_or(PIECE).min(PIECE);
                    self.bytes.extend_from_slice(piece.get(..count).unwrap_or_default());
                    return Ok(count);
                }
            }
        }
    }

    fn wait(&self, interest: Interest, deadline: u64) -> Result<(), NetError> {
        let left = deadline.saturating_sub(sys::clock());
        if left == 0 {
            return Err(NetError::TimedOut);
        }
        self.stream.session().within(left).wait(interest)?;
        Ok(())
    }

    /// The time until which a client may take an answer of this length, in nanoseconds since boot.
    pub(crate) fn deadline_for(bytes: u64) -> u64 {
        let more = (bytes / SLOWEST).saturating_mul(1_000_000_000);
        sys::clock().saturating_add(SEND_NS).saturating_add(more)
    }

    /// Sends bytes.
    ///
    /// # Errors
    /// [`NetError::TimedOut`] at the deadline, and what `net` says.
    pub(crate) fn send(&mut self, mut bytes: &[u8], deadline: u64) -> Result<(), NetError> {
        while !bytes.is_empty() {
            match self.stream.session().send(bytes).map_err(NetError::from) {
                Err(NetError::WouldBlock) => self.wait(SEND, deadline)?,
                Err(error) => return Err(error),
                Ok(count) => {
                    let count = usize::try_from(count).unwrap_or(usize::MAX);
                    bytes = bytes.get(count..).ok_or(NetError::Gone)?;
                }
            }
        }
        Ok(())
    }

    /// Waits until the client closes or sends something, or this time has passed: whether it is
    /// still there.
    pub(crate) fn stays_for(&mut self, ns: u64) -> bool {
        let end = sys::clock().saturating_add(ns);
        // What it sends has no meaning any more, and is bounded like a head.
        self.bytes.clear();
        match self.receive(end) {
            Ok(_) => false,
            Err(error) => error == NetError::TimedOut,
        }
    }

    /// Says that the answer was the last one, and takes what the client still sends for a moment:
    /// unread bytes would reset the connection before the client has read the answer.
    pub(crate) fn close(mut self) {
        if self.stream.shutdown().is_err() {
            return;
        }
        let deadline = sys::clock().saturating_add(LINGER_NS);
        let mut taken = 0;
        while taken < LINGER_BYTES {
            self.bytes.clear();
            match self.receive(deadline) {
                Ok(0) | Err(_) => return,
                Ok(count) => taken += count,
            }
        }
    }
}
