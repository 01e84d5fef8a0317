//! `cargo xtask run` at a terminal: however it ends, the terminal is as it was.

use anyhow::{Context as _, Result, ensure};
use system_tests::{User, until};

/// Starts a machine on a terminal and waits for its prompt.
fn at_prompt(arguments: &[&str]) -> Result<User> {
    let user = User::starts(&[&["run"], arguments].concat())?;
    user.sees("postern> ")?;
    ensure!(user.modes()? != user.before, "keys are not passed on at once");
    Ok(user)
}

/// How it ended after this, with the terminal as it was and the machine gone.
fn after(act: impl FnOnce(&mut User) -> Result<()>) -> Result<u32> {
    let mut user = at_prompt(&[])?;
    let machine = user.machine()?;
    act(&mut user)?;
    let status = user.awaits_end()?;
    user.has_the_terminal_back()?;
    // What has ended has no files, even when nothing has taken note of its end.
    let files = format!("/proc/{machine}/fd/0");
    until("the machine's end", || Ok(std::fs::symlink_metadata(&files).err()))?;
    Ok(status)
}

fn good(result: Result<()>) {
    if let Err(error) = result {
        panic!("{error:#}");
    }
}

#[test]
fn the_guests_and_the_users_own_ends_put_it_back() {
    good((|| {
        let status = after(|user| user.types(b"shutdown 3\r"))?;
        ensure!(status == 3, "{status}");
        let status = after(|user| user.types(b"\x01x"))?;
        ensure!(status == 0, "{status}");
        Ok(())
    })());
}

#[test]
fn a_signal_to_the_command_puts_it_back() {
    good((|| {
        for (signal, number) in [("TERM", 15), ("INT", 2), ("HUP", 1), ("QUIT", 3), ("KILL", 9)] {
            let status = after(|user| user.kills(signal, user.program()?))?;
            ensure!(status == 128 + number, "{signal}: {status}");
        }
        Ok(())
    })());
}

#[test]
fn a_signal_to_the_machine_puts_it_back_and_is_a_failure() {
    good((|| {
        for signal in ["TERM", "INT", "HUP", "KILL"] {
            let status = after(|user| user.kills(signal, user.machine()?))?;
            ensure!(status == 125, "{signal}: {status}");
        }
        Ok(())
    })());
}

#[test]
fn a_time_out_puts_it_back() {
    good((|| {
        let user = User::starts(&["run", "--timeout", "3"])?;
        let status = user.awaits_end()?;
        ensure!(status == 124, "{status}");
        user.has_the_terminal_back()
    })());
}

#[test]
fn what_was_stopped_passes_keys_again_when_it_goes_on() {
    good((|| {
        let mut user = at_prompt(&["--timeout", "18446744073709551615"])?;
        let passing = user.modes()?;
        user.kills("STOP", user.program()?)?;
        // As a shell does.
        let mut stty = std::process::Command::new("stty");
        stty.arg(user.before.trim()).stdin(user.tty()?);
        ensure!(stty.status().context("stty")?.success(), "stty failed");
        user.kills("CONT", user.program()?)?;
        user.awaits_modes(&passing)?;
        user.types(b"echo a\x7fb\r")?;
        user.sees("\nb\n")?;
        user.types(b"shutdown\r")?;
        let status = user.awaits_end()?;
        ensure!(status == 0, "{status}");
        user.has_the_terminal_back()
    })());
}
