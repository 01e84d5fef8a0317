//! `new-server NAME`: a new server from the template.
//!
//! Copies `servers/template` with its interface under the new name and adds a block to
//! the system manifest. Nothing else is needed: the workspace takes every folder in
//! `servers/`.

mod name;
mod rename;

use crate::build::MANIFEST;
use crate::check::tokens;
use crate::{metadata, setup, workspace};
use anyhow::{Result, ensure};
use clap::Args;
use fs_err as fs;
use name::ServerName;
use std::path::Path;

/// The template's folder, from the root on.
const TEMPLATE: &str = "servers/template";

/// Make a server from the template and add it to the system manifest.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Its name: 2 to 15 small letters, digits and hyphens
    name: String,
}

/// The command.
pub(crate) fn run(arguments: &Arguments) -> Result<u8> {
    let name: ServerName = arguments.name.parse()?;
    let ours = metadata::packages()?.into_iter().map(|package| package.name);
    let others = locked(&workspace::root().join("Cargo.lock"))?;
    let template = words(&workspace::root().join(TEMPLATE))?;
    name.check_free(&ours.chain(others).collect::<Vec<_>>(), &template)?;
    create(&workspace::root(), &name)?;
    // Cargo adds the new member to Cargo.lock, and reports when it is not usable.
    metadata::packages()?;
    format(&name);
    print_next(&name);
    Ok(0)
}

/// All packages that a build may use.
fn locked(file: &Path) -> Result<Vec<String>> {
    let text = fs::read_to_string(file)?;
    let name = |line: &str| Some(line.strip_prefix("name = \"")?.strip_suffix('"')?.to_owned());
    Ok(text.lines().filter_map(name).collect())
}

/// The names in the template's sources.
fn words(folder: &Path) -> Result<Vec<String>> {
    let mut words = Vec::new();
    for (_, text) in workspace::texts(folder, &[".rs"])? {
        words.extend(tokens::words(tokens::parse(&text)?).map(|word| word.to_string()));
    }
    Ok(words)
}

fn create(root: &Path, name: &ServerName) -> Result<()> {
    let folder = root.join("servers").join(name.package());
    ensure!(!folder.exists(), "{} exists already; choose another name", folder.display());
    let file = root.join(MANIFEST);
    let manifest = fs::read_to_string(&file)?;
    ensure!(
        !manifest.contains(&format!("[server.{}]", name.package())),
        "{MANIFEST} has a server `{}` already; choose another name",
        name.package()
    );
    let made = copy(&root.join(TEMPLATE), &folder, name)
        .and_then(|()| workspace::write(&file, with_block(&manifest, name)));
    if made.is_err() {
        // Half a server would break the workspace.
        drop(fs::remove_dir_all(&folder));
    }
    made
}

fn copy(from: &Path, to: &Path, name: &ServerName) -> Result<()> {
    for (file, text) in workspace::texts(from, &[""])? {
        let rust = file.extension().is_some_and(|extension| extension == "rs");
        let text = if rust { rename::rust(&text, name) } else { rename::plain(&text, name) };
        workspace::write(&to.join(file), text)?;
    }
    Ok(())
}

/// Formats the sources, since another name sorts differently among the imports. Without a
/// toolchain the server works as it is, and `check` reports it later.
fn format(name: &ServerName) {
    let formatted = setup::toolchain().and_then(|toolchain| toolchain.cargo()).map(|mut cargo| {
        cargo.args(["fmt", "-p", name.package(), "-p", &name.api_package()]).status()
    });
    if !matches!(formatted, Ok(Ok(status)) if status.success()) {
        eprintln!("warning: the new files are not formatted; `cargo fmt` does it");
    }
}

/// The manifest with a block for the server at its end.
fn with_block(manifest: &str, name: &ServerName) -> String {
    let name = name.package();
    format!(
        "{}\n\n# Made by `cargo xtask new-server {name}`.\n[server.{name}]\npriority = 30\n\
         pages = 256\nservice = true\nclients = [\"shell\"]\n",
        manifest.trim_end()
    )
}

fn print_next(name: &ServerName) {
    let (package, file) = (name.package(), MANIFEST);
    println!("made servers/{package} and its interface servers/{package}/api;");
    println!("added [server.{package}] to {file}. Try it:");
    println!("  cargo xtask run -c \"call {package} greet you\"");
}

#[cfg(test)]
mod tests {
    use super::create;
    use crate::workspace::write;
    use std::fs;

    fn repository() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (file, text) in [
            ("init/system.toml", "[server.names]\npriority = 50\n"),
            ("servers/template/Cargo.toml", "name = \"template\"\n"),
            ("servers/template/api/src/lib.rs", "pub trait Template {}\n"),
        ] {
            write(&folder.path().join(file), text).unwrap();
        }
        folder
    }

    #[test]
    fn files_are_copied_once_and_the_manifest_grows() {
        let folder = repository();
        let read = |file: &str| fs::read_to_string(folder.path().join(file)).unwrap();
        create(folder.path(), &"echo".parse().unwrap()).unwrap();
        assert_eq!(read("servers/echo/Cargo.toml"), "name = \"echo\"\n");
        assert_eq!(read("servers/echo/api/src/lib.rs"), "pub trait Echo {}\n");
        let manifest = read("init/system.toml");
        assert!(manifest.starts_with("[server.names]\npriority = 50\n\n# Made by"), "{manifest}");
        assert!(manifest.contains("\n[server.echo]\n"));
        let error = create(folder.path(), &"echo".parse().unwrap()).unwrap_err();
        assert!(error.to_string().contains("exists already"));
        assert_eq!(read("init/system.toml"), manifest);
    }
}
