//! `find`.

use super::{each, join, last};
use crate::glob::Pattern;
use crate::shell::Shell;
use crate::trouble::{Outcome, Trouble};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use files::Kind;

pub(crate) fn find(shell: &mut Shell, words: &[&str]) -> Outcome {
    let (paths, pattern) = match words {
        [paths @ .., "-name", name] => {
            let mut pattern = Pattern::default();
            pattern.add_pattern(name);
            (paths, Some(pattern))
        }
        paths if paths.iter().any(|path| path.starts_with('-')) => return Err(Trouble::Usage),
        paths => (paths, None),
    };
    let fits = |path: &str| pattern.as_ref().is_none_or(|pattern| pattern.fits(last(path)));
    let paths = if paths.is_empty() { &["."] } else { paths };
    each(shell, "find", paths, |shell, path| {
        let mut work = alloc::vec![path.to_string()];
        while let Some(path) = work.pop() {
            shell.interrupts.check()?;
            let found = shell.files.link_metadata(&path)?;
            if fits(&path) {
                shell.write((path.clone() + "\n").as_bytes())?;
            }
            if found.kind == Kind::Directory {
                let entries = shell.files.list(&path)?;
                let mut below: Vec<String> =
                    entries.iter().map(|entry| join(&path, &entry.name)).collect();
                below.sort_unstable_by(|one, other| other.cmp(one));
                work.append(&mut below);
            }
        }
        Ok(())
    })
}
