//! Import cycles between the files of a crate.

use super::modules::Crate;
use crate::metadata::Package;
use crate::workspace;
use anyhow::Result;
use std::collections::BTreeSet;
use std::path::Path;

/// The largest cycle that may be, in files.
const LARGEST: usize = 3;

/// Root files of the crates that still have a larger one. The list may only become shorter.
const KNOWN: [&str; 2] =
    ["tests/programs/fuzz/src/main.rs", "tests/programs/fuzz32/../fuzz/src/main.rs"];

/// Checks all crates of the workspace.
pub(super) fn check(packages: &[Package]) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    let targets = packages.iter().flat_map(|package| &package.targets);
    for target in targets.filter(|target| target.is_product()) {
        let root = target.file.to_string_lossy();
        let known = KNOWN.contains(&&*root);
        let read = Crate::read(&workspace::root().join(&target.file))?;
        let cycles = cycles(&read.imports());
        problems.extend(judge(&root, known, &named(&read, &cycles)));
    }
    Ok(problems)
}

/// What is wrong with the cycles of a crate, each given by its files.
fn judge(root: &str, known: bool, cycles: &[Vec<String>]) -> Vec<String> {
    let large: Vec<&Vec<String>> = cycles.iter().filter(|files| files.len() > LARGEST).collect();
    match (known, large.as_slice()) {
        (true, []) => {
            vec![format!("{root}: its cycles are gone: remove the entry in check/cycles.rs")]
        }
        (true, _) => Vec::new(),
        (false, large) => large.iter().map(|files| problem(root, files)).collect(),
    }
}

fn problem(root: &str, files: &[String]) -> String {
    let count = files.len();
    format!("{root}: a cycle of {count} files, at most {LARGEST}: {}", files.join(", "))
}

fn named(read: &Crate, cycles: &[BTreeSet<usize>]) -> Vec<Vec<String>> {
    let root = workspace::root();
    let name = |index: &usize| {
        let file = &read.modules[*index].file;
        let place: &Path = file.strip_prefix(&root).unwrap_or(file);
        place.display().to_string()
    };
    cycles.iter().map(|files| files.iter().map(name).collect()).collect()
}

/// The sets of files that all reach each other, those of one file left out.
fn cycles(imports: &[BTreeSet<usize>]) -> Vec<BTreeSet<usize>> {
    let reached: Vec<BTreeSet<usize>> =
        (0..imports.len()).map(|from| reachable(imports, from)).collect();
    let mut found = Vec::new();
    let mut seen: BTreeSet<usize> = BTreeSet::new();
    for from in 0..imports.len() {
        if seen.contains(&from) {
            continue;
        }
        let back = |to: &&usize| reached[**to].contains(&from);
        let cycle: BTreeSet<usize> = reached[from].iter().filter(back).copied().collect();
        seen.extend(&cycle);
        if cycle.len() > 1 {
            found.push(cycle);
        }
    }
    found
}

fn reachable(imports: &[BTreeSet<usize>], from: usize) -> BTreeSet<usize> {
    let mut reached = BTreeSet::new();
    let mut open = vec![from];
    while let Some(at) = open.pop() {
        open.extend(imports[at].iter().filter(|to| reached.insert(**to)));
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::{cycles, judge};
    use std::collections::BTreeSet;

    fn graph(arrows: &[(usize, usize)], files: usize) -> Vec<BTreeSet<usize>> {
        let targets =
            |from| arrows.iter().filter(move |arrow| arrow.0 == from).map(|arrow| arrow.1);
        (0..files).map(|from| targets(from).collect()).collect()
    }

    #[test]
    fn files_that_reach_each_other_are_a_cycle() {
        let arrows = [(0, 1), (1, 2), (2, 0), (2, 3), (3, 4), (4, 3), (4, 5)];
        let found = cycles(&graph(&arrows, 6));
        assert_eq!(found, [BTreeSet::from([0, 1, 2]), BTreeSet::from([3, 4])]);
        assert_eq!(cycles(&graph(&[(0, 1), (1, 2), (0, 2)], 3)), []);
    }

    #[test]
    fn a_cycle_over_the_bound_is_named() {
        let files = |count: usize| vec![vec!["f".to_owned(); count]];
        assert!(judge("r", false, &files(3)).is_empty());
        assert!(judge("r", false, &files(4))[0].contains("a cycle of 4 files, at most 3: f, f"));
        assert!(judge("r", true, &files(4)).is_empty());
    }

    #[test]
    fn an_entry_without_a_cycle_is_stale() {
        let problems = judge("r", true, &[vec!["f".into(), "g".into()]]);
        assert_eq!(problems, ["r: its cycles are gone: remove the entry in check/cycles.rs"]);
    }
}
