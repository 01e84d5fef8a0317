//! `cp` and `mv`.

use super::remove::remove_tree;
use super::{each, join, look, target};
use crate::options::Options;
use crate::shell::Shell;
use crate::sinks::FileInput;
use crate::trouble::{Outcome, Trouble};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use files::{Cause, FilesError, How, Kind};

pub(crate) fn cp(shell: &mut Shell, words: &[&str]) -> Outcome {
    let options = Options::read("rRa", "", words)?;
    let recursive = ['r', 'R', 'a'].iter().any(|letter| options.has(*letter));
    let (from, to) = split(shell, &options.words)?;
    each(shell, "cp", from, |shell, from| {
        let to = target(shell, from, to);
        copy(shell, from, &to, recursive)
    })
}

pub(crate) fn mv(shell: &mut Shell, words: &[&str]) -> Outcome {
    let options = Options::read("f", "", words)?;
    let (from, to) = split(shell, &options.words)?;
    each(shell, "mv", from, |shell, from| {
        let to = target(shell, from, to);
        match shell.files.rename(from, &to) {
            Err(error) if error.cause == Cause::OtherVolume => {
                copy(shell, from, &to, true)?;
                match shell.files.link_metadata(from)?.kind {
                    Kind::Directory => remove_tree(shell, from),
                    _ => Ok(shell.files.remove(from)?),
                }
            }
            renamed => Ok(renamed?),
        }
    })
}

/// The paths in front, and the last one, which is a directory when there are several.
fn split<'a, 'b>(shell: &Shell, words: &'b [&'a str]) -> Result<(&'b [&'a str], &'a str), Trouble> {
    let [from @ .., to] = words else { return Err(Trouble::Usage) };
    if from.is_empty() {
        return Err(Trouble::Usage);
    }
    if from.len() > 1 && shell.files.metadata(to)?.kind != Kind::Directory {
        return Err(Trouble::new(format!("{to}: {}", FilesError::NotDirectory)));
    }
    Ok((from, to))
}

/// Copies a file, link or directory. The work list is in memory, as for removal.
fn copy(shell: &Shell, from: &str, to: &str, recursive: bool) -> Result<(), Trouble> {
    let (from_whole, to_whole) = (shell.files.whole(from)?, shell.files.whole(to)?);
    let inside = format!("{}/", from_whole.trim_end_matches('/'));
    if from_whole == to_whole || to_whole.starts_with(&inside) {
        return Err(Trouble::new(format!("{to}: cannot copy {from} into itself")));
    }
    let mut work: Vec<(String, String)> = alloc::vec![(from.to_string(), to.to_string())];
    while let Some((from, to)) = work.pop() {
        shell.interrupts.check()?;
        let kind = match recursive {
            true => shell.files.link_metadata(&from)?.kind,
            false => shell.files.metadata(&from)?.kind,
        };
        match kind {
            Kind::Directory if recursive => {
                if look(shell, &to)?.is_none_or(|found| found.kind != Kind::Directory) {
                    shell.files.make_directory(&to)?;
                }
                for entry in shell.files.list(&from)? {
                    work.push((join(&from, &entry.name), join(&to, &entry.name)));
                }
            }
            Kind::Directory => {
                return Err(Trouble::new(format!("{from}: {}: use -r", FilesError::IsDirectory)));
            }
            Kind::Link => shell.files.make_link(&to, &shell.files.read_link(&from)?)?,
            Kind::File | Kind::Other => copy_file(shell, &from, &to)?,
        }
    }
    Ok(())
}

fn copy_file(shell: &Shell, from: &str, to: &str) -> Result<(), Trouble> {
    let mut input = FileInput::open(shell, from)?;
    // Two names of one file: emptying it would lose it.
    if let Some(there) = look(shell, to)?
        && there.node == input.metadata().node
        && shell.files.volume(from)?.0 == shell.files.volume(to)?.0
    {
        return Err(Trouble::new(format!("{from} and {to} are the same file")));
    }
    let mut output = shell.files.open(to, How::REPLACE)?;
    let mut at = 0_u64;
    while let Some(piece) = input.next()? {
        output.write_at(at, piece)?;
        at = at.saturating_add(piece.len() as u64);
    }
    let (mode, there) = (input.metadata().mode, output.opened().mode);
    if mode != there {
        // A volume without modes keeps its own.
        let _ = shell.files.set_mode(to, mode);
    }
    Ok(())
}
