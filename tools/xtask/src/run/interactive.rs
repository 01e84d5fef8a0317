//! A machine whose serial line is the user's terminal.

use super::relay;
use super::terminal::Terminal;
use crate::log::Follower;
use anyhow::{Context as _, Result, bail};
use qemu_harness::{Deadline, Exit, Machine, SerialLine, Verdict};
use rustix::process::{Pid, Signal, kill_process};
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::Signals;
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// The terminal, until it is restored.
type Shared = Arc<Mutex<Option<Terminal>>>;

/// Runs the machine until it ends. Returns the exit status.
pub(crate) fn on_terminal(machine: &Machine, log: bool, limit: Option<Duration>) -> Result<u8> {
    let mut machine = machine.clone();
    machine.serial = SerialLine::Terminal;
    eprintln!(
        "leave with the command `shutdown`, or with Ctrl-A X; log: {}",
        machine.log.display()
    );
    let follower = log.then(|| Follower::start(&machine.log, &machine.elfs));
    let terminal = Arc::new(Mutex::new(Terminal::raw(std::io::stdin())?));
    let exit = run(&machine, limit.map_or(Deadline::never(), Deadline::after), &terminal);
    drop(lock(&terminal).take());
    drop(follower);
    // Without a reader there is no report.
    Ok(exit?.map_or(0, |exit| status(&machine, exit)))
}

/// Runs QEMU to its end, or until its output cannot be shown: then there is no status.
fn run(machine: &Machine, deadline: Deadline, terminal: &Shared) -> Result<Option<Exit>> {
    let mut command = machine.command()?;
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().context("cannot start QEMU")?;
    let pid = Pid::from_child(&child);
    on_signals(Arc::clone(terminal), pid)?;
    let (Some(input), Some(output), Some(errors)) =
        (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        bail!("cannot reach the serial line of QEMU");
    };
    relay::typed(input);
    let shown = relay::shown(output, move || stop(pid));
    let complaints = relay::complaints(errors);
    let status = wait(&mut child, deadline)?;
    // Both threads end with QEMU; a panic of theirs was printed.
    let complaints = complaints.join().unwrap_or_default();
    let exit = status.map_or(Exit::TimedOut, |status| Exit::of(status, &complaints));
    Ok(shown.join().unwrap_or(true).then_some(exit))
}

/// Waits for the end of QEMU. Without a status at the deadline, when it is killed.
fn wait(child: &mut Child, deadline: Deadline) -> Result<Option<std::process::ExitStatus>> {
    while !deadline.is_over() {
        if let Some(status) = child.try_wait().context("cannot wait for QEMU")? {
            return Ok(Some(status));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().context("cannot stop QEMU")?;
    child.wait().context("cannot wait for QEMU")?;
    Ok(None)
}

/// Restores the terminal and ends QEMU before a signal ends this process. Sets the modes again
/// when the process continues after a stop.
fn on_signals(terminal: Shared, qemu: Pid) -> Result<()> {
    let mut signals = Signals::new([SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGCONT])
        .context("cannot handle signals")?;
    std::thread::spawn(move || {
        for signal in signals.forever() {
            if signal == SIGCONT {
                lock(&terminal).iter().for_each(Terminal::pass_keys);
                continue;
            }
            drop(lock(&terminal).take());
            stop(qemu);
            // The default action ends the process.
            drop(signal_hook::low_level::emulate_default_handler(signal));
        }
    });
    Ok(())
}

fn stop(qemu: Pid) {
    // It may have ended.
    let _ = kill_process(qemu, Signal::KILL);
}

fn lock(terminal: &Mutex<Option<Terminal>>) -> std::sync::MutexGuard<'_, Option<Terminal>> {
    terminal.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// QEMU's status 0 is the user's Ctrl-A X, unless there was a triple fault.
fn status(machine: &Machine, exit: Exit) -> u8 {
    let triple_fault = machine.triple_fault().is_some();
    if exit == Exit::Status(0) && !triple_fault {
        return 0;
    }
    let verdict = Verdict::of(exit, triple_fault);
    if !matches!(verdict, Verdict::Passed | Verdict::Shutdown(_)) {
        eprintln!("{verdict}; `cargo xtask log {}` shows the log", machine.log.display());
    }
    verdict.status()
}
