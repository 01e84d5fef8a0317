//! The build of a crate's programs.

use super::source::Source;
use crate::setup::Toolchain;
use crate::{step, workspace};
use anyhow::{Result, ensure};
use qemu_harness::{STD_TARGET, TARGETS_FOLDER};
use std::path::{Path, PathBuf};

/// Where the parts of a program lie.
const SCRIPT: &str = "libsys/std-table/std.ld";

/// One profile for all crates: they share one build of the standard library. It is cargo's own for
/// `--release`, but for a panic, which ends the program.
const PROFILE: [(&str, &str); 8] = [
    ("OPT_LEVEL", "3"),
    ("DEBUG", "0"),
    ("LTO", "off"),
    ("CODEGEN_UNITS", "16"),
    ("PANIC", "abort"),
    ("STRIP", "none"),
    ("OVERFLOW_CHECKS", "false"),
    ("DEBUG_ASSERTIONS", "false"),
];

/// The crate `getrandom` asks this system for random bytes.
const FLAGS: [&str; 2] = ["--cfg", "getrandom_backend=\"custom\""];

/// What of a crate is built.
#[derive(Debug, Default)]
pub(super) struct Wanted<'a> {
    pub(super) features: Option<&'a str>,
    pub(super) no_default_features: bool,
    pub(super) bin: Option<&'a str>,
    pub(super) example: Option<&'a str>,
}

/// Builds the wanted programs of a crate: their ELF files.
pub(super) fn build(
    toolchain: &Toolchain,
    source: &Source,
    wanted: &Wanted<'_>,
    object: &Path,
) -> Result<Vec<PathBuf>> {
    let folder = workspace::target().join("std").join(STD_TARGET).join("release");
    let programs = chosen(source, wanted)?;
    let built = programs.iter().map(|(flag, name)| {
        let mut command = toolchain.cargo()?;
        command
            .args(["rustc", "--release", "-Zbuild-std=std,panic_abort", "-Zjson-target-spec"])
            .arg("--manifest-path")
            .arg(&source.manifest)
            .args(["-p", &source.name, flag, name])
            .arg("--target")
            .arg(workspace::root().join(TARGETS_FOLDER).join(format!("{STD_TARGET}.json")))
            .arg("--target-dir")
            .arg(workspace::target().join("std"));
        if source.locked {
            command.arg("--locked");
        }
        if wanted.no_default_features {
            command.arg("--no-default-features");
        }
        if let Some(features) = wanted.features {
            command.args(["--features", features]);
        }
        command.env("CARGO_ENCODED_RUSTFLAGS", FLAGS.join("\x1f"));
        for (key, value) in PROFILE {
            command.env(format!("CARGO_PROFILE_RELEASE_{key}"), value);
        }
        let script = workspace::root().join(SCRIPT);
        command.args(["--", "-C", &format!("link-arg=-T{}", script.display())]);
        command.args(["-C", &format!("link-arg={}", object.display())]);
        step::run(&format!("building {name}"), &mut command)?;
        let examples = *flag == "--example";
        Ok(if examples { folder.join("examples").join(name) } else { folder.join(name) })
    });
    built.collect()
}

/// Cargo's flag and the name of each program that is built.
fn chosen<'a>(source: &'a Source, wanted: &Wanted<'a>) -> Result<Vec<(&'static str, &'a str)>> {
    if let Some(example) = wanted.example {
        return Ok(vec![("--example", example)]);
    }
    let features: Vec<&str> = wanted.features.unwrap_or_default().split(',').collect();
    let all = source.programs.iter().filter(|(name, needs)| match wanted.bin {
        Some(bin) => name == bin,
        // Those that need features that were not asked for are left out, as cargo does it.
        None => needs.iter().all(|feature| features.contains(&feature.as_str())),
    });
    let names: Vec<_> = all.map(|(name, _)| ("--bin", name.as_str())).collect();
    ensure!(!names.is_empty(), "{} has no such program: it may be a library", source.name);
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::{Wanted, chosen};
    use crate::install::source::Source;

    #[test]
    fn programs_are_chosen_by_name_and_by_their_features() {
        let programs = vec![("a".into(), vec![]), ("b".into(), vec!["extra".into()])];
        let (name, manifest) = ("x".into(), "Cargo.toml".into());
        let source = Source { name, manifest, programs, locked: false };
        let of = |wanted: &Wanted<'_>| chosen(&source, wanted).map(|all| format!("{all:?}"));
        assert_eq!(of(&Wanted::default()).unwrap(), r#"[("--bin", "a")]"#);
        let with = Wanted { features: Some("extra"), ..Wanted::default() };
        assert_eq!(of(&with).unwrap(), r#"[("--bin", "a"), ("--bin", "b")]"#);
        assert_eq!(
            of(&Wanted { bin: Some("b"), ..Wanted::default() }).unwrap(),
            r#"[("--bin", "b")]"#
        );
        assert!(of(&Wanted { bin: Some("c"), ..Wanted::default() }).is_err());
        let example = Wanted { example: Some("e"), ..Wanted::default() };
        assert_eq!(of(&example).unwrap(), r#"[("--example", "e")]"#);
    }
}
