//! The console as a user sees it.

use anyhow::{Result, ensure};
use qemu_harness::{LINE_MAX, Session};
use system_tests::{COMMAND, at_prompt, expect};

const CTRL_C: &[u8] = b"\x03";
const BACKSPACE: &[u8] = b"\x7f";
const UP: &[u8] = b"\x1b[A";
const LEFT: &[u8] = b"\x1b[D";

fn typed(session: &mut Session, keys: &[&[u8]], wanted: &str) -> Result<()> {
    session.mark();
    for key in keys {
        session.send(key)?;
    }
    // Not a mark of its own, which the key for the last line would find.
    session.wait_for(&format!("\n{wanted}"), COMMAND)?;
    session.wait_prompt(COMMAND)
}

#[test]
fn keys_edit_the_line() {
    at_prompt("console-edit", |session| {
        typed(session, &[b"echo hellp", BACKSPACE, b"o\r"], "hello")?;
        typed(session, &[b"echo ab", LEFT, b"X\r"], "aXb")?;
        typed(session, &[b"echo first\r"], "first")?;
        typed(session, &[UP, b"\r"], "first")
    });
}

#[test]
fn ctrl_c_drops_the_line() {
    at_prompt("console-drop", |session| {
        session.send(b"crash init and everything")?;
        session.send(CTRL_C)?;
        session.settle(COMMAND)?;
        let shown = session.transcript();
        ensure!(!shown.contains("crash:"), "the dropped line was run:\n{shown}");
        expect(session, "echo alive", &["alive"])?;
        Ok(())
    });
}

#[test]
fn ctrl_c_ends_a_running_program() {
    at_prompt("console-interrupt", |session| {
        session.run("run signals spin &", COMMAND)?;
        session.send_line("fg")?;
        // What is pressed from here on is for it.
        session.wait_for("] signals\n", COMMAND)?;
        session.send(CTRL_C)?;
        session.wait_prompt(COMMAND)?;
        expect(session, "status", &["130"])?;
        expect(session, "echo alive", &["alive"])?;
        Ok(())
    });
}

#[test]
fn lines_typed_ahead_are_run_in_order() {
    at_prompt("console-ahead", |session| {
        // A program that reads nothing has the terminal until the last key, which stops it.
        session.mark();
        session.send_line("run signals handle USR1")?;
        session.wait_for("waiting for", COMMAND)?;
        session.send(b"echo one\recho two\r\x1a")?;
        session.wait_for("\none", COMMAND)?;
        session.wait_for("\ntwo", COMMAND)?;
        session.settle(COMMAND)?;
        expect(session, "kill -9 signals", &[])?;
        Ok(())
    });
}

#[test]
fn an_end_of_input_typed_ahead_comes_behind_its_lines() {
    at_prompt("console-end", |session| {
        session.mark();
        session.send(b"sort\rb\ra\r\x04echo after\r")?;
        // Without the end `sort` reads this line, too.
        session.wait_for("\nafter", COMMAND)?;
        session.settle(COMMAND)?;
        Ok(())
    });
}

#[test]
fn a_line_that_is_too_long_is_refused_not_cut() {
    at_prompt("console-long", |session| {
        let longest = "x".repeat(LINE_MAX - "echo ".len());
        expect(session, &format!("echo {longest}"), &["x"])?;
        for more in [1, 2000] {
            session.mark();
            session.send(format!("echo X{longest}{}\r", "x".repeat(more - 1)).as_bytes())?;
            session.wait_for("the line is too long", COMMAND)?;
            session.settle(COMMAND)?;
        }
        let shown = session.transcript();
        ensure!(!shown.lines().any(|line| line.starts_with("Xxx")), "it was run cut:\n{shown}");
        expect(session, "echo alive", &["alive"])?;
        Ok(())
    });
}

#[test]
fn bytes_that_no_keyboard_sends_are_survived() {
    at_prompt("console-bytes", |session| {
        let bytes: Vec<u8> = (0..=255).filter(|byte| !b"\x04\r\n\x1b".contains(byte)).collect();
        session.send(&bytes)?;
        session.send(b"\x1b[[[999;;Z\x1bO\r")?;
        session.send(CTRL_C)?;
        session.settle(COMMAND)?;
        expect(session, "echo alive", &["alive"])?;
        Ok(())
    });
}

#[test]
fn bad_commands_and_arguments_are_answered() {
    at_prompt("console-bad", |session| {
        let cases = [
            ("frobnicate", "no such command"),
            ("kill", "usage"),
            ("kill -NOPE shell", "kill:"),
            ("kill -9 4711", "no program with process id 4711"),
            ("kill -STOP console", "kill:"),
            ("run nobody", "no program `nobody`"),
            ("call", "usage"),
            ("call nobody greet", "call:"),
            ("call template nothing", "call:"),
            ("call template add 1", "usage"),
            ("call template add 1 many", "call:"),
            ("crash nobody", "crash:"),
            ("crash init", "crash:"),
            ("shutdown soon", "usage"),
            ("sleep for-ever", "usage"),
            ("help nothing", "help:"),
        ];
        for (command, wanted) in cases {
            expect(session, command, &[wanted])?;
            let status = session.run("status", COMMAND)?;
            ensure!(status.trim() != "0", "`{command}` left status 0");
        }
        Ok(())
    });
}

#[test]
fn every_command_of_help_explains_itself() {
    at_prompt("console-help", |session| {
        let help = session.run("help", COMMAND)?;
        let commands: Vec<&str> =
            help.lines().filter_map(|line| line.split_whitespace().next()).collect();
        for wanted in [
            "help", "ps", "servers", "mem", "run", "kill", "log", "irq", "uptime", "crash",
            "selftest", "shutdown",
        ] {
            ensure!(commands.contains(&wanted), "help does not list {wanted}:\n{help}");
        }
        for command in commands {
            expect(session, &format!("help {command}"), &[command])?;
        }
        Ok(())
    });
}
