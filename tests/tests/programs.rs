//! Programs and crates of the registry, unmodified: `cargo xtask test --programs` builds them.

use anyhow::Result;
use qemu_harness::Session;
use system_tests::{expect, with_programs};

/// A program that copies its file `a` to `b`, and says so.
const COPY: &[u8] = include_bytes!("../wasi/tests/copy.wat");

fn with_all(name: &str, test: impl FnOnce(&mut Session) -> Result<()>) {
    let files: [(&str, &[u8]); 3] = [
        ("/doc/a", b"one\na postern\nthree\n"),
        ("/doc/more/b", b"no gate\nposterns\n"),
        ("/doc/copy.wat", COPY),
    ];
    with_programs(name, &["rg", "crates", "wasi"], &files, test);
}

#[test]
#[ignore = "run by `cargo xtask test --programs`, which builds them"]
fn ripgrep_searches_a_tree() {
    with_all("programs-rg", |session| {
        let found = ["/doc/a:2:a postern", "/doc/more/b:2:posterns"];
        expect(session, "rg -n --no-heading --sort path postern /doc", &found)?;
        expect(session, "rg -c postern /doc/a", &["1"])?;
        expect(session, "cat /doc/a | rg -v postern -", &["one", "three"])?;
        expect(session, "rg nothing-like-it /doc; echo $?", &["1"])?;
        Ok(())
    });
}

#[test]
#[ignore = "run by `cargo xtask test --programs`, which builds them"]
fn crates_of_the_registry_work() {
    with_all("programs-crates", |session| {
        expect(session, "crates rayon", &["1999998 with "])?;
        expect(session, "crates redb /home/runs; crates redb /home/runs", &["run 1", "run 2"])?;
        expect(session, "crates regex 'a.c' xabcx", &["true"])?;
        expect(session, "crates rhai 'let x = 40; x + 2'", &["42"])?;
        expect(session, "crates json '[1, null]'", &["null"])?;
        expect(session, "crates tempfile", &["for a while"])?;
        expect(session, "crates walk /doc", &["/doc/a", "/doc/more", "/doc/more/b"])?;
        expect(session, "crates wasm", &["42"])?;
        Ok(())
    });
}

#[test]
#[ignore = "run by `cargo xtask test --programs`, which builds them"]
fn wasi_runs_a_program_over_files() {
    with_all("programs-wasi", |session| {
        expect(session, "echo content > /tmp/a; wasi --dir /tmp /doc/copy.wat", &["copied"])?;
        expect(session, "cat /tmp/b", &["content"])?;
        expect(session, "rm /tmp/a; wasi --dir /tmp /doc/copy.wat; echo $?", &["44"])?;
        expect(session, "wasi /doc/copy.wat; echo $?", &["8"])?;
        expect(session, "wasi /doc/a; echo $?", &["134"])?;
        Ok(())
    });
}
