//! `new-program NAME`: an ordinary Rust program for Postern.
//!
//! What it makes is what `cargo new` makes: the program is Rust's, and builds for the host, too.

use crate::setup;
use anyhow::{Context as _, Result, ensure};
use clap::Args;
use fs_err as fs;
use std::path::Path;

const MAIN: &str = r#"fn main() {
    let name = std::env::args().nth(1).unwrap_or("world".into());
    println!("Hello, {name}!");
}
"#;

/// Make an ordinary Rust program in a folder of its name.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Its name, or a path that ends with it
    name: String,
}

/// The command.
pub(crate) fn run(arguments: &Arguments) -> Result<u8> {
    let folder = std::path::absolute(&arguments.name)?;
    create(&folder)?;
    // Says what is wrong with a name that is none for a package.
    let mut check = setup::toolchain()?.cargo()?;
    check.args(["metadata", "--no-deps", "--format-version", "1", "--manifest-path"]);
    let output = check.arg(folder.join("Cargo.toml")).output().context("cannot start cargo")?;
    if !output.status.success() {
        fs::remove_dir_all(&folder)?;
        anyhow::bail!("{}", String::from_utf8_lossy(&output.stderr).trim());
    }
    let name = arguments.name.rsplit('/').next().unwrap_or_default();
    println!("made {}. Try it:", arguments.name);
    println!("  cargo xtask install --path {}", arguments.name);
    println!("  cargo xtask run -c \"{name} you; shutdown\"");
    Ok(0)
}

fn create(folder: &Path) -> Result<()> {
    let name = folder.file_name().context("a program needs a name")?.to_string_lossy();
    ensure!(!folder.exists(), "{} exists already; choose another name", folder.display());
    fs::create_dir_all(folder.join("src"))?;
    let manifest = format!(
        "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n\n\
         [workspace]\n"
    );
    fs::write(folder.join("Cargo.toml"), manifest)?;
    Ok(fs::write(folder.join("src/main.rs"), MAIN)?)
}

#[cfg(test)]
mod tests {
    use super::create;

    #[test]
    fn a_program_is_made_once() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("greeter");
        create(&program).unwrap();
        let manifest = std::fs::read_to_string(program.join("Cargo.toml")).unwrap();
        assert!(manifest.contains("name = \"greeter\"") && manifest.contains("[workspace]"));
        assert!(create(&program).unwrap_err().to_string().contains("exists already"));
    }
}
