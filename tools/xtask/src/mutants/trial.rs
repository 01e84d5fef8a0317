//! Builds and tests the copy with a fault in it.

use super::list::{Fault, PACKAGE};
use super::tree;
use crate::{step, workspace};
use anyhow::{Context as _, Result, bail, ensure};
use qemu_harness::{Patience, Process};
use std::fmt;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// How the tests are built, and their arguments.
type Round = (Built, &'static [&'static str]);

/// The tests in rounds, the quick ones first: how they are built, and the arguments of the
/// test program. What is soon tested is better soon built.
const ROUNDS: [Round; 3] = [
    (Built::Soon, &["--skip", "interleavings", "--skip", "explorer"]),
    (Built::Fast, &["interleavings"]),
    EXPLORER,
];
/// The round that a fault of an attack must be found by: no test was written for it there.
const EXPLORER: Round = (Built::Fast, &["explorer"]);
/// A round that takes longer hangs, which is noticed too. On a busy host the time is that of the
/// CPUs that the tests got.
const LIMIT: Duration = Duration::from_secs(120);

/// How tests are built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Built {
    /// Without optimisation.
    Soon,
    /// As in all test runs.
    Fast,
}

/// What became of a fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// This test failed.
    Caught(String),
    /// All tests passed.
    Survived,
    /// It does not compile: it says nothing about the tests.
    DoesNotCompile,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Caught(test) => f.write_str(test),
            Self::Survived => f.write_str("NOBODY: it survived"),
            Self::DoesNotCompile => f.write_str("the compiler: not a fault to be tested"),
        }
    }
}

/// The copy.
pub(super) struct Trial {
    tree: PathBuf,
    build: PathBuf,
}

impl Trial {
    /// Copies the sources; without a fault all tests must pass.
    pub(super) fn prepare() -> Result<Self> {
        let folder = workspace::target().join("mutants");
        let trial = Self { tree: folder.join("tree"), build: folder.join("build") };
        tree::copy(&workspace::root(), &trial.tree)?;
        let step = step::Step::begin("testing the core without a fault");
        let verdict = trial.test(&ROUNDS)?;
        step.end();
        ensure!(verdict == Verdict::Survived, "without a fault: {verdict}");
        Ok(trial)
    }

    /// Puts the fault in, tests, and takes it out again.
    pub(super) fn of(&self, fault: &Fault) -> Result<Verdict> {
        let file = self.tree.join(PACKAGE).join(&fault.file);
        let source = std::fs::read_to_string(&file)?;
        std::fs::write(&file, fault.put_into(&source)?)?;
        let verdict = self.test(if fault.explored { &[EXPLORER] } else { &ROUNDS });
        std::fs::write(&file, source)?;
        verdict
    }

    fn test(&self, rounds: &[Round]) -> Result<Verdict> {
        for (built, arguments) in rounds {
            let Some(program) = self.program(*built)? else { return Ok(Verdict::DoesNotCompile) };
            if let Some(test) = first_failure(&program, &self.tree, arguments)? {
                return Ok(Verdict::Caught(test));
            }
        }
        Ok(Verdict::Survived)
    }

    /// Builds the test program; none when it does not compile.
    fn program(&self, how: Built) -> Result<Option<PathBuf>> {
        let mut build = workspace::host_cargo();
        build
            .current_dir(&self.tree)
            .args(["test", "-p", PACKAGE, "--lib", "--no-run", "--message-format=json"])
            // It is not debugged, and builds faster without.
            .args(["--config", "profile.test.debug=0"])
            .arg("--target-dir")
            .arg(self.build.join(format!("{how:?}").to_lowercase()));
        if how == Built::Soon {
            build.args(["--config", "profile.test.package.microkernel.opt-level=0"]);
        }
        let built = step::capture(&mut build, |_| {})?;
        if !built.success {
            return Ok(None);
        }
        let program = built.text.lines().rev().find_map(crate::coverage::executable);
        program.map(Some).context("cargo named no test program")
    }
}

/// Runs tests until one fails: its name.
fn first_failure(program: &Path, folder: &Path, arguments: &[&str]) -> Result<Option<String>> {
    let mut child = Command::new(program)
        .args(arguments)
        .current_dir(folder.join(PACKAGE))
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .context("cannot start the tests")?;
    let output = child.stdout.take().context("the tests have no output")?;
    let (sender, lines) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    let cpus = std::thread::available_parallelism()?.get();
    let process = Process { id: child.id(), cpus: u32::try_from(cpus)? };
    let found = watch(&lines, &Patience::new(LIMIT, Some(process)));
    end(&mut child, found)
}

/// What the lines of the tests say.
enum Found {
    Failed(String),
    TookTooLong,
    Ended,
}

fn watch(lines: &mpsc::Receiver<String>, patience: &Patience) -> Found {
    loop {
        match lines.recv_timeout(patience.left()) {
            Ok(line) => {
                if let Some(test) = failed(&line) {
                    return Found::Failed(test.to_owned());
                }
            }
            Err(mpsc::RecvTimeoutError::Timeout) if patience.is_over() => {
                return Found::TookTooLong;
            }
            Err(mpsc::RecvTimeoutError::Timeout) => {}
            Err(mpsc::RecvTimeoutError::Disconnected) => return Found::Ended,
        }
    }
}

/// Ends the tests; a program that crashed has failed as well.
fn end(child: &mut Child, found: Found) -> Result<Option<String>> {
    if !matches!(found, Found::Ended) {
        child.kill()?;
    }
    let status = child.wait()?;
    match found {
        Found::Failed(test) => Ok(Some(test)),
        Found::TookTooLong => Ok(Some(format!("the tests hang ({} s)", LIMIT.as_secs()))),
        Found::Ended if status.success() => Ok(None),
        Found::Ended if status.code() == Some(101) => bail!("a test failed and was not named"),
        Found::Ended => Ok(Some(format!("the tests crash ({status})"))),
    }
}

/// The test that failed, in a line of libtest.
fn failed(line: &str) -> Option<&str> {
    let name = line.strip_prefix("test ")?.strip_suffix(" ... FAILED")?;
    let name = name.split(" - ").next().unwrap_or(name);
    Some(name.rsplit("::").next().unwrap_or(name))
}

#[cfg(test)]
mod tests {
    use super::failed;

    #[test]
    fn the_test_that_failed_is_named_without_its_modules() {
        assert_eq!(failed("test tests::gate::exit_02_leaves ... FAILED"), Some("exit_02_leaves"));
        assert_eq!(failed("test a::b - should panic ... FAILED"), Some("b"));
        assert_eq!(failed("test a::b ... ok"), None);
    }
}
