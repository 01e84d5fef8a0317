//! The entries of a folder.

use super::Done;
use super::stat::{FILE, FOLDER};
use crate::State;
use crate::error::Errno;
use crate::memory::Memory;

/// Writes entries from the given one on, until the room is full: then the last is cut off, and the
/// program asks again. The order is that of the names, so that a number means one entry.
pub(super) fn fd_readdir(
    state: &mut State,
    memory: &mut Memory<'_>,
    fd: u32,
    at: u32,
    len: u32,
    cookie: u64,
    done: u32,
) -> Done {
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(state.files.folder(fd)?)? {
        let entry = entry?;
        let kind = if entry.file_type()?.is_dir() { FOLDER } else { FILE };
        entries.push((entry.file_name().to_string_lossy().into_owned(), kind));
    }
    entries.sort();
    let room = usize::try_from(len).map_err(|_| Errno::INVAL)?;
    let mut bytes = Vec::new();
    for (number, (name, kind)) in (0_u64..).zip(&entries).filter(|(number, _)| *number >= cookie) {
        if bytes.len() >= room {
            break;
        }
        bytes.extend((number + 1).to_le_bytes());
        bytes.extend(0_u64.to_le_bytes());
        let name_len = u32::try_from(name.len()).map_err(|_| Errno::INVAL)?;
        bytes.extend(name_len.to_le_bytes());
        bytes.extend([*kind, 0, 0, 0]);
        bytes.extend(name.as_bytes());
    }
    bytes.truncate(room);
    memory.put(at, &bytes)?;
    memory.put_u32(done, bytes.len())
}
