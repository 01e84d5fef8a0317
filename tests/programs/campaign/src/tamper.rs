//! Faults on the way of messages: by stopping the server at its system calls.

use abi::{NOTIFIED_LABEL, Syscall};
use fastrand::Rng;
use sys::trace::{Stop, TraceFlags, Tracer};
use sys::{Error, Process, Rights, Words};

/// How long to wait for the right call. The server may have nothing to do.
const WINDOW_NS: u64 = 30_000_000;
/// Interrupts of a storm.
const STORM: u32 = 500;

/// Runs every stop past a function until it has done what it wants to.
fn at_stops(
    process: &Process,
    flags: TraceFlags,
    mut act: impl FnMut(Stop) -> Result<bool, Error>,
) -> Result<(), Error> {
    let tracer = Tracer::watch(process.copy(Rights::ALL)?, flags)?;
    let end = sys::clock() + WINDOW_NS;
    loop {
        match tracer.next(end) {
            Ok(stop) => {
                if act(stop)? {
                    return Ok(());
                }
            }
            Err(Error::TimedOut) => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}

fn is(words: &Words, call: Syscall) -> bool {
    words[0] == call as u64
}

/// The next answer of the server has a wrong bit in its words.
pub(crate) fn wrong_reply(process: &Process, rng: &mut Rng) -> Result<(), Error> {
    at_stops(process, TraceFlags::ENTER, |stop| {
        let mut words = stop.words;
        let answers = is(&words, Syscall::Reply) || is(&words, Syscall::ReplyRecv);
        if !answers || words[1] == 0 {
            return stop.resume().map(|()| false);
        }
        if let Some(word) = words.get_mut(rng.usize(3..7)) {
            *word ^= 1 << rng.u32(0..64);
        }
        stop.rewrite(words).map(|()| true)
    })
}

/// The next bits that the server is notified of are none.
pub(crate) fn lost_notice(process: &Process) -> Result<(), Error> {
    at_stops(process, TraceFlags::EXIT, |stop| {
        let words = stop.words;
        let receives = is(&words, Syscall::Recv) || is(&words, Syscall::ReplyRecv);
        if !receives || words[1] != 0 || words[3] != u64::from(NOTIFIED_LABEL) {
            return stop.resume().map(|()| false);
        }
        let mut changed = words;
        changed[2] = 0;
        stop.rewrite(changed).map(|()| true)
    })
}

/// The server dies between what it puts into a ring and the bell that tells of it.
pub(crate) fn dead_before_bell(process: &Process) -> Result<(), Error> {
    at_stops(process, TraceFlags::ENTER, |stop| {
        if !is(&stop.words, Syscall::Signal) {
            return stop.resume().map(|()| false);
        }
        process.kill(abi::KILLED + 9).map(|()| true)
    })
}

/// All bits come many times, as from a device that interrupts without end.
pub(crate) fn storm(process: &Process) -> Result<(), Error> {
    let mut left = STORM;
    at_stops(process, TraceFlags::ENTER, |stop| {
        let receives = is(&stop.words, Syscall::Recv)
            || (is(&stop.words, Syscall::ReplyRecv) && stop.words[1] == 0);
        if !receives {
            return stop.resume().map(|()| false);
        }
        left -= 1;
        stop.skip(0, block::INTERRUPT, u64::from(NOTIFIED_LABEL)).map(|()| left == 0)
    })
}

/// The server is notified of bits that were not signalled.
pub(crate) fn doubled_notice(process: &Process, rng: &mut Rng) -> Result<(), Error> {
    at_stops(process, TraceFlags::ENTER, |stop| {
        let receives = is(&stop.words, Syscall::Recv)
            || (is(&stop.words, Syscall::ReplyRecv) && stop.words[1] == 0);
        if !receives {
            return stop.resume().map(|()| false);
        }
        stop.skip(0, rng.u64(..), u64::from(NOTIFIED_LABEL)).map(|()| true)
    })
}
