//! Clocks and waiting.

use super::Done;
use crate::State;
use crate::error::Errno;
use crate::memory::Memory;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const REALTIME: u32 = 0;
const MONOTONIC: u32 = 1;

/// Kinds of what is waited for; a file is always ready.
const CLOCK: u8 = 0;
const WRITABLE: u8 = 2;
/// A flag: the time is not from now on but one of the clock.
const ABSOLUTE: u8 = 1;

/// Bytes of what is waited for, and of what came.
const WAIT: u32 = 48;
const EVENT: u32 = 32;

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// A clock's time in nanoseconds. Clocks of the processor's time are not there.
fn now(state: &State, id: u32) -> Result<u64, Errno> {
    match id {
        REALTIME => Ok(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, nanos)),
        MONOTONIC => Ok(nanos(state.begun.elapsed())),
        _ => Err(Errno::INVAL),
    }
}

pub(super) fn clock_res_get(state: &mut State, memory: &mut Memory<'_>, id: u32, at: u32) -> Done {
    now(state, id)?;
    memory.put_u64(at, 1)
}

pub(super) fn clock_time_get(
    state: &mut State,
    memory: &mut Memory<'_>,
    id: u32,
    _: u64,
    at: u32,
) -> Done {
    memory.put_u64(at, now(state, id)?)
}

/// Waits for the first of several things. Without a file among them that is the earliest time.
pub(super) fn poll_oneoff(
    state: &mut State,
    memory: &mut Memory<'_>,
    from: u32,
    to: u32,
    count: u32,
    found: u32,
) -> Done {
    let mut waits = Vec::new();
    let len = count.checked_mul(WAIT).filter(|len| *len > 0).ok_or(Errno::INVAL)?;
    memory.bytes((from, len))?;
    for number in 0..count {
        let at = from + number * WAIT;
        let kind = *memory.bytes((at + 8, 1))?.first().ok_or(Errno::FAULT)?;
        let left = match kind {
            CLOCK => time_left(state, memory, at)?,
            1..=WRITABLE => 0,
            _ => return Err(Errno::INVAL),
        };
        waits.push((memory.u64(at)?, kind, left));
    }
    let first = waits.iter().map(|(_, _, left)| *left).min().unwrap_or(0);
    std::thread::sleep(Duration::from_nanos(first));
    let ready = waits.iter().filter(|(_, _, left)| *left == first);
    let mut at = to;
    for (name, kind, _) in ready.clone() {
        memory.put(at, &[0; EVENT as usize])?;
        memory.put_u64(at, *name)?;
        memory.put(at.saturating_add(10), &[*kind])?;
        at = at.saturating_add(EVENT);
    }
    memory.put_u32(found, ready.count())
}

fn time_left(state: &State, memory: &Memory<'_>, at: u32) -> Result<u64, Errno> {
    let time = memory.u64(at + 24)?;
    let now = now(state, memory.u32(at + 16)?)?;
    let flags = *memory.bytes((at + 40, 1))?.first().ok_or(Errno::FAULT)?;
    Ok(if flags & ABSOLUTE != 0 { time.saturating_sub(now) } else { time })
}
