//! Documents: their links lead to files, ARCHITECTURE.md is short, and its walks are true.
//!
//! A walk is a section below the heading `… walks`. Its list items link functions,
//! `[function](file)`, and each is in its file.

use crate::workspace;
use anyhow::Result;
use std::collections::BTreeSet;
use std::path::Path;

const FILE: &str = "ARCHITECTURE.md";
/// The most bytes of [`FILE`].
const MOST_BYTES: usize = 14 * 1024;

/// The walks, by a word of their headings: the most functions and files of each.
const WALKS: [(&str, usize, usize); 3] =
    [("message", 14, 10), ("interrupt", usize::MAX, 8), ("kill", 15, usize::MAX)];

/// A link: its text and its target.
type Link<'a> = (&'a str, &'a str);

/// Checks all documents.
pub(super) fn check() -> Result<Vec<String>> {
    let root = workspace::root();
    let mut problems = Vec::new();
    for (name, text) in workspace::texts(&root, &[".md"])? {
        let folder = root.join(&name);
        let lost = dead(&text, folder.parent().unwrap_or(&root)).into_iter();
        problems.extend(lost.map(|target| format!("{}: no file {target}", name.display())));
        if name == Path::new(FILE) {
            problems.extend(architecture(&text, &root));
        }
    }
    Ok(problems)
}

/// The targets of links within the repository that are not there.
fn dead(text: &str, folder: &Path) -> Vec<String> {
    let mut dead = Vec::new();
    for (_, target) in code_left_out(text).flat_map(links) {
        let file = target.split('#').next().unwrap_or_default();
        if !target.contains("://") && !file.is_empty() && !folder.join(file).exists() {
            dead.push(target.to_owned());
        }
    }
    dead
}

/// The lines outside of fenced code.
fn code_left_out(text: &str) -> impl Iterator<Item = &str> {
    let mut inside = false;
    text.lines().filter(move |line| {
        let fence = line.trim_start().starts_with("```");
        inside ^= fence;
        !inside && !fence
    })
}

/// The links of a line.
fn links(line: &str) -> Vec<Link<'_>> {
    let mut links = Vec::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("](") {
        let Some((target, behind)) = after.split_once(')') else { break };
        if let Some((_, text)) = before.rsplit_once('[') {
            links.push((text, target));
        }
        rest = behind;
    }
    links
}

/// What is wrong with the size and the walks.
fn architecture(text: &str, root: &Path) -> Vec<String> {
    let mut problems = Vec::new();
    if text.len() > MOST_BYTES {
        problems.push(format!("{FILE}: {} bytes, at most {MOST_BYTES}", text.len()));
    }
    let Some(walks) = walks(text) else { return problems };
    for (word, functions, files) in WALKS {
        let Some((_, links)) = walks.iter().find(|(heading, _)| heading.contains(word)) else {
            problems.push(format!("{FILE}: there is no walk of the {word}"));
            continue;
        };
        let in_files: BTreeSet<&str> = links.iter().map(|(_, file)| *file).collect();
        if links.is_empty() || links.len() > functions || in_files.len() > files {
            let (links, in_files) = (links.len(), in_files.len());
            problems.push(format!("{FILE}, {word}: {links} functions in {in_files} files"));
        }
        let missing = links.iter().filter(|link| !is_function(link, root));
        problems.extend(missing.map(|(name, file)| format!("{FILE}: no fn {name} in {file}")));
    }
    problems
}

/// The sections below the heading of the walks, each with the links of its list; `None` when
/// the document has no walks.
fn walks(text: &str) -> Option<Vec<(String, Vec<Link<'_>>)>> {
    let is_walks = |line: &&str| line.starts_with("## ") && line.to_lowercase().ends_with("walks");
    let mut lines = code_left_out(text).skip_while(|line| !is_walks(line));
    lines.next()?;
    let mut walks: Vec<(String, Vec<Link<'_>>)> = Vec::new();
    for line in lines.take_while(|line| !line.starts_with("## ")) {
        if let Some(heading) = line.strip_prefix("### ") {
            walks.push((heading.to_lowercase(), Vec::new()));
        } else if is_item(line)
            && let Some((_, found)) = walks.last_mut()
        {
            found.extend(links(line));
        }
    }
    Some(walks)
}

fn is_item(line: &str) -> bool {
    let line = line.trim_start();
    let behind = line.trim_start_matches(|mark: char| mark.is_ascii_digit());
    line.starts_with("- ") || (behind.len() < line.len() && behind.starts_with(". "))
}

/// Whether the file has the function. A type may stand before its name.
fn is_function((name, file): &Link<'_>, root: &Path) -> bool {
    let name = name.trim_matches('`').trim_end_matches("()");
    let name = name.rsplit("::").next().unwrap_or(name);
    let text = std::fs::read_to_string(root.join(file)).unwrap_or_default();
    let ends = |rest: &str| !rest.starts_with(|next: char| next.is_alphanumeric() || next == '_');
    !name.is_empty() && text.split(&format!("fn {name}")).skip(1).any(ends)
}

#[cfg(test)]
mod tests {
    use super::{MOST_BYTES, architecture, dead, links};

    const WALKS: &str = "## The three walks\n### A message\n1. [`A::call`](a.rs) then [b](b.rs)\n\
        ### An interrupt\n- [b()](b.rs)\n### `kill -9 console`\ntext [x](y)\n1. [call](a.rs)\n## Next\n";

    fn tree() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.rs"), "fn call() {}").unwrap();
        std::fs::write(folder.path().join("b.rs"), "fn bc() {} fn b<T>() {}").unwrap();
        folder
    }

    #[test]
    fn links_lead_to_files_or_to_the_world() {
        let folder = tree();
        let text = "[a](a.rs) [b](b.rs#l1) [c](c.rs) ![p](p.svg)\n[w](https://x/y) [h](#h)\n\
            ```\n[d](d.rs)\n```\n";
        assert_eq!(dead(text, folder.path()), ["c.rs", "p.svg"]);
        assert_eq!(links("x [a](b) [c](d"), [("a", "b")]);
    }

    #[test]
    fn each_link_of_a_walk_names_a_function_of_its_file() {
        let folder = tree();
        assert!(architecture(WALKS, folder.path()).is_empty());
        let told = architecture(&WALKS.replace("[call](a.rs)", "[cal](a.rs)"), folder.path());
        assert_eq!(told, ["ARCHITECTURE.md: no fn cal in a.rs"]);
    }

    #[test]
    fn a_walk_that_is_missing_or_too_long_is_told() {
        let folder = tree();
        let told = architecture(&WALKS.replace("An interrupt", "Other"), folder.path());
        assert_eq!(told, ["ARCHITECTURE.md: there is no walk of the interrupt"]);
        let long = WALKS.replace("[b](b.rs)", &"[b](b.rs) ".repeat(14));
        let told = architecture(&long, folder.path());
        assert_eq!(told, ["ARCHITECTURE.md, message: 15 functions in 2 files"]);
    }

    #[test]
    fn the_document_is_short() {
        let folder = tree();
        assert!(architecture(&"x".repeat(MOST_BYTES), folder.path()).is_empty());
        let told = architecture(&"x".repeat(MOST_BYTES + 1), folder.path());
        assert_eq!(told, ["ARCHITECTURE.md: 14337 bytes, at most 14336"]);
    }
}
