//! Files by their paths.

use super::Done;
use super::stat::{self, APPEND};
use crate::State;
use crate::error::Errno;
use crate::files::Open;
use crate::memory::Memory;
use std::fs::{self, OpenOptions};
use std::path::PathBuf;

/// How a path is opened.
const CREATE: u32 = 1;
const FOLDER: u32 = 2;
const NEW: u32 = 4;
const EMPTY: u32 = 8;
/// Rights that a descriptor is opened with.
const READ: u64 = 1 << 1;
const WRITE: u64 = 1 << 6;

fn place(
    state: &mut State,
    memory: &Memory<'_>,
    fd: u32,
    path: u32,
    len: u32,
) -> Result<PathBuf, Errno> {
    state.files.below(fd, memory.text((path, len))?)
}

/// A function that does something with one path.
macro_rules! with_path {
    ($name:ident, $work:path) => {
        pub(super) fn $name(
            state: &mut State,
            memory: &mut Memory<'_>,
            fd: u32,
            path: u32,
            len: u32,
        ) -> Done {
            Ok($work(place(state, memory, fd, path, len)?)?)
        }
    };
}

with_path!(create_directory, fs::create_dir);
with_path!(remove_directory, fs::remove_dir);
with_path!(unlink_file, fs::remove_file);

pub(super) fn rename(
    state: &mut State,
    memory: &mut Memory<'_>,
    fd: u32,
    path: u32,
    len: u32,
    to_fd: u32,
    to: u32,
    to_len: u32,
) -> Done {
    let from = place(state, memory, fd, path, len)?;
    Ok(fs::rename(from, place(state, memory, to_fd, to, to_len)?)?)
}

pub(super) fn filestat_get(
    state: &mut State,
    memory: &mut Memory<'_>,
    fd: u32,
    _: u32,
    path: u32,
    len: u32,
    at: u32,
) -> Done {
    let metadata = fs::metadata(place(state, memory, fd, path, len)?)?;
    stat::put(memory, at, &metadata)
}

pub(super) fn open(
    state: &mut State,
    memory: &mut Memory<'_>,
    fd: u32,
    _: u32,
    path: u32,
    len: u32,
    how: u32,
    rights: u64,
    _: u64,
    fd_flags: u32,
    at: u32,
) -> Done {
    let place = place(state, memory, fd, path, len)?;
    let open = if place.is_dir() {
        match how & (NEW | EMPTY) {
            0 if rights & WRITE == 0 || how & FOLDER != 0 => Open::Folder { place, name: None },
            0 | EMPTY => return Err(Errno::ISDIR),
            _ => return Err(Errno::EXIST),
        }
    } else if how & FOLDER != 0 {
        return Err(if place.exists() { Errno::NOTDIR } else { Errno::NOENT });
    } else {
        let write = rights & WRITE != 0 || how & (CREATE | NEW | EMPTY) != 0;
        let file = OpenOptions::new()
            .read(rights & READ != 0 || !write)
            .write(write)
            .create(how & CREATE != 0)
            .create_new(how & CREATE != 0 && how & NEW != 0)
            .truncate(how & EMPTY != 0)
            .open(place)?;
        Open::File { file, append: fd_flags & APPEND != 0 }
    };
    let fd = state.files.add(open)?;
    memory.put_u32(at, fd)
}
