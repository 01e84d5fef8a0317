//! `cd`, `mkdir`, `pwd`, `rmdir`.

use super::each;
use crate::expand::HOME;
use crate::options::Options;
use crate::shell::Shell;
use crate::trouble::{Outcome, Trouble};
use alloc::string::{String, ToString};
use files::{FilesError, Kind};

pub(crate) fn cd(shell: &mut Shell, words: &[&str]) -> Outcome {
    let before = shell.files.current().to_string();
    match words {
        [] if shell.files.metadata(HOME).is_ok() => shell.files.change(HOME)?,
        [] => shell.files.change("/")?,
        ["-"] => {
            let previous = shell.previous.clone();
            let path = previous.ok_or_else(|| Trouble::new("there is no directory before"))?;
            shell.files.change(&path)?;
            shell.write(alloc::format!("{path}\n").as_bytes())?;
        }
        [path] => shell.files.change(path)?,
        _ => return Err(Trouble::Usage),
    }
    shell.previous = Some(before);
    Ok(0)
}

pub(crate) fn pwd(shell: &mut Shell, words: &[&str]) -> Outcome {
    if !words.is_empty() {
        return Err(Trouble::Usage);
    }
    let line = alloc::format!("{}\n", shell.files.current());
    shell.write(line.as_bytes())?;
    Ok(0)
}

pub(crate) fn mkdir(shell: &mut Shell, words: &[&str]) -> Outcome {
    let options = Options::read("p", "", words)?;
    each(shell, "mkdir", &options.words, |shell, path| {
        if !options.has('p') {
            return Ok(shell.files.make_directory(path)?);
        }
        let whole = shell.files.whole(path)?;
        let mut made = String::new();
        for name in whole.split('/').filter(|name| !name.is_empty()) {
            made = alloc::format!("{made}/{name}");
            match shell.files.make_directory(&made) {
                Ok(()) => {}
                Err(error) if is_directory(shell, &made) => drop(error),
                Err(error) => return Err(error.into()),
            }
        }
        if is_directory(shell, path) {
            return Ok(());
        }
        Err(Trouble::new(alloc::format!("{path}: {}", FilesError::NotDirectory)))
    })
}

fn is_directory(shell: &Shell, path: &str) -> bool {
    shell.files.metadata(path).is_ok_and(|found| found.kind == Kind::Directory)
}

pub(crate) fn rmdir(shell: &mut Shell, words: &[&str]) -> Outcome {
    let options = Options::read("", "", words)?;
    each(shell, "rmdir", &options.words, |shell, path| Ok(shell.files.remove_directory(path)?))
}
