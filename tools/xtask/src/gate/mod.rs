//! `gate`: the table of the 43 properties of the gate, each with the tests that show it.
//!
//! Which tests show a property follows from their names; what it says and why a side has no
//! test is in `tests/gate.toml`.

mod find;
mod linux;
mod names;
mod run;
mod table;
mod texts;

use crate::{build, metadata, setup, workspace};
use anyhow::Result;
use clap::Args;
use find::Test;
use table::Row;

/// Show which tests prove each property of the gate, and run them.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Number of CPUs of the machines
    #[arg(long, value_name = "N", default_value_t = 1)]
    cpus: u32,
    /// Name the tests too
    #[arg(long)]
    names: bool,
}

/// The command.
pub(crate) fn run(arguments: &Arguments) -> Result<u8> {
    let (rows, tests) = read()?;
    setup::qemu()?;
    let images = build::with_tests(&setup::toolchain()?)?;
    let verdicts = run::all(&images, arguments.cpus, &tests)?;
    print!("{}", table::text(&rows, &verdicts, arguments.names));
    let programs = linux::read()?;
    print!("{}", linux::text(&programs));
    let failures = |row: &Row| [row.problems(), row.failures(&verdicts)].concat();
    let mut wrong: Vec<String> = rows.iter().flat_map(failures).collect();
    wrong.extend(programs.iter().filter_map(|program| program.problem(&verdicts)));
    wrong.iter().for_each(|text| println!("failed: {text}"));
    let tests = tests.len();
    println!("{} properties, {tests} tests, {} wrong", rows.len(), wrong.len());
    Ok(u8::from(!wrong.is_empty()))
}

fn read() -> Result<(Vec<Row>, Vec<Test>)> {
    let tests = find::tests(&workspace::root(), &metadata::packages()?)?;
    Ok((table::rows(&texts::read()?, &tests), tests))
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_property_has_its_tests_or_a_reason() {
        let (rows, _) = super::read().unwrap();
        let problems: Vec<String> = rows.iter().flat_map(super::Row::problems).collect();
        assert!(problems.is_empty(), "{}", problems.join("\n"));
    }
}
