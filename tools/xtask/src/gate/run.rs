//! Runs the tests whose names carry numbers, and keeps what each gave.

use super::find::{Side, Test};
use super::table::Verdicts;
use crate::test::{run_command, selftest_outcome, system_command, test_command};
use anyhow::Result;
use qemu_harness::{Images, TapSummary};

/// What the names of such tests begin with.
const PREFIX: &str = "exit_";
/// The system test that tries what must not compile.
const TYPES: &str = "mistakes_do_not_compile";

/// Runs them all.
pub(super) fn all(images: &Images, cpus: u32, tests: &[Test]) -> Result<Verdicts> {
    let mut verdicts = Verdicts::new();
    let mut packages: Vec<String> =
        of(tests, Side::Host).map(|test| test.package.clone()).collect();
    packages.dedup();
    let mut command = test_command(&packages, &[], PREFIX);
    keep(&mut verdicts, Side::Host, &run_command("host tests of the gate", &mut command)?.1);

    let outcome = selftest_outcome(images, cpus)?;
    for result in TapSummary::parse(&outcome.transcript).results {
        let side = if result.block == "kernel" { Side::Kernel } else { Side::User };
        verdicts.insert((side, result.name), result.failure.is_none());
    }
    if !outcome.verdict.passed() {
        eprintln!("the self-tests ended so: {}", outcome.explanation().trim_end());
    }

    let mut command = system_command(images, cpus, PREFIX)?;
    keep(&mut verdicts, Side::System, &run_command("system tests of the gate", &mut command)?.1);

    let mut command = system_command(images, cpus, TYPES)?;
    let refused = run_command("what must not compile", &mut command)?.0;
    for test in of(tests, Side::Types) {
        let good = refused.failed() == 0 && refused.passed > 0;
        verdicts.insert((Side::Types, test.name.clone()), good);
    }
    Ok(verdicts)
}

fn of(tests: &[Test], side: Side) -> impl Iterator<Item = &Test> {
    tests.iter().filter(move |test| test.side == side)
}

/// Reads `test some::name ... ok`; a name that stands twice must be good twice.
fn keep(verdicts: &mut Verdicts, side: Side, output: &str) {
    for line in output.lines() {
        let Some((name, result)) =
            line.trim().strip_prefix("test ").and_then(|rest| rest.split_once(" ... "))
        else {
            continue;
        };
        // `should_panic` tests are marked behind their name.
        let name = name.split(" - ").next().unwrap_or(name);
        let name = name.rsplit("::").next().unwrap_or(name).to_owned();
        let good = verdicts.entry((side, name)).or_insert(true);
        *good &= result == "ok";
    }
}

#[cfg(test)]
mod tests {
    use super::{Side, Verdicts, keep};

    #[test]
    fn results_are_kept_by_name() {
        let mut verdicts = Verdicts::new();
        let output = "running 3 tests\ntest a::exit_01_x ... ok\ntest exit_02_y ... FAILED\n\
            test b::exit_22_z - should panic ... ok\ntest c::exit_01_x ... FAILED\n";
        keep(&mut verdicts, Side::Host, output);
        let good = |name: &str| verdicts[&(Side::Host, name.to_owned())];
        assert_eq!((good("exit_01_x"), good("exit_02_y"), good("exit_22_z")), (false, false, true));
    }
}
