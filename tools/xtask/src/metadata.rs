//! The packages of the workspace, by `cargo metadata`.

use crate::workspace;
use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// A package of the workspace.
#[derive(Clone, Debug, Default)]
pub(crate) struct Package {
    /// Its name.
    pub(crate) name: String,
    /// Its folder, from the root on.
    pub(crate) folder: PathBuf,
    /// Its crates.
    pub(crate) targets: Vec<Target>,
    /// Its dependencies.
    pub(crate) dependencies: Vec<Dependency>,
    /// Whether a plain `cargo test` runs its tests.
    pub(crate) default_member: bool,
    /// The target that it chooses: `package.metadata.postern.target` in its Cargo.toml.
    pub(crate) target: Option<String>,
}

/// A crate of a package.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// Its name.
    pub(crate) name: String,
    /// `bin`, `lib`, `proc-macro`, `test`, ….
    pub(crate) kind: String,
    /// Its root file, from the root of the workspace on.
    pub(crate) file: PathBuf,
}

/// A dependency of a package.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Dependency {
    /// The name of the package.
    pub(crate) name: String,
    /// Whether it is a package of this repository.
    pub(crate) ours: bool,
    /// Whether only tests use it.
    pub(crate) for_tests: bool,
    /// Whether only builds for the host use it.
    pub(crate) on_host: bool,
}

impl Target {
    /// Whether it is a library, a program or macros, and no test or build script.
    pub(crate) fn is_product(&self) -> bool {
        matches!(self.kind.as_str(), "lib" | "bin" | "proc-macro")
    }
}

impl Package {
    /// The program of this name, if the package has one.
    pub(crate) fn program(&self, name: &str) -> Option<&Target> {
        self.targets.iter().find(|target| target.kind == "bin" && target.name == name)
    }
}

/// All packages of the workspace, by name.
pub(crate) fn packages() -> Result<Vec<Package>> {
    let output = workspace::host_cargo()
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .output()
        .context("cannot start cargo")?;
    ensure!(
        output.status.success(),
        "cargo can't read the workspace: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    );
    parse(&output.stdout, &workspace::root())
}

fn parse(json: &[u8], root: &Path) -> Result<Vec<Package>> {
    let json: Value = serde_json::from_slice(json).context("cargo metadata gave no JSON")?;
    let defaults = list(&json["workspace_default_members"]);
    let mut packages: Vec<Package> =
        list(&json["packages"]).iter().map(|value| package(value, defaults, root)).collect();
    packages.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(packages)
}

fn package(value: &Value, defaults: &[Value], root: &Path) -> Package {
    let manifest = relative(&text(&value["manifest_path"]), root);
    Package {
        name: text(&value["name"]),
        folder: manifest.parent().map(Path::to_owned).unwrap_or_default(),
        targets: list(&value["targets"]).iter().map(|value| target(value, root)).collect(),
        dependencies: list(&value["dependencies"]).iter().map(dependency).collect(),
        default_member: defaults.contains(&value["id"]),
        target: value["metadata"]["postern"]["target"].as_str().map(str::to_owned),
    }
}

fn target(value: &Value, root: &Path) -> Target {
    Target {
        name: text(&value["name"]),
        kind: list(&value["kind"]).first().map(text).unwrap_or_default(),
        file: relative(&text(&value["src_path"]), root),
    }
}

fn dependency(value: &Value) -> Dependency {
    Dependency {
        name: text(&value["name"]),
        ours: value["path"].is_string(),
        for_tests: value["kind"] == "dev",
        on_host: value["target"] == "cfg(not(target_os = \"none\"))",
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn relative(path: &str, root: &Path) -> PathBuf {
    let path = Path::new(path);
    path.strip_prefix(root).unwrap_or(path).to_owned()
}

#[cfg(test)]
mod tests {
    use super::parse;
    use std::path::Path;

    #[test]
    fn packages_targets_and_dependencies_are_read() {
        let json = r#"{"workspace_default_members": ["a 1"], "packages": [{
            "id": "a 1", "name": "a", "manifest_path": "/r/servers/a/Cargo.toml",
            "metadata": {"postern": {"target": "t"}},
            "targets": [{"name": "a", "kind": ["bin"], "src_path": "/r/servers/a/src/main.rs"}],
            "dependencies": [{"name": "abi", "path": "/r/libsys/abi", "kind": null},
                             {"name": "proptest", "kind": "dev"}]}]}"#;
        let packages = parse(json.as_bytes(), Path::new("/r")).unwrap();
        let package = &packages[0];
        assert!(package.default_member);
        assert_eq!(package.target.as_deref(), Some("t"));
        assert_eq!(package.folder, Path::new("servers/a"));
        assert_eq!(package.program("a").unwrap().file, Path::new("servers/a/src/main.rs"));
        assert!(package.dependencies[0].ours && !package.dependencies[0].for_tests);
        assert!(!package.dependencies[1].ours && package.dependencies[1].for_tests);
    }
}
