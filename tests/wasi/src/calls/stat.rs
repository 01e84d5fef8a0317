//! What a program is told of descriptors and files.

use super::Done;
use crate::State;
use crate::error::Errno;
use crate::files::Open;
use crate::memory::Memory;
use std::fs::Metadata;
use std::time::UNIX_EPOCH;

/// Types of files.
const CHARACTERS: u8 = 2;
pub(super) const FOLDER: u8 = 3;
pub(super) const FILE: u8 = 4;
/// A flag of descriptors.
pub(super) const APPEND: u32 = 1;
/// Descriptors allow all that the system allows.
const ALL_RIGHTS: u64 = (1 << 30) - 1;

pub(super) fn fd_fdstat_get(state: &mut State, memory: &mut Memory<'_>, fd: u32, at: u32) -> Done {
    let (kind, append) = match state.files.get(fd)? {
        Open::Folder { .. } => (FOLDER, false),
        Open::File { append, .. } => (FILE, *append),
        _ => (CHARACTERS, false),
    };
    let rights = if kind == CHARACTERS { ALL_RIGHTS & !SEEKING } else { ALL_RIGHTS };
    let mut bytes = [0; 24];
    let [first, _, flags, ..] = &mut bytes;
    (*first, *flags) = (kind, u8::from(append));
    memory.put(at, &bytes)?;
    memory.put_u64(at.saturating_add(8), rights)?;
    memory.put_u64(at.saturating_add(16), ALL_RIGHTS)
}

/// Rights to seek and to tell: by their lack a program knows a terminal.
const SEEKING: u64 = 1 << 2 | 1 << 5;

pub(super) fn fd_filestat_get(
    state: &mut State,
    memory: &mut Memory<'_>,
    fd: u32,
    at: u32,
) -> Done {
    match state.files.get(fd)? {
        Open::File { file, .. } => put(memory, at, &file.metadata()?),
        Open::Folder { place, .. } => put(memory, at, &std::fs::metadata(place)?),
        _ => {
            memory.put(at, &[0; 64])?;
            memory.put(at.saturating_add(16), &[CHARACTERS])
        }
    }
}

/// Writes what is known of a file. It has no number here.
pub(super) fn put(memory: &mut Memory<'_>, at: u32, metadata: &Metadata) -> Done {
    let kind = if metadata.is_dir() { FOLDER } else { FILE };
    let time = |time: std::io::Result<std::time::SystemTime>| {
        let since = time.ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        since.map_or(0, |since| u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
    };
    let written = time(metadata.modified());
    let words = [0, 0, kind.into(), 1, metadata.len(), time(metadata.accessed()), written, written];
    let bytes: Vec<u8> = words.iter().flat_map(|word: &u64| word.to_le_bytes()).collect();
    if bytes.len() == 64 { memory.put(at, &bytes) } else { Err(Errno::IO) }
}
