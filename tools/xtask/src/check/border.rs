//! The border of `unsafe`: the folders where it may be; all other crates forbid it.

use super::tokens;
use crate::metadata::Package;
use crate::workspace;
use anyhow::{Context as _, Result};
use std::path::{Path, PathBuf};

/// The folders where `unsafe` may be.
const ROOMS: [&str; 2] = ["microkernel/src/arch", "libsys/sys"];

/// Crates with such a folder, which cannot forbid it as a whole.
const WITH_ROOMS: [&str; 2] = ["libsys/sys/src/lib.rs", "microkernel/src/main.rs"];

/// Folders without sources of ours.
const SKIPPED: [&str; 2] = ["target", ".git"];

/// Checks all sources of the repository.
pub(super) fn check(packages: &[Package]) -> Result<()> {
    let root = workspace::root();
    let mut problems = outside(&root)?;
    for package in packages {
        for target in &package.targets {
            let crate_root = matches!(target.kind.as_str(), "lib" | "bin" | "proc-macro");
            if crate_root && !may_be_unsafe(&target.file) {
                problems.extend(must_forbid(&root, &target.file)?);
            }
        }
    }
    super::verdict::verdict(&problems)
}

fn may_be_unsafe(crate_root: &Path) -> bool {
    WITH_ROOMS.iter().any(|file| crate_root == Path::new(file))
}

fn must_forbid(root: &Path, file: &Path) -> Result<Option<String>> {
    let forbids = tokens::forbids_unsafe(tokens::read(&root.join(file))?);
    let problem = || format!("{}: lacks #![forbid(unsafe_code)]", file.display());
    Ok((!forbids).then(problem))
}

/// Each `unsafe` outside of the rooms.
fn outside(root: &Path) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for file in sources(root)? {
        let place = file.strip_prefix(root).unwrap_or(&file);
        if ROOMS.iter().any(|room| place.starts_with(room)) {
            continue;
        }
        for line in tokens::lines_with(tokens::read(&file)?, "unsafe") {
            let rooms = ROOMS.join(" and ");
            problems.push(format!("{}:{line}: unsafe is only in {rooms}", place.display()));
        }
    }
    Ok(problems)
}

/// All Rust files below this folder, in order.
pub(crate) fn sources(folder: &Path) -> Result<Vec<PathBuf>> {
    let problem = || format!("cannot read the folder {}", folder.display());
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(problem)? {
        let path = entry.with_context(problem)?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() && !SKIPPED.contains(&name) {
            files.extend(sources(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::{must_forbid, outside};
    use crate::workspace::write_test_file as write;
    use std::path::Path;

    #[test]
    fn unsafe_is_found_outside_of_the_rooms_only() {
        let folder = tempfile::tempdir().unwrap();
        let code = "\nfn a() { unsafe { b() } }";
        write(folder.path(), "microkernel/src/arch/x86_64/cpu.rs", code);
        write(folder.path(), "libsys/sys/src/call.rs", code);
        write(folder.path(), "target/debug/build/out.rs", code);
        write(folder.path(), "servers/shell/src/main.rs", code);
        write(folder.path(), "servers/shell/src/good.rs", "// unsafe");
        let problems = outside(folder.path()).unwrap();
        assert_eq!(problems.len(), 1);
        assert!(problems[0].starts_with("servers/shell/src/main.rs:2: "), "{problems:?}");
    }

    /// The core is what is in none of these.
    const ARCH: [&str; 3] =
        ["microkernel/src/arch", "microkernel/src/selftest", "microkernel/src/main.rs"];

    /// Two machines run the core; it names neither, and no instruction.
    #[test]
    fn exit_43_the_core_names_no_machine() {
        let root = crate::workspace::root();
        let mut looked_at = 0;
        for file in super::sources(&root.join("microkernel/src")).unwrap() {
            let place = file.strip_prefix(&root).unwrap();
            if ARCH.iter().any(|folder| place.starts_with(folder)) {
                continue;
            }
            looked_at += 1;
            for word in ["x86_64", "arch", "asm", "naked_asm", "target_arch"] {
                let lines = super::tokens::lines_with(super::tokens::read(&file).unwrap(), word);
                assert!(lines.is_empty(), "{}:{lines:?} names `{word}`", place.display());
            }
        }
        assert!(looked_at > 40, "only {looked_at} files");
    }

    #[test]
    fn a_crate_that_does_not_forbid_it_is_named() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "lib.rs", "#![no_std]");
        let problem = must_forbid(folder.path(), Path::new("lib.rs")).unwrap();
        assert_eq!(problem.unwrap(), "lib.rs: lacks #![forbid(unsafe_code)]");
        write(folder.path(), "lib.rs", "#![forbid(unsafe_code)]");
        assert_eq!(must_forbid(folder.path(), Path::new("lib.rs")).unwrap(), None);
    }
}
