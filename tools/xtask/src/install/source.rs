//! Where a crate's sources are: a folder, or the registry's copy.

use crate::setup::Toolchain;
use crate::{step, workspace};
use anyhow::{Context as _, Result, bail, ensure};
use fs_err as fs;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// The sources of a crate.
#[derive(Debug)]
pub(super) struct Source {
    /// Its name.
    pub(super) name: String,
    /// Its Cargo.toml.
    pub(super) manifest: PathBuf,
    /// Its programs, each with the features that it needs.
    pub(super) programs: Vec<(String, Vec<String>)>,
    /// Whether its Cargo.lock says which versions are used.
    pub(super) locked: bool,
}

/// A crate in a folder, of this name if the folder is a workspace.
pub(super) fn in_folder(toolchain: &Toolchain, path: &Path, name: Option<&str>) -> Result<Source> {
    let manifest = fs::canonicalize(path)?.join("Cargo.toml");
    read(toolchain, &manifest, name)
}

/// A crate of the registry, copied: a build may write beside its sources.
pub(super) fn of_registry(toolchain: &Toolchain, text: &str) -> Result<Source> {
    let (name, version) = split(text)?;
    let folder = workspace::target().join("std/wanted").join(name);
    fs::create_dir_all(folder.join("src"))?;
    fs::write(folder.join("src/lib.rs"), "")?;
    fs::write(folder.join("Cargo.toml"), wanting(name, version))?;
    // Another version than the last time may be wanted.
    let _ = fs::remove_file(folder.join("Cargo.lock"));
    let mut fetch = toolchain.cargo()?;
    fetch.args(["fetch", "--manifest-path"]).arg(folder.join("Cargo.toml"));
    step::run(&format!("fetching {text}"), &mut fetch)?;
    let version = locked_version(&fs::read_to_string(folder.join("Cargo.lock"))?, name)?;
    let from = unpacked(&format!("{name}-{version}"))?;
    let copy = workspace::target().join("std/sources").join(format!("{name}-{version}"));
    if !copy.exists() {
        copy_tree(&from, &copy)?;
    }
    read(toolchain, &copy.join("Cargo.toml"), Some(name))
}

fn split(text: &str) -> Result<(&str, Option<&str>)> {
    let (name, version) = match text.split_once('@') {
        Some((name, version)) => (name, Some(version)),
        None => (text, None),
    };
    let good = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.+".contains(&byte);
    let all_good = |text: &str| !text.is_empty() && text.bytes().all(good);
    ensure!(all_good(name) && version.is_none_or(all_good), "a crate is NAME or NAME@VERSION");
    Ok((name, version))
}

/// A package that depends on the crate and does nothing.
fn wanting(name: &str, version: Option<&str>) -> String {
    let version = version.map_or("*".into(), |version| format!("={version}"));
    format!(
        "[package]\nname = \"postern-wants-it\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n\
         [dependencies]\n{name} = \"{version}\"\n\n[workspace]\n"
    )
}

/// The version of a package in a Cargo.lock. A package without a library is there, too, but in no
/// list of dependencies of cargo's.
fn locked_version(lock: &str, name: &str) -> Result<String> {
    let named = format!("name = \"{name}\"");
    let mut lines = lock.lines().skip_while(|line| *line != named);
    let version =
        lines.nth(1).and_then(|line| line.strip_prefix("version = \"")?.strip_suffix('"'));
    Ok(version.with_context(|| format!("the registry has no crate {name}"))?.to_owned())
}

/// Where cargo has unpacked a crate.
fn unpacked(crate_name: &str) -> Result<PathBuf> {
    let home = match std::env::var_os("CARGO_HOME").filter(|path| !path.is_empty()) {
        Some(home) => PathBuf::from(home),
        None => workspace::home()?.join(".cargo"),
    };
    for registry in fs::read_dir(home.join("registry/src"))? {
        let folder = registry?.path().join(crate_name);
        if folder.join("Cargo.toml").exists() {
            return Ok(folder);
        }
    }
    bail!("cargo has not unpacked {crate_name}")
}

fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    let draft = to.with_extension("draft");
    let _ = fs::remove_dir_all(&draft);
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        fs::create_dir_all(draft.join(&folder))?;
        for entry in fs::read_dir(from.join(&folder))? {
            let entry = entry?;
            let place = folder.join(entry.file_name());
            match entry.file_type()?.is_dir() {
                true => folders.push(place),
                false => drop(fs::copy(entry.path(), draft.join(place))?),
            }
        }
    }
    // A crate may lie in the folder of another workspace: it is one of its own.
    let manifest = draft.join("Cargo.toml");
    let text = fs::read_to_string(&manifest)?;
    if !text.lines().any(|line| line.trim_start().starts_with("[workspace")) {
        fs::write(&manifest, text + "\n[workspace]\n")?;
    }
    Ok(fs::rename(draft, to)?)
}

fn read(toolchain: &Toolchain, manifest: &Path, name: Option<&str>) -> Result<Source> {
    let metadata = metadata(toolchain, manifest, &["--no-deps"])?;
    let packages = metadata["packages"].as_array().map_or(&[][..], Vec::as_slice);
    let same = |package: &&Value| match name {
        Some(name) => package["name"] == name,
        None => package["manifest_path"].as_str().is_some_and(|path| Path::new(path) == manifest),
    };
    let Some(package) = packages.iter().find(same) else {
        bail!("{} has no package {}", manifest.display(), name.unwrap_or("of its own"));
    };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = |value: &Value| value.as_array().map_or(&[][..], Vec::as_slice).to_vec();
    let is_program = |target: &Value| list(&target["kind"]).iter().any(|kind| kind == "bin");
    let programs = list(&package["targets"]).into_iter().filter(is_program).map(|target| {
        (text(&target["name"]), list(&target["required-features"]).iter().map(text).collect())
    });
    let root = text(&metadata["workspace_root"]);
    Ok(Source {
        name: text(&package["name"]),
        manifest: text(&package["manifest_path"]).into(),
        programs: programs.collect(),
        locked: Path::new(&root).join("Cargo.lock").exists(),
    })
}

fn metadata(toolchain: &Toolchain, manifest: &Path, more: &[&str]) -> Result<Value> {
    let mut command = toolchain.cargo()?;
    command.args(["metadata", "--format-version", "1", "--manifest-path"]).arg(manifest).args(more);
    let output = command.output().context("cannot start cargo")?;
    if !output.status.success() {
        step::show(&String::from_utf8_lossy(&output.stderr));
        bail!("cargo cannot read {}", manifest.display());
    }
    serde_json::from_slice(&output.stdout).context("cargo metadata gave no JSON")
}

#[cfg(test)]
mod tests {
    use super::{copy_tree, locked_version, split, wanting};

    #[test]
    fn the_version_is_that_of_the_lock_file() {
        let lock = "[[package]]\nname = \"ab\"\nversion = \"1.0.0\"\n\n[[package]]\nname = \"a\"\n\
                    version = \"2.1.0\"\n";
        assert_eq!(locked_version(lock, "a").unwrap(), "2.1.0");
        assert!(locked_version(lock, "c").unwrap_err().to_string().contains("no crate c"));
    }

    #[test]
    fn a_crate_is_named_with_its_version_or_without() {
        assert_eq!(split("ripgrep@14.1.1").unwrap(), ("ripgrep", Some("14.1.1")));
        assert_eq!(split("fd-find").unwrap(), ("fd-find", None));
        for bad in ["", "@1", "a b", "a@", "a\"b", "../a"] {
            assert!(split(bad).is_err(), "{bad}");
        }
        assert!(wanting("a", Some("1.2.3")).contains("\na = \"=1.2.3\"\n"));
        assert!(wanting("a", None).contains("\na = \"*\"\n"));
    }

    #[test]
    fn sources_are_copied_as_a_workspace_of_their_own() {
        let folder = tempfile::tempdir().unwrap();
        let from = folder.path().join("from");
        crate::workspace::write(&from.join("Cargo.toml"), "[package]\n").unwrap();
        crate::workspace::write(&from.join("src/main.rs"), "fn main() {}").unwrap();
        let to = folder.path().join("a-1.0.0");
        copy_tree(&from, &to).unwrap();
        assert_eq!(
            std::fs::read_to_string(to.join("Cargo.toml")).unwrap(),
            "[package]\n\n[workspace]\n"
        );
        assert!(to.join("src/main.rs").exists());
    }
}
