//! `coverage`: which lines and branches of the portable core the host tests reach.
//!
//! Built with the kernel toolchain, whose LLVM tools count and print.

use crate::setup::{self, Toolchain};
use crate::{step, workspace};
use anyhow::{Context as _, Result, ensure};
use clap::Args;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Show which lines and branches of the core the host tests reach.
#[derive(Args)]
pub(crate) struct Arguments {}

/// Files that are not the portable core.
const OUTSIDE: &str = "libsys/|/(arch|hosted|selftest|tests)/|hosted.rs|main.rs|rustlib|registry";

/// The command.
pub(crate) fn run(_: &Arguments) -> Result<u8> {
    let toolchain = setup::toolchain()?;
    let (profdata, cov) = (tool(&toolchain, "llvm-profdata")?, tool(&toolchain, "llvm-cov")?);
    let folder = workspace::target().join("coverage");
    let profiles = folder.join("profiles");
    if profiles.exists() {
        std::fs::remove_dir_all(&profiles)?;
    }
    let program = run_tests(&toolchain, &folder, &profiles)?;
    let merged = folder.join("merged.profdata");
    let mut merge = Command::new(profdata);
    merge.args(["merge", "-sparse", "-o"]).arg(&merged).arg(&profiles);
    step::run("merging the counts of the tests", &mut merge)?;
    let mut report = Command::new(cov);
    report.args(["report", "-show-region-summary=0", "-show-instantiation-summary=0"]);
    report.arg("-instr-profile").arg(&merged).arg("-ignore-filename-regex").arg(OUTSIDE);
    let report = report.arg(program).output().context("cannot start llvm-cov")?;
    ensure!(report.status.success(), "llvm-cov: {}", String::from_utf8_lossy(&report.stderr));
    print!("{}", String::from_utf8_lossy(&report.stdout));
    Ok(0)
}

fn tool(toolchain: &Toolchain, name: &str) -> Result<PathBuf> {
    toolchain.llvm_tool(name).context(
        "coverage needs the LLVM tools of the very compiler: with rustup the component \
         llvm-tools; Debian's compiler has none",
    )
}

/// Builds the tests with counters and runs them. Returns their program.
fn run_tests(toolchain: &Toolchain, folder: &Path, profiles: &Path) -> Result<PathBuf> {
    let test = || -> Result<Command> {
        let mut command = toolchain.cargo()?;
        command
            .args(["test", "-p", "microkernel", "--lib", "--target-dir"])
            .arg(folder)
            .env("RUSTFLAGS", "-Cinstrument-coverage -Zcoverage-options=branch")
            .env("LLVM_PROFILE_FILE", profiles.join("%p-%m.profraw"));
        Ok(command)
    };
    let mut build = test()?;
    build.args(["--no-run", "--message-format=json"]);
    let step = step::Step::begin("building the tests of the core with counters");
    let built = step::capture(&mut build, |line| step.detail(line))?;
    step.end();
    ensure!(built.success, "the tests of the core do not build:\n{}", built.text);
    let program = built.text.lines().rev().find_map(executable).context("no program was built")?;
    step::run("running the tests of the core", &mut test()?)?;
    Ok(program)
}

/// The program that a line of cargo's messages names.
pub(crate) fn executable(line: &str) -> Option<PathBuf> {
    let message: serde_json::Value = serde_json::from_str(line).ok()?;
    message.get("executable")?.as_str().map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::executable;

    #[test]
    fn the_program_is_found_among_cargos_messages() {
        let line = r#"{"reason":"compiler-artifact","executable":"/t/core-1"}"#;
        assert_eq!(executable(line).unwrap().to_str(), Some("/t/core-1"));
        assert_eq!(executable(r#"{"reason":"x","executable":null}"#), None);
        assert_eq!(executable("   Compiling abi"), None);
    }
}
