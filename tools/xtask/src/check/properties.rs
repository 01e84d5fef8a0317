//! `tests/PROPERTIES.md`: each property names a test on the host and one in QEMU that exist, or
//! says why there is none.

use crate::workspace;
use anyhow::Result;
use std::path::Path;

const FILE: &str = "tests/PROPERTIES.md";
/// The number of properties.
const COUNT: usize = 43;
/// Tests in these folders run in QEMU, all others on the host. The self-tests of kernel and user
/// space stand in tables, by name.
const IN_QEMU: [&str; 3] = ["tests/tests", "servers/selftest", "microkernel/src/selftest"];

/// Checks the document.
pub(super) fn check() -> Result<Vec<String>> {
    let root = workspace::root();
    let text = fs_err::read_to_string(root.join(FILE))?;
    Ok(problems(&text, &Tests::read(&root)?))
}

/// The sources that tests are in.
#[derive(Default)]
struct Tests {
    host: String,
    qemu: String,
}

impl Tests {
    fn read(root: &Path) -> Result<Self> {
        let mut tests = Self::default();
        for (file, text) in workspace::texts(root, &[".rs"])? {
            let in_qemu = IN_QEMU.iter().any(|folder| file.starts_with(folder));
            if in_qemu { &mut tests.qemu } else { &mut tests.host }.push_str(&text);
        }
        Ok(tests)
    }
}

fn problems(text: &str, tests: &Tests) -> Vec<String> {
    let mut problems = Vec::new();
    let mut lines = text.lines().peekable();
    for number in 1..=COUNT {
        let start = format!("{number}. ");
        if !lines.by_ref().any(|line| line.starts_with(&start)) {
            problems.push(format!("there is no property {number} behind the one before"));
            return problems;
        }
        for (side, sources) in [("Host", &tests.host), ("QEMU", &tests.qemu)] {
            let start = format!("- {side}: ");
            match lines.next_if(|line| line.trim().starts_with(&start)) {
                Some(line) => problems.extend(
                    side_problem(line, sources).map(|text| format!("{number}, {side}: {text}")),
                ),
                None => problems.push(format!("{number}: no line `{start}…`")),
            }
        }
    }
    let programs = lines.filter(|line| line.starts_with("| ") && line.contains('`'));
    problems.extend(programs.filter_map(|line| side_problem(line, &tests.qemu)));
    problems
}

/// What is wrong with a line of test names in backticks, or the reason why there is none.
fn side_problem(line: &str, sources: &str) -> Option<String> {
    let names: Vec<&str> = line.split('`').skip(1).step_by(2).collect();
    if names.is_empty() && !line.contains(": none: ") {
        return Some("no test, and no reason".into());
    }
    let exists = |name: &str| {
        sources.contains(&format!("fn {name}(")) || sources.contains(&format!("\"{name}\""))
    };
    names.iter().find(|name| !exists(name)).map(|name| format!("there is no test `{name}`"))
}

#[cfg(test)]
mod tests {
    use super::{COUNT, Tests, problems};

    fn document(host: &str, qemu: &str) -> String {
        let row = |number| format!("{number}. Text.\n    - Host: {host}\n    - QEMU: {qemu}\n");
        (1..=COUNT).map(row).collect()
    }

    fn tests() -> Tests {
        Tests { host: "fn a() {}".into(), qemu: "fn b() {} (\"c-d\", x)".into() }
    }

    #[test]
    fn each_side_has_tests_that_exist_or_a_reason() {
        for (host, qemu) in [("`a`", "`b`, `c-d`"), ("`a`", "none: why"), ("none: why", "`b`")] {
            assert_eq!(problems(&document(host, qemu), &tests()), [""; 0]);
        }
        let told = problems(&document("`b`", "later"), &tests());
        assert_eq!(told.len(), 2 * COUNT);
        assert_eq!(told[0], "1, Host: there is no test `b`");
        assert_eq!(told[1], "1, QEMU: no test, and no reason");
    }

    #[test]
    fn a_property_or_a_side_that_is_missing_is_told() {
        let all = document("`a`", "`b`");
        let told = problems(&all.replace("17. Text.", ""), &tests());
        assert_eq!(told, ["there is no property 17 behind the one before"]);
        let told = problems(&all.replacen("    - Host: `a`\n", "", 1), &tests());
        assert_eq!(told, ["1: no line `- Host: …`"]);
    }

    #[test]
    fn a_program_of_linux_names_a_test_too() {
        let text = document("`a`", "`b`") + "| iopl | `c-d` |\n| vdso | none: x |\n| nt | `e` |\n";
        assert_eq!(problems(&text, &tests()), ["there is no test `e`"]);
    }
}
