//! Mistakes that the types refuse. Each case in `must_not_compile/` names its error; the text
//! around it differs between compilers and is not compared.

use anyhow::{Context as _, Result, ensure};
use qemu_harness::root;
use std::path::{Path, PathBuf};
use std::process::Command;

const MARK: &str = "//! Refused with: ";

/// A package of its own that sees what a server author and an arch author see.
const MANIFEST: &str = r#"
[package]
name = "must-not-compile"
edition = "2024"

[workspace]

[dependencies]
core_kernel = { package = "microkernel", path = "ROOT/microkernel", features = ["hosted"] }
serde = { version = "1", default-features = false, features = ["derive"] }
service = { path = "ROOT/libsys/service" }
sys = { path = "ROOT/libsys/sys" }
"#;

/// What the cases have in common compiles: they fail for what they show, nothing else.
const GOOD: &str = "use core_kernel as _;\nuse service as _;\nuse sys as _;\nfn main() {}\n";

#[test]
fn mistakes_do_not_compile() {
    let cases = cases().expect("cases");
    assert!(cases.len() >= 6, "only {} cases", cases.len());
    let package = package().expect("a package");
    let (success, output) = check(&package, "good", GOOD).expect("cargo");
    assert!(success, "{output}");
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|case| refused(&package, case).err())
        .map(|error| format!("{error:#}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn cases() -> Result<Vec<PathBuf>> {
    let folder = root().join("tests/must_not_compile");
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        files.push(entry?.path());
    }
    files.sort();
    Ok(files)
}

fn package() -> Result<tempfile::TempDir> {
    let folder = tempfile::tempdir()?;
    let manifest = MANIFEST.replace("ROOT", &root().display().to_string());
    std::fs::write(folder.path().join("Cargo.toml"), manifest)?;
    std::fs::copy(root().join("Cargo.lock"), folder.path().join("Cargo.lock"))?;
    std::fs::create_dir_all(folder.path().join("src/bin"))?;
    Ok(folder)
}

fn refused(package: &tempfile::TempDir, case: &Path) -> Result<()> {
    let name = case.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let source = std::fs::read_to_string(case)?;
    let wanted = source.lines().find_map(|line| line.strip_prefix(MARK));
    let wanted = wanted.with_context(|| format!("{name} does not say `{MARK}`"))?;
    let (success, output) = check(package, name.trim_end_matches(".rs"), &source)?;
    ensure!(!success, "{name} compiles");
    ensure!(output.contains(wanted), "{name} is not refused with {wanted}:\n{output}");
    Ok(())
}

/// Checks one program; each has a file of its own, so that none is taken for another.
fn check(package: &tempfile::TempDir, name: &str, source: &str) -> Result<(bool, String)> {
    std::fs::write(package.path().join("src/bin").join(format!("{name}.rs")), source)?;
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["check", "--quiet", "--bin", name, "--target-dir"])
        .arg(root().join("target/must-not-compile"))
        .current_dir(package.path())
        .env_remove("RUSTFLAGS")
        .output()
        .context("cargo check")?;
    Ok((output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned()))
}
