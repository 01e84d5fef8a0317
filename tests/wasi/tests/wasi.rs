//! Programs in WebAssembly text, run on this machine.

use std::path::Path;
use wasi::Settings;

/// Runs a program in a folder that it knows as `/`. Returns its status.
fn status(folder: &Path, program: &str) -> i32 {
    let folders = vec![(folder.display().to_string(), "/".to_owned())];
    let args = vec!["name".to_owned(), "argument".to_owned()];
    let env = vec!["A=b".to_owned()];
    let settings = Settings { args, env, folders, memory: 1 << 20 };
    wasi::run(program.as_bytes(), settings).unwrap()
}

/// A program of functions of WASI and a body.
fn program(body: &str) -> String {
    include_str!("program.wat").replace(";; BODY", body)
}

#[test]
fn a_file_is_made_written_read_and_removed() {
    let folder = tempfile::tempdir().unwrap();
    let body = r#"
        (call $must (call $path_open (i32.const 3) (i32.const 0) (i32.const 600) (i32.const 4)
            (i32.const 1) (i64.const 66) (i64.const 0) (i32.const 0) (i32.const 32)))
        (call $write (i32.load (i32.const 32)))
        (call $must (call $fd_close (i32.load (i32.const 32))))"#;
    assert_eq!(status(folder.path(), &program(body)), 0);
    assert_eq!(std::fs::read_to_string(folder.path().join("file")).unwrap(), "hello\n");
    let body = "(call $must (call $path_unlink_file (i32.const 3) (i32.const 600) (i32.const 4)))";
    assert_eq!(status(folder.path(), &program(body)), 0);
    assert!(!folder.path().join("file").exists());
    // The error of a file that is not there is the program's status.
    assert_eq!(status(folder.path(), &program(body)), 44);
}

#[test]
fn paths_out_of_the_folder_and_wild_addresses_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (path, len, error) in [(608, 4, 76), (612, 4, 76), (-1, 4, 21), (65_534, 40, 21)] {
        let body = format!(
            "(call $must (call $path_unlink_file (i32.const 3) (i32.const {path}) (i32.const {len})))"
        );
        assert_eq!(status(folder.path(), &program(&body)), error, "{path} {len}");
    }
    let body = "(call $must (call $random_get (i32.const 65000) (i32.const 1000)))";
    assert_eq!(status(folder.path(), &program(body)), 21);
    let body =
        "(call $must (call $fd_write (i32.const 1) (i32.const 0) (i32.const -1) (i32.const 0)))";
    assert_eq!(status(folder.path(), &program(body)), 28);
    let body = "(call $must (call $fd_close (i32.const 77)))";
    assert_eq!(status(folder.path(), &program(body)), 8);
}

#[test]
fn a_file_is_copied() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a"), "content\n").unwrap();
    assert_eq!(status(folder.path(), include_str!("copy.wat")), 0);
    assert_eq!(std::fs::read_to_string(folder.path().join("b")).unwrap(), "content\n");
}

#[test]
fn arguments_and_clocks_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let body = "
        (call $must (call $args_sizes_get (i32.const 32) (i32.const 36)))
        (call $must (call $clock_time_get (i32.const 0) (i64.const 1) (i32.const 40)))
        (if (i64.lt_u (i64.load (i32.const 40)) (i64.const 1600000000000000000))
            (then (call $proc_exit (i32.const 1))))
        (call $proc_exit (i32.add (i32.load (i32.const 32)) (i32.load (i32.const 36))))";
    assert_eq!(status(folder.path(), &program(body)), 2 + 14);
}

#[test]
fn a_program_that_traps_wants_too_much_or_is_none_is_an_error() {
    let settings = || Settings { memory: 1 << 20, ..Settings::default() };
    for bad in [
        "(module (memory (export \"memory\") 1) (func (export \"_start\") unreachable))",
        "(module (memory (export \"memory\") 17) (func (export \"_start\")))",
        "(module (import \"other\" \"function\" (func)) (func (export \"_start\")))",
        "(module)",
        "no program",
    ] {
        assert!(wasi::run(bad.as_bytes(), settings()).is_err(), "{bad}");
    }
}
