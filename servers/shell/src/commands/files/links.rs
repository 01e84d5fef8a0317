//! `ln`, `stat`, `touch`.

use super::{each, letter, target};
use crate::options::Options;
use crate::shell::Shell;
use crate::trouble::{Outcome, Trouble};
use crate::units::{date, mode};
use alloc::format;
use files::{How, Kind};

pub(crate) fn ln(shell: &mut Shell, words: &[&str]) -> Outcome {
    let options = Options::read("s", "", words)?;
    let [from, to] = options.words[..] else { return Err(Trouble::Usage) };
    let to = target(shell, from, to);
    match options.has('s') {
        true => shell.files.make_link(&to, from)?,
        false => shell.files.add_name(from, &to)?,
    }
    Ok(0)
}

pub(crate) fn stat(shell: &mut Shell, words: &[&str]) -> Outcome {
    let options = Options::read("", "", words)?;
    each(shell, "stat", &options.words, |shell, path| {
        let found = shell.files.link_metadata(path)?;
        let kind = match found.kind {
            Kind::File => "file".into(),
            Kind::Directory => "directory".into(),
            Kind::Link => format!("link to {}", shell.files.read_link(path)?),
            Kind::Other => "other".into(),
        };
        let (mount, info) = shell.files.volume(path)?;
        let text = format!(
            "{path}: {kind}\n  size {}, on the volume {}, names {}, node {}\n  \
             mode {}{}, volume {} ({})\n  changed {}, made {}\n",
            found.len,
            found.stored,
            found.links,
            found.node,
            letter(found.kind),
            mode(found.mode),
            mount.service,
            info.format,
            date(found.modified.0),
            date(found.created.0),
        );
        shell.write(text.as_bytes())
    })
}

/// Sets the time of the last change to now, by the volume's clock.
pub(crate) fn touch(shell: &mut Shell, words: &[&str]) -> Outcome {
    let options = Options::read("", "", words)?;
    each(shell, "touch", &options.words, |shell, path| {
        let mut file = shell.files.open(path, How::CREATE)?;
        let len = file.opened().len;
        Ok(file.set_len(len)?)
    })
}
