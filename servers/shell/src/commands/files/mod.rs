//! Commands over files.

mod copy;
mod find;
mod links;
mod list;
mod names;
mod paths;
mod remove;
mod scripts;
mod space;
mod test;

pub(crate) use copy::{cp, mv};
pub(crate) use find::find;
pub(crate) use links::{ln, stat, touch};
pub(crate) use list::ls;
pub(crate) use names::{basename, chmod, dirname, mktemp};
pub(crate) use paths::{cd, mkdir, pwd, rmdir};
pub(crate) use remove::rm;
pub(crate) use scripts::{rc, sh};
pub(crate) use space::{df, du, sync};
pub(crate) use test::{bracket, test};

use crate::shell::Shell;
use crate::trouble::{Outcome, Trouble};
use alloc::string::{String, ToString};
use files::{FilesError, Kind, Metadata};

/// Does work for each word; a failure is told, and the others follow.
fn each(
    shell: &mut Shell,
    name: &str,
    words: &[&str],
    mut work: impl FnMut(&mut Shell, &str) -> Result<(), Trouble>,
) -> Outcome {
    if words.is_empty() {
        return Err(Trouble::Usage);
    }
    let mut status = 0;
    for word in words {
        shell.interrupts.check()?;
        match work(shell, word) {
            Ok(()) => {}
            Err(trouble @ (Trouble::Failed(_) | Trouble::Named(_))) => {
                status = shell.complain(name, &trouble);
            }
            Err(trouble) => return Err(trouble),
        }
    }
    Ok(status)
}

/// A name below a directory.
fn join(directory: &str, name: &str) -> String {
    alloc::format!("{}/{name}", directory.trim_end_matches('/'))
}

/// The last name of a path.
fn last(path: &str) -> &str {
    let path = path.trim_end_matches('/');
    path.rsplit('/').next().unwrap_or(path)
}

/// The directory in a copy or move of `from` to `to`: `to` itself, or the name of `from` in it.
fn target(shell: &Shell, from: &str, to: &str) -> String {
    let is_directory = shell.files.metadata(to).is_ok_and(|found| found.kind == Kind::Directory);
    // The last name of `.` and `..` is that of the directory they lead to.
    let whole = shell.files.whole(from).unwrap_or_else(|_| from.to_string());
    if is_directory { join(to, last(&whole)) } else { to.to_string() }
}

/// All about a path, if there is something.
fn look(shell: &Shell, path: &str) -> Result<Option<Metadata>, Trouble> {
    match shell.files.link_metadata(path) {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.files() == Some(&FilesError::NotFound) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The kind as the first letter of a line, as other systems show it.
fn letter(kind: Kind) -> char {
    match kind {
        Kind::File => '-',
        Kind::Directory => 'd',
        Kind::Link => 'l',
        Kind::Other => '?',
    }
}
