//! Sessions with a shell script in the place of QEMU.

use crate::{Boot, Elfs, Machine, Session, Verdict};
use std::process::Command;
use std::time::Duration;

const SOON: Duration = Duration::from_secs(10);
const AT_ONCE: Duration = Duration::from_millis(100);

/// A script that acts as the guest. Its exit status is isa-debug-exit's.
fn session(script: &str) -> (Session, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let boot = Boot::Bios("unused".into());
    let elfs = Elfs::in_target(folder.path());
    let machine = Machine::new(boot, folder.path().join("a.log"), elfs);
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    (Session::start_command(&machine, command).unwrap(), folder)
}

/// A guest that answers each line, which ends with a carriage return: echo, answer, prompt.
const GUEST: &str = r##"exec bash -c '
    printf "booting\r\npostern> "
    while IFS= read -r -d $(printf "\r") line; do
        printf "%s\r\n" "$line"
        case "$line" in
            shutdown*) exit ${line#shutdown } ;;
            "#"*) printf "postern> " ;;
            *) printf "you said %s\r\npostern> " "$line" ;;
        esac
    done'"##;

#[test]
fn commands_are_typed_at_the_prompt_and_answers_come_back() {
    let (mut session, _folder) = session(GUEST);
    session.wait_prompt(SOON).unwrap();
    assert!(session.time_to_prompt().unwrap() < SOON);
    assert_eq!(session.run("one two", SOON).unwrap(), "you said one two\n");
    assert_eq!(session.run("three", SOON).unwrap(), "you said three\n");
    session.send_line("shutdown 33").unwrap();
    let outcome = session.finish(SOON);
    assert_eq!(outcome.verdict, Verdict::Passed, "{outcome}");
    let expected = "booting\npostern> one two\nyou said one two\npostern> # end 1\n\
        postern> three\nyou said three\npostern> # end 2\npostern> shutdown 33\n";
    assert_eq!(outcome.transcript, expected);
}

/// A guest with a program in the background that prints whenever a line is typed: the prompt is
/// shown again, before and while the command runs.
const NOISY: &str = r##"exec bash -c '
    printf "booting\r\npostern> "
    while IFS= read -r -d $(printf "\r") line; do
        printf "\r\033[2Knoise\r\npostern> "
        sleep 0.1
        printf "%s\r\n" "$line"
        case "$line" in
            "#"*) printf "postern> " ;;
            *) printf "noise\r\npostern> "; sleep 0.1; printf "\r\033[2Kdone %s\r\npostern> " "$line" ;;
        esac
    done'"##;

#[test]
fn what_others_print_is_not_the_end_of_a_command() {
    let (mut session, _folder) = session(NOISY);
    session.wait_prompt(SOON).unwrap();
    for command in ["one", "two", "three"] {
        let printed = session.run(command, SOON).unwrap();
        assert!(printed.contains(&format!("done {command}\n")), "{printed}");
        assert!(!printed.contains("# end"), "{printed}");
    }
}

#[test]
fn a_prompt_that_is_still_shown_is_not_the_next_one() {
    let (mut session, _folder) = session("printf 'postern> '; sleep 5");
    session.wait_prompt(SOON).unwrap();
    session.send_line("silence").unwrap();
    assert!(session.wait_prompt(AT_ONCE).is_err());
}

#[test]
fn texts_are_found_one_after_the_other() {
    let (mut session, _folder) = session("printf 'a1\\r\\na2 a3\\r\\n'; sleep 5");
    assert_eq!(session.wait_for("a", SOON).unwrap(), "a");
    assert_eq!(session.wait_for("a2", SOON).unwrap(), "1\na2");
    assert_eq!(session.wait_for("a", SOON).unwrap(), " a");
    let error = session.wait_for("a", AT_ONCE).unwrap_err().to_string();
    assert!(error.contains("waited for `a`: it did not come in 0.1 s"), "{error}");
    assert!(error.contains("  | a2 a3"), "{error}");
}

#[test]
fn an_early_end_is_told_at_once() {
    let (mut session, _folder) = session("printf 'panic\\r\\n'; exit 67");
    let error = session.wait_prompt(SOON).unwrap_err().to_string();
    assert!(error.contains("the machine ended before"), "{error}");
    let outcome = session.finish(SOON);
    assert_eq!(outcome.verdict.status(), 101, "0x21 is the kernel's panic");
}

#[test]
fn a_machine_that_hangs_is_stopped_and_unknown() {
    let (session, _folder) = session("printf 'hm'; exec sleep 100");
    let outcome = session.finish(AT_ONCE);
    assert_eq!(outcome.verdict.status(), Verdict::TIMED_OUT);
    assert_eq!(outcome.transcript, "hm");
}

#[test]
fn a_triple_fault_is_told_with_the_registers() {
    let (session, folder) = session("exit 0");
    let log = "CPU Reset (CPU 0)\nRAX=0\nTriple fault\nCPU Reset (CPU 0)\nRIP=00000bad\n";
    std::fs::write(folder.path().join("a.qemu.log"), log).unwrap();
    let outcome = session.finish(SOON);
    assert!(outcome.verdict.to_string().contains("triple fault"));
    assert!(outcome.registers.contains("RIP=00000bad") && !outcome.registers.contains("RAX"));
}

#[test]
fn what_qemu_says_is_kept() {
    let (session, _folder) = session("echo 'qemu: no such kernel' >&2; exit 1");
    let outcome = session.finish(SOON);
    assert_eq!(outcome.complaint, "qemu: no such kernel\n");
    assert!(outcome.explanation().contains("qemu | qemu: no such kernel"));
}
