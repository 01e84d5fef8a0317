//! `basename`, `chmod`, `dirname`, `mktemp`: names of paths, and what files may be.

use super::{each, last};
use crate::shell::Shell;
use crate::trouble::{Outcome, Trouble};
use alloc::format;
use files::{FilesError, How};

/// All bits of a mode that can be set.
const MODE_MAX: u16 = 0o7777;
/// How many names `mktemp` tries.
const TRIES: u64 = 100;

pub(crate) fn basename(shell: &mut Shell, words: &[&str]) -> Outcome {
    let (path, suffix) = match words {
        [path] => (path, ""),
        [path, suffix] => (path, *suffix),
        _ => return Err(Trouble::Usage),
    };
    let name = last(path);
    let short = name.strip_suffix(suffix).filter(|short| !short.is_empty()).unwrap_or(name);
    shell.write(
        format!("{}\n", if path.starts_with('/') && short.is_empty() { "/" } else { short })
            .as_bytes(),
    )?;
    Ok(0)
}

pub(crate) fn dirname(shell: &mut Shell, words: &[&str]) -> Outcome {
    let [path] = words else { return Err(Trouble::Usage) };
    let whole = path.trim_end_matches('/');
    let directory = match whole.rsplit_once('/') {
        _ if whole.is_empty() && !path.is_empty() => "/",
        None => ".",
        Some((directory, _)) => match directory.trim_end_matches('/') {
            "" => "/",
            directory => directory,
        },
    };
    shell.write(format!("{directory}\n").as_bytes())?;
    Ok(0)
}

pub(crate) fn chmod(shell: &mut Shell, words: &[&str]) -> Outcome {
    let (mode, paths) = words.split_first().ok_or(Trouble::Usage)?;
    let change = change(mode).ok_or(Trouble::Usage)?;
    each(shell, "chmod", paths, |shell, path| {
        let before = shell.files.metadata(path)?.mode & MODE_MAX;
        Ok(shell.files.set_mode(path, change(before))?)
    })
}

/// What becomes of a mode: `755`, `+x`, `a-w`.
fn change(text: &str) -> Option<impl Fn(u16) -> u16> {
    let number = u16::from_str_radix(text, 8).ok().filter(|mode| *mode <= MODE_MAX);
    let text = text.strip_prefix('a').unwrap_or(text);
    let adds = text.starts_with('+');
    let letters = text.strip_prefix(['+', '-']).unwrap_or("");
    let bits = letters.chars().try_fold(0, |bits, letter| {
        let bit = match letter {
            'r' => 0o444,
            'w' => 0o222,
            'x' => 0o111,
            _ => return None,
        };
        Some(bits | bit)
    })?;
    (number.is_some() || bits != 0).then_some(move |before: u16| match (number, adds) {
        (Some(mode), _) => mode,
        (None, true) => before | bits,
        (None, false) => before & !bits,
    })
}

pub(crate) fn mktemp(shell: &mut Shell, words: &[&str]) -> Outcome {
    let is_directory = match words {
        [] => false,
        ["-d"] => true,
        _ => return Err(Trouble::Usage),
    };
    for tried in 0..TRIES {
        let number = sys::clock().wrapping_add(tried) & 0xffff_ffff;
        let path = format!("/tmp/tmp.{number:08x}");
        let made = match is_directory {
            true => shell.files.make_directory(&path),
            false => shell.files.open(&path, How::NEW).map(drop),
        };
        match made {
            Err(error) if error.files() == Some(&FilesError::Exists) => {}
            made => {
                made?;
                shell.write(format!("{path}\n").as_bytes())?;
                return Ok(0);
            }
        }
    }
    Err(Trouble::new("/tmp: no free name"))
}
