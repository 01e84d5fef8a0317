//! A machine whose serial line is the user's terminal.

use crate::log::Follower;
use anyhow::{Context as _, Result};
use qemu_harness::{Exit, Machine, SerialLine, Verdict};
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
use std::process::Child;
use std::time::{Duration, Instant};

/// Runs the machine until it ends: the status to leave with.
pub(crate) fn on_terminal(machine: &Machine, log: bool, limit: Option<Duration>) -> Result<u8> {
    let mut machine = machine.clone();
    machine.serial = SerialLine::Terminal;
    eprintln!(
        "leave with the command `shutdown`, or with Ctrl-A X; log: {}",
        machine.log.display()
    );
    let terminal = Terminal::save();
    let follower = log.then(|| Follower::start(&machine.log, &machine.elfs));
    let mut child = machine.command()?.spawn().context("cannot start QEMU")?;
    let exit = wait(&mut child, limit.map(|limit| Instant::now() + limit))?;
    drop(terminal);
    if let Some(follower) = follower {
        follower.finish();
    }
    Ok(status(&machine, exit))
}

fn wait(child: &mut Child, deadline: Option<Instant>) -> Result<Exit> {
    let Some(deadline) = deadline else {
        return Ok(child.wait().context("cannot wait for QEMU")?.into());
    };
    while Instant::now() < deadline {
        if let Some(status) = child.try_wait().context("cannot wait for QEMU")? {
            return Ok(status.into());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().context("cannot stop QEMU")?;
    child.wait().context("cannot wait for QEMU")?;
    Ok(Exit::TimedOut)
}

/// QEMU's status 0 is the user's own Ctrl-A X, unless the CPU gave up.
fn status(machine: &Machine, exit: Exit) -> u8 {
    let qemu_log = std::fs::read(machine.qemu_log()).unwrap_or_default();
    let triple_fault = String::from_utf8_lossy(&qemu_log).contains("Triple fault");
    if exit == Exit::Status(0) && !triple_fault {
        return 0;
    }
    let verdict = Verdict::of(exit, triple_fault);
    if !matches!(verdict, Verdict::Passed | Verdict::Shutdown(_)) {
        eprintln!("{verdict}; `cargo xtask log {}` shows the log", machine.log.display());
    }
    verdict.status()
}

/// Puts the terminal back as it was: QEMU does, but not when it is killed.
struct Terminal(Option<Termios>);

impl Terminal {
    fn save() -> Self {
        Self(tcgetattr(std::io::stdin()).ok())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if let Some(saved) = &self.0 {
            // A terminal that is gone needs no repair.
            let _ = tcsetattr(std::io::stdin(), OptionalActions::Drain, saved);
        }
    }
}
