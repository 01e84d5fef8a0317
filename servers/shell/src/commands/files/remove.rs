//! `rm`.

use super::{each, join};
use crate::options::Options;
use crate::shell::Shell;
use crate::trouble::{Outcome, Trouble};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use files::{FilesError, Kind};

pub(crate) fn rm(shell: &mut Shell, words: &[&str]) -> Outcome {
    let options = Options::read("rRf", "", words)?;
    if options.words.is_empty() && options.has('f') {
        return Ok(0);
    }
    each(shell, "rm", &options.words, |shell, path| {
        let found = match shell.files.link_metadata(path) {
            Err(error) if options.has('f') && error.files() == Some(&FilesError::NotFound) => {
                return Ok(());
            }
            found => found?,
        };
        if found.kind != Kind::Directory {
            return Ok(shell.files.remove(path)?);
        }
        if !options.has('r') && !options.has('R') {
            return Err(Trouble::new(alloc::format!(
                "{path}: {}: use -r",
                FilesError::IsDirectory
            )));
        }
        remove_tree(shell, path)
    })
}

/// A directory on the way down.
enum Work {
    /// Its entries are to go first.
    Enter(String),
    /// It is empty by now.
    Leave(String),
}

/// Removes a directory and all in it. The work list is in memory, so that no depth of directories
/// needs stack.
///
/// # Errors
/// The first thing that cannot be removed.
pub(super) fn remove_tree(shell: &Shell, path: &str) -> Result<(), Trouble> {
    let mut work: Vec<Work> = alloc::vec![Work::Enter(path.to_string())];
    while let Some(next) = work.pop() {
        shell.interrupts.check()?;
        match next {
            Work::Leave(path) => shell.files.remove_directory(&path)?,
            Work::Enter(path) => {
                let entries = shell.files.list(&path)?;
                work.push(Work::Leave(path.clone()));
                for entry in entries {
                    let path = join(&path, &entry.name);
                    match entry.kind {
                        Kind::Directory => work.push(Work::Enter(path)),
                        _ => shell.files.remove(&path)?,
                    }
                }
            }
        }
    }
    Ok(())
}
