//! The border of `unsafe`: the folders where it may be; all other crates forbid it.

use super::tokens;
use crate::metadata::Package;
use crate::workspace;
use anyhow::{Context as _, Result};
use std::path::Path;

/// The folders where `unsafe` may be. The last one is a hostile program: it calls what safe code
/// cannot call wrongly.
const ROOMS: [&str; 5] = [
    "microkernel/src/arch",
    "libsys/sys",
    "libsys/dma",
    "libsys/std-table/src/on_postern",
    "tests/std/src/wild.rs",
];

/// Crates with such a folder, which cannot forbid it as a whole.
const WITH_ROOMS: [&str; 4] = [
    "libsys/sys/src/lib.rs",
    "libsys/dma/src/lib.rs",
    "libsys/std-table/src/lib.rs",
    "microkernel/src/main.rs",
];

/// The line that forbids it in a whole crate.
const FORBIDS: &str = "#![forbid(unsafe_code)]";

/// Checks all sources of the repository.
pub(super) fn check(packages: &[Package]) -> Result<Vec<String>> {
    let root = workspace::root();
    let mut problems = outside(&root)?;
    for target in packages.iter().flat_map(|package| &package.targets) {
        let has_room = WITH_ROOMS.iter().any(|file| target.file == Path::new(file));
        if target.is_product() && !has_room {
            let text = fs_err::read_to_string(root.join(&target.file))?;
            problems.extend(not_forbidden(&target.file, &text));
        }
    }
    Ok(problems)
}

fn not_forbidden(file: &Path, text: &str) -> Option<String> {
    let forbids = text.lines().any(|line| line == FORBIDS);
    (!forbids).then(|| format!("{}: lacks {FORBIDS}", file.display()))
}

/// Each `unsafe` outside of the rooms.
fn outside(root: &Path) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for (name, text) in workspace::texts(root, &[".rs"])? {
        if ROOMS.iter().any(|room| name.starts_with(room)) {
            continue;
        }
        let code = tokens::parse(&text).with_context(|| name.display().to_string())?;
        for line in tokens::lines_with(code, "unsafe") {
            let rooms = ROOMS.join(", ");
            problems.push(format!("{}:{line}: unsafe is only in {rooms}", name.display()));
        }
    }
    Ok(problems)
}

#[cfg(test)]
mod tests {
    use super::{not_forbidden, outside};
    use crate::{check::tokens, workspace};
    use std::path::Path;

    #[test]
    fn unsafe_is_found_outside_of_the_rooms_only() {
        let folder = tempfile::tempdir().unwrap();
        let code = "\nfn a() { unsafe { b() } }";
        for file in ["microkernel/src/arch/x86_64/cpu.rs", "libsys/sys/src/call.rs"] {
            workspace::write(&folder.path().join(file), code).unwrap();
        }
        let shell = folder.path().join("servers/shell/src");
        workspace::write(&shell.join("main.rs"), code).unwrap();
        workspace::write(&shell.join("good.rs"), "// unsafe").unwrap();
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
        let mut looked_at = 0;
        for (name, text) in workspace::texts(&workspace::root(), &[".rs"]).unwrap() {
            let core = name.starts_with("microkernel/src");
            if !core || ARCH.iter().any(|folder| name.starts_with(folder)) {
                continue;
            }
            looked_at += 1;
            for word in ["x86_64", "arch", "asm", "naked_asm", "target_arch"] {
                let lines = tokens::lines_with(tokens::parse(&text).unwrap(), word);
                assert!(lines.is_empty(), "{}:{lines:?} names `{word}`", name.display());
            }
        }
        assert!(looked_at > 40, "only {looked_at} files");
    }

    #[test]
    fn a_crate_that_does_not_forbid_it_is_named() {
        let told = |text| not_forbidden(Path::new("lib.rs"), text);
        let lacks = Some("lib.rs: lacks #![forbid(unsafe_code)]".to_owned());
        assert_eq!(told("//! Doc.\n#![no_std]\n#![forbid(unsafe_code)]\nfn a() {}"), None);
        assert_eq!(told("#![no_std]\n#![deny(unsafe_code)]"), lacks);
        assert_eq!(told("// #![forbid(unsafe_code)]"), lacks);
    }
}
