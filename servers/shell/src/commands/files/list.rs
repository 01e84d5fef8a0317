//! `ls`.

use super::{each, join, letter};
use crate::options::Options;
use crate::shell::Shell;
use crate::table::Table;
use crate::trouble::{Outcome, Trouble};
use crate::units::{date, mode};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use files::{Kind, Metadata};

/// Columns of a terminal; `ls` puts names side by side up to this width.
const COLUMNS: usize = 80;

pub(crate) fn ls(shell: &mut Shell, words: &[&str]) -> Outcome {
    let options = Options::read("la1R", "", words)?;
    let paths = if options.words.is_empty() { alloc::vec!["."] } else { options.words.clone() };
    let several = paths.len() > 1 || options.has('R');
    let mut is_first = true;
    each(shell, "ls", &paths, |shell, path| {
        let found = shell.files.link_metadata(path)?;
        let leads_to_directory = found.kind == Kind::Link
            && !options.has('l')
            && shell.files.metadata(path).is_ok_and(|found| found.kind == Kind::Directory);
        if found.kind != Kind::Directory && !leads_to_directory {
            let text = match options.has('l') {
                true => table(shell, &[(path.to_string(), path.to_string())]).render(),
                false => format!("{path}\n"),
            };
            return shell.write(text.as_bytes());
        }
        let mut open = alloc::vec![path.to_string()];
        while let Some(path) = open.pop() {
            shell.interrupts.check()?;
            if several {
                let space = if core::mem::replace(&mut is_first, false) { "" } else { "\n" };
                shell.write(format!("{space}{path}:\n").as_bytes())?;
            }
            let below = directory(shell, &path, &options)?;
            if options.has('R') {
                open.extend(below.into_iter().rev());
            }
        }
        Ok(())
    })
}

/// Lists a directory: the directories in it.
fn directory(shell: &mut Shell, path: &str, options: &Options) -> Result<Vec<String>, Trouble> {
    let mut entries = shell.files.list(path)?;
    entries.retain(|entry| options.has('a') || !entry.name.starts_with('.'));
    let directories = entries.iter().filter(|entry| entry.kind == Kind::Directory);
    let below = directories.map(|entry| join(path, &entry.name)).collect();
    let text = if options.has('l') {
        let names: Vec<(String, String)> =
            entries.into_iter().map(|entry| (join(path, &entry.name), entry.name)).collect();
        if names.is_empty() { String::new() } else { table(shell, &names).render() }
    } else {
        let shown = |entry: &files::Entry| match entry.kind {
            Kind::Directory => format!("{}/", entry.name),
            Kind::Link => format!("{}@", entry.name),
            _ => entry.name.clone(),
        };
        let names: Vec<String> = entries.iter().map(shown).collect();
        if options.has('1') {
            names.iter().map(|name| format!("{name}\n")).collect()
        } else {
            columns(&names)
        }
    };
    shell.write(text.as_bytes())?;
    Ok(below)
}

/// The long form, for paths and the names that are shown.
fn table(shell: &Shell, paths: &[(String, String)]) -> Table {
    let mut table = Table::new(&["MODE", ">LINKS", ">SIZE", "CHANGED", "NAME"]);
    for (path, name) in paths {
        match shell.files.link_metadata(path) {
            Ok(found) => table.row(row(shell, path, name, &found)),
            // It was removed meanwhile.
            Err(error) => {
                table.row(["?".into(), "-".into(), "-".into(), "-".into(), error.to_string()])
            }
        }
    }
    table
}

fn row(shell: &Shell, path: &str, name: &str, found: &Metadata) -> [String; 5] {
    let target = match found.kind {
        Kind::Link => shell.files.read_link(path).unwrap_or_else(|_| "?".into()),
        _ => String::new(),
    };
    let name = match found.kind {
        Kind::Link => format!("{name} -> {target}"),
        Kind::Directory => format!("{name}/"),
        _ => name.to_string(),
    };
    let mode = format!("{}{}", letter(found.kind), mode(found.mode));
    [mode, found.links.to_string(), found.len.to_string(), date(found.modified.0), name]
}

/// Names side by side, down the columns.
fn columns(names: &[String]) -> String {
    let width = names.iter().map(|name| name.chars().count() + 2).max().unwrap_or(1);
    let across = (COLUMNS / width).max(1);
    let rows = names.len().div_ceil(across);
    let mut text = String::new();
    for row in 0..rows {
        let line: String =
            names.iter().skip(row).step_by(rows).map(|name| format!("{name:width$}")).collect();
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}
