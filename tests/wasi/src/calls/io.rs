//! Reading and writing what is open.

use super::Done;
use super::stat::APPEND;
use crate::State;
use crate::error::Errno;
use crate::files::Open;
use crate::memory::Memory;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};

pub(super) fn fd_advise(
    s: &mut State,
    _: &mut Memory<'_>,
    fd: u32,
    _: u64,
    _: u64,
    _: u32,
) -> Done {
    s.files.get(fd).map(drop)
}

pub(super) fn fd_close(state: &mut State, _: &mut Memory<'_>, fd: u32) -> Done {
    state.files.close(fd).map(drop)
}

pub(super) fn fd_renumber(state: &mut State, _: &mut Memory<'_>, from: u32, to: u32) -> Done {
    state.files.renumber(from, to)
}

pub(super) fn fd_sync(state: &mut State, _: &mut Memory<'_>, fd: u32) -> Done {
    Ok(state.files.file(fd)?.sync_all()?)
}

pub(super) fn fd_filestat_set_size(
    state: &mut State,
    _: &mut Memory<'_>,
    fd: u32,
    size: u64,
) -> Done {
    Ok(state.files.file(fd)?.set_len(size)?)
}

/// Whether writes go to the end is all that can be changed.
pub(super) fn fd_fdstat_set_flags(
    state: &mut State,
    _: &mut Memory<'_>,
    fd: u32,
    flags: u32,
) -> Done {
    match state.files.get(fd)? {
        Open::File { append, .. } => *append = flags & APPEND != 0,
        _ if flags == 0 => {}
        _ => return Err(Errno::NOTSUP),
    }
    Ok(())
}

pub(super) fn fd_prestat_get(state: &mut State, memory: &mut Memory<'_>, fd: u32, at: u32) -> Done {
    let len = name(state, fd)?.len();
    memory.put_u32(at, 0)?;
    memory.put_u32(at.saturating_add(4), len)
}

pub(super) fn fd_prestat_dir_name(
    state: &mut State,
    memory: &mut Memory<'_>,
    fd: u32,
    at: u32,
    len: u32,
) -> Done {
    let name = name(state, fd)?;
    let fits = usize::try_from(len).is_ok_and(|len| name.len() <= len);
    if fits { memory.put(at, name.as_bytes()) } else { Err(Errno::INVAL) }
}

fn name(state: &mut State, fd: u32) -> Result<&str, Errno> {
    match state.files.get(fd)? {
        Open::Folder { name: Some(name), .. } => Ok(name),
        _ => Err(Errno::BADF),
    }
}

pub(super) fn fd_seek(
    state: &mut State,
    memory: &mut Memory<'_>,
    fd: u32,
    by: i64,
    whence: u32,
    at: u32,
) -> Done {
    let to = match whence {
        0 => SeekFrom::Start(u64::try_from(by).map_err(|_| Errno::INVAL)?),
        1 => SeekFrom::Current(by),
        2 => SeekFrom::End(by),
        _ => return Err(Errno::INVAL),
    };
    let place = state.files.file(fd)?.seek(to)?;
    memory.put_u64(at, place)
}

pub(super) fn fd_tell(state: &mut State, memory: &mut Memory<'_>, fd: u32, at: u32) -> Done {
    let place = state.files.file(fd)?.stream_position()?;
    memory.put_u64(at, place)
}

pub(super) fn fd_read(
    state: &mut State,
    memory: &mut Memory<'_>,
    fd: u32,
    list: u32,
    count: u32,
    done: u32,
) -> Done {
    let mut sum = 0;
    for piece in memory.pieces((list, count))? {
        let into = memory.bytes_mut(piece)?;
        let read = match state.files.get(fd)? {
            Open::Input => std::io::stdin().read(into)?,
            Open::File { file, .. } => file.read(into)?,
            Open::Folder { .. } => return Err(Errno::ISDIR),
            Open::Output | Open::Errors => return Err(Errno::BADF),
        };
        let short = read < into.len();
        sum += read;
        if short {
            break;
        }
    }
    memory.put_u32(done, sum)
}

pub(super) fn fd_write(
    state: &mut State,
    memory: &mut Memory<'_>,
    fd: u32,
    list: u32,
    count: u32,
    done: u32,
) -> Done {
    let mut sum = 0;
    for piece in memory.pieces((list, count))? {
        let from = memory.bytes(piece)?;
        match state.files.get(fd)? {
            Open::Output => {
                let mut output = std::io::stdout();
                output.write_all(from)?;
                output.flush()?;
            }
            Open::Errors => std::io::stderr().write_all(from)?,
            Open::File { file, append } => {
                if *append {
                    file.seek(SeekFrom::End(0))?;
                }
                file.write_all(from)?;
            }
            Open::Folder { .. } => return Err(Errno::ISDIR),
            Open::Input => return Err(Errno::BADF),
        }
        sum += from.len();
    }
    memory.put_u32(done, sum)
}

/// Does something at a place of a file, which keeps its own place.
fn elsewhere(state: &mut State, fd: u32, at: u64, work: impl FnOnce(&mut State) -> Done) -> Done {
    let old = state.files.file(fd)?.stream_position()?;
    state.files.file(fd)?.seek(SeekFrom::Start(at))?;
    let worked = work(state);
    state.files.file(fd)?.seek(SeekFrom::Start(old))?;
    worked
}

pub(super) fn fd_pread(
    state: &mut State,
    memory: &mut Memory<'_>,
    fd: u32,
    list: u32,
    count: u32,
    at: u64,
    done: u32,
) -> Done {
    elsewhere(state, fd, at, |state| fd_read(state, memory, fd, list, count, done))
}

pub(super) fn fd_pwrite(
    state: &mut State,
    memory: &mut Memory<'_>,
    fd: u32,
    list: u32,
    count: u32,
    at: u64,
    done: u32,
) -> Done {
    elsewhere(state, fd, at, |state| fd_write(state, memory, fd, list, count, done))
}
