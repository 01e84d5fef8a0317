//! Linux's test programs for this code, and what tries the same here.

use super::find::Side;
use super::table::Verdicts;
use super::texts;
use anyhow::Result;
use std::fmt::Write as _;
use toml::de::DeTable;

/// A reason begins so, in the place of a test's name.
const NONE: &str = "none: ";

/// A program of Linux, and the name of a test here or why there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Program {
    name: String,
    here: String,
}

/// All that the file names.
pub(super) fn read() -> Result<Vec<Program>> {
    parse(&texts::file()?)
}

fn parse(text: &str) -> Result<Vec<Program>> {
    let parsed = DeTable::parse(text)?;
    let section = parsed.get_ref().get("linux").and_then(|value| value.get_ref().as_table());
    let programs = section.into_iter().flatten().map(|(name, value)| {
        let here = value.get_ref().as_str().unwrap_or_default().to_owned();
        Program { name: name.get_ref().to_string(), here }
    });
    Ok(programs.collect())
}

impl Program {
    fn test(&self) -> Option<&str> {
        (!self.here.starts_with(NONE)).then_some(self.here.as_str())
    }

    /// What is wrong with it, if anything.
    pub(super) fn problem(&self, verdicts: &Verdicts) -> Option<String> {
        let test = self.test()?;
        let found = [Side::Kernel, Side::User, Side::System]
            .iter()
            .find_map(|side| verdicts.get(&(*side, test.to_owned())));
        match found {
            Some(true) => None,
            Some(false) => Some(format!("Linux's {}: {test} failed", self.name)),
            None => Some(format!("Linux's {}: there is no test `{test}`", self.name)),
        }
    }
}

/// The table as text.
pub(super) fn text(programs: &[Program]) -> String {
    let mut out =
        "\nLinux's test programs for this code, and what tries the same here\n".to_owned();
    for program in programs {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{:24} {}", program.name, program.here);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{Program, Side, Verdicts, parse, read, text};

    fn programs() -> Vec<Program> {
        parse("[linux]\nsysret_rip = \"exit-38-rip\"\nunwind_vdso = \"none: no vDSO\"\n").unwrap()
    }

    #[test]
    fn a_program_has_a_test_that_passed_or_a_reason() {
        let mut verdicts = Verdicts::new();
        let problems = |verdicts: &Verdicts| -> Vec<String> {
            programs().iter().filter_map(|program| program.problem(verdicts)).collect()
        };
        assert_eq!(problems(&verdicts), ["Linux's sysret_rip: there is no test `exit-38-rip`"]);
        verdicts.insert((Side::User, "exit-38-rip".into()), false);
        assert_eq!(problems(&verdicts), ["Linux's sysret_rip: exit-38-rip failed"]);
        verdicts.insert((Side::User, "exit-38-rip".into()), true);
        assert_eq!(problems(&verdicts), [""; 0]);
        assert!(text(&programs()).contains("none: no vDSO"));
    }

    #[test]
    fn the_tests_that_are_named_stand_in_the_sources() {
        let root = crate::workspace::root();
        let mut all = String::new();
        for folder in ["servers/selftest/src", "microkernel/src/selftest", "tests/tests"] {
            for file in crate::check::sources(&root.join(folder)).unwrap() {
                all.push_str(&std::fs::read_to_string(file).unwrap());
            }
        }
        let programs = read().unwrap();
        assert!(programs.len() > 20);
        for test in programs.iter().filter_map(Program::test) {
            assert!(all.contains(&format!("\"{test}\"")), "there is no test `{test}`");
        }
    }
}
