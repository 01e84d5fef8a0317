//! What takes several calls: copies, and the removal of trees.

use super::super::answer::Result;
use super::{open, with};
use alloc::string::String;
use alloc::vec::Vec;
use files::Kind;
use moto_rt::Error;
use moto_rt::fs::{O_CREATE, O_READ, O_TRUNCATE, O_WRITE};

/// The bytes of a copy that are read at once.
const PIECE: usize = 64 << 10;

/// Copies the content and the permission bits of a file: its length.
pub(in super::super) fn copy(from: &str, to: &str) -> Result<u64> {
    let metadata = with(|names| names.metadata(from))?;
    if metadata.kind == Kind::Directory {
        return Err(Error::InvalidArgument);
    }
    let source = open(from, O_READ)?;
    let target = open(to, O_WRITE | O_CREATE | O_TRUNCATE)?;
    let mut piece = alloc::vec![0; PIECE];
    let mut done = 0_u64;
    loop {
        let count = source.read(&mut piece)?;
        if count == 0 {
            break;
        }
        target.write(piece.get(..count).unwrap_or(&[]))?;
        done = done.saturating_add(count as u64);
    }
    // A volume without permission bits has the content all the same.
    let _ = with(|names| names.set_mode(to, metadata.mode));
    Ok(done)
}

/// Removes a directory with all that is in it. Links are removed, not followed.
pub(in super::super) fn remove_all(path: &str) -> Result<()> {
    if with(|names| names.link_metadata(path))?.kind != Kind::Directory {
        return Err(Error::NotADirectory);
    }
    // A directory is removed when it comes up the second time, after what was in it.
    let mut left: Vec<(String, bool)> = Vec::from([(path.into(), false)]);
    while let Some((directory, emptied)) = left.pop() {
        if emptied {
            with(|names| names.remove_directory(&directory))?;
            continue;
        }
        left.push((directory.clone(), true));
        for entry in with(|names| names.list(&directory))? {
            let path = alloc::format!("{directory}/{}", entry.name);
            match entry.kind {
                Kind::Directory => left.push((path, false)),
                Kind::File | Kind::Link | Kind::Other => with(|names| names.remove(&path))?,
            }
        }
    }
    Ok(())
}
