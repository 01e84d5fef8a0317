//! The table of the standard library: `libsys/std-table` is written for the version that the
//! compiler's library names. Its layout, the names and their order come with the crate of that
//! version, and an entry that is not listed does not compile.

use crate::setup::Toolchain;
use crate::workspace;
use anyhow::{Context as _, Result};

/// The crate with the table.
const CRATE: &str = "moto-rt";

/// Compares the versions.
pub(crate) fn check(toolchain: &Toolchain) -> Result<Vec<String>> {
    let lock = toolchain.sources().join("Cargo.lock");
    let theirs = fs_err::read_to_string(&lock)?;
    let ours = fs_err::read_to_string(workspace::root().join("Cargo.toml"))?;
    compare(&theirs, &ours)
}

fn compare(lock: &str, manifest: &str) -> Result<Vec<String>> {
    let named = format!("name = \"{CRATE}\"");
    let mut lines = lock.lines().skip_while(|line| *line != named);
    let theirs = lines.nth(1).and_then(|line| line.strip_prefix("version = \"")?.strip_suffix('"'));
    let theirs = theirs.with_context(|| format!("the compiler's library has no {CRATE}"))?;
    let wanted = format!("{CRATE} = {{ version = \"={theirs}\"");
    let same = manifest.lines().any(|line| line.starts_with(&wanted));
    let wrong = format!(
        "Cargo.toml: the compiler's library has {CRATE} {theirs}; libsys/std-table must be brought to it"
    );
    Ok(if same { Vec::new() } else { vec![wrong] })
}

#[cfg(test)]
mod tests {
    use super::compare;

    #[test]
    fn another_version_of_the_compilers_library_is_named() {
        let lock = "[[package]]\nname = \"moto-rt\"\nversion = \"0.16.0\"\nsource = \"x\"\n";
        let ours =
            |version: &str| format!("a = \"1\"\nmoto-rt = {{ version = \"={version}\", x = 1 }}\n");
        assert_eq!(compare(lock, &ours("0.16.0")).unwrap(), Vec::<String>::new());
        let wrong = compare(lock, &ours("0.15.0")).unwrap();
        assert!(wrong[0].contains("moto-rt 0.16.0"), "{wrong:?}");
        assert!(compare("", &ours("0.16.0")).is_err());
    }
}
