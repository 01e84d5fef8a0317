//! Lines of the kernel's source.

use super::record::Size;
use crate::workspace;
use anyhow::Result;

/// Parts of the kernel's folder that are in no kernel.
const APART: [&str; 4] = ["tests", "selftest", "hosted", "hosted.rs"];

/// Lines of code of the core and of the arch.
pub(super) fn lines() -> Result<Vec<Size>> {
    let folder = workspace::root().join("microkernel/src");
    let (mut core, mut arch) = (0, 0);
    for (file, text) in workspace::texts(&folder, &[".rs"])? {
        let part = file.iter().next().unwrap_or_default();
        if APART.iter().any(|apart| part == *apart) {
            continue;
        }
        let side = if part == "arch" || part == "main.rs" { &mut arch } else { &mut core };
        *side += code_lines(&text);
    }
    Ok(vec![("lines of code: core".into(), core), ("lines of code: x86_64".into(), arch)])
}

/// Lines that are neither empty nor comments, up to the tests at the end.
fn code_lines(source: &str) -> u64 {
    let code = source.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let is_code = |line: &&str| !line.is_empty() && !line.starts_with("//");
    code.lines().map(str::trim).filter(is_code).count() as u64
}

#[cfg(test)]
mod tests {
    use super::code_lines;

    #[test]
    fn comments_empty_lines_and_tests_are_no_code() {
        let source = "//! Doc.\n\n/// More.\nfn a() {\n    // Why.\n    b();\n}\n\n#[cfg(test)]\nmod tests {\n    fn c() {}\n}\n";
        assert_eq!(code_lines(source), 3);
    }
}
