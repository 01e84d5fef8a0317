//! Arguments, environment, random bytes.

use super::Done;
use crate::State;
use crate::error::Errno;
use crate::memory::Memory;

fn sizes(lines: &[String], memory: &mut Memory<'_>, count: u32, bytes: u32) -> Done {
    memory.put_u32(count, lines.len())?;
    memory.put_u32(bytes, lines.iter().map(|line| line.len() + 1).sum())
}

/// Writes an address for each line, and the lines, which end with a 0.
fn lines(lines: &[String], memory: &mut Memory<'_>, mut list: u32, mut text: u32) -> Done {
    for line in lines {
        memory.put(list, &text.to_le_bytes())?;
        let ended = [line.as_bytes(), &[0]].concat();
        memory.put(text, &ended)?;
        let len = u32::try_from(ended.len()).map_err(|_| Errno::FAULT)?;
        list = list.checked_add(4).ok_or(Errno::FAULT)?;
        text = text.checked_add(len).ok_or(Errno::FAULT)?;
    }
    Ok(())
}

pub(super) fn args_sizes_get(s: &mut State, memory: &mut Memory<'_>, count: u32, len: u32) -> Done {
    sizes(&s.args, memory, count, len)
}

pub(super) fn args_get(s: &mut State, memory: &mut Memory<'_>, list: u32, text: u32) -> Done {
    lines(&s.args, memory, list, text)
}

pub(super) fn environ_sizes_get(
    state: &mut State,
    memory: &mut Memory<'_>,
    count: u32,
    bytes: u32,
) -> Done {
    sizes(&state.env, memory, count, bytes)
}

pub(super) fn environ_get(s: &mut State, memory: &mut Memory<'_>, list: u32, text: u32) -> Done {
    lines(&s.env, memory, list, text)
}

pub(super) fn random_get(_: &mut State, memory: &mut Memory<'_>, at: u32, len: u32) -> Done {
    getrandom::fill(memory.bytes_mut((at, len))?).map_err(|_| Errno::IO)
}

pub(super) fn sched_yield(_: &mut State, _: &mut Memory<'_>) -> Done {
    std::thread::yield_now();
    Ok(())
}
