//! What the system tests share: a machine at its prompt, commands that must work.
//!
//! The tests are in `tests/`; `cargo xtask test --only system` runs them. Each boots its own
//! machine in QEMU and shows the whole transcript when something is missing.
#![forbid(unsafe_code)]

mod browser;
mod image;
mod installed;
mod system;
mod transcript;
mod user;

pub use browser::Browser;
pub use image::{Function, Image, Jump};
pub use installed::with_programs;
pub use system::{machine_with_changes, machine_with_sections, machine_without_caches};
pub use transcript::{Example, matches, readme_session};
pub use user::{User, until};

use anyhow::{Context as _, Result, ensure};
use qemu_harness::{Deadline, Images, Machine, Monitor, Outcome, Session};
use std::sync::Mutex;
use std::time::Duration;

/// How long a boot may take. These limits count the machine's own time: on a host with busy
/// neighbours they are as much longer.
pub const BOOT: Duration = Duration::from_secs(240);
/// How long a command may take.
pub const COMMAND: Duration = Duration::from_secs(30);
/// How long the end of a machine may take.
pub const END: Duration = Duration::from_secs(20);
/// How long a command is given again until it tells what is waited for.
const AT_LAST: Duration = Duration::from_secs(300);

/// One machine at a time in each test program: there are two CPUs.
static ONE: Mutex<()> = Mutex::new(());

/// Runs a test at a machine's prompt, then shuts it down and demands a good end.
///
/// # Panics
/// When anything fails; the message has the transcript.
pub fn at_prompt(name: &str, test: impl FnOnce(&mut Session) -> Result<()>) {
    with_machine(name, |_| Ok(()), test);
}

/// As [`at_prompt`], on a machine that is changed first. Its end, with its log.
///
/// # Panics
/// As [`at_prompt`].
pub fn with_machine(
    name: &str,
    change: impl FnOnce(&mut Machine) -> Result<()>,
    test: impl FnOnce(&mut Session) -> Result<()>,
) -> Outcome {
    let turn = ONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let result = (|| {
        let mut machine = Images::get()?.machine(name);
        change(&mut machine)?;
        run(&machine, test)
    })();
    drop(turn);
    result.unwrap_or_else(|error| panic!("{error:#}"))
}

fn run(machine: &Machine, test: impl FnOnce(&mut Session) -> Result<()>) -> Result<Outcome> {
    let mut session = machine.start()?;
    let tested = session.wait_prompt(BOOT).and_then(|()| test(&mut session));
    if tested.is_ok() && !session.closed() {
        session.send_line("shutdown 0")?;
    }
    let outcome = session.finish(if tested.is_ok() { END } else { Duration::ZERO });
    match tested {
        Ok(()) => {
            ensure!(outcome.verdict.passed(), "{outcome}");
            Ok(outcome)
        }
        Err(error) => Err(error.context(format!("{outcome}"))),
    }
}

/// Boots a machine that is to end by itself.
///
/// # Errors
/// When it cannot be started.
pub fn to_its_end(machine: &Machine) -> Result<Outcome> {
    let turn = ONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let outcome = machine.start()?.finish(BOOT);
    drop(turn);
    Ok(outcome)
}

/// Boots a machine that is to end by itself, and has its monitor until then.
///
/// # Errors
/// When it cannot be started.
pub fn with_monitor(
    machine: Machine,
    act: impl FnOnce(&mut Session, &mut Monitor) -> Result<()>,
) -> Result<Outcome> {
    let turn = ONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let mut session = machine.with_monitor().start()?;
    let mut monitor = session.monitor()?;
    act(&mut session, &mut monitor)?;
    let outcome = session.finish(BOOT);
    drop(turn);
    Ok(outcome)
}

/// A machine whose first program is `load`, with this task.
///
/// # Errors
/// When it was not built.
pub fn load(name: &str, task: &str) -> Result<Machine> {
    let images = Images::get()?;
    let mut machine = images.machine(name).with_archive(&images.archive_with("load")?);
    machine.append(&format!("init=load task={task}"))?;
    Ok(machine)
}

/// Waits until the log of a running machine has what is looked for.
///
/// # Errors
/// When it never has.
pub fn until_logged(
    machine: &Machine,
    what: &str,
    mut look: impl FnMut(&[String]) -> bool,
) -> Result<()> {
    let mut size = 0;
    until(what, || {
        let now = std::fs::metadata(&machine.log).map_or(0, |log| log.len());
        if std::mem::replace(&mut size, now) == now {
            return Ok(None);
        }
        let lines = log_decoder::decode_file(&machine.log, machine.elfs.finder())?;
        let lines: Vec<String> = lines.iter().map(ToString::to_string).collect();
        Ok(look(&lines).then_some(()))
    })
}

/// A number that stands before these words in the log.
///
/// # Errors
/// When it does not.
pub fn logged(outcome: &Outcome, words: &str) -> Result<u64> {
    let lines = outcome.log_lines();
    let before = lines.iter().find_map(|line| line.split_once(words)).map(|(before, _)| before);
    let before = before.with_context(|| format!("the log does not tell of{words}\n{outcome}"))?;
    Ok(before.rsplit(' ').next().unwrap_or_default().parse()?)
}

/// Runs a command; its answer must contain all of these.
///
/// # Errors
/// When it does not, or no prompt comes back.
pub fn expect(session: &mut Session, command: &str, wanted: &[&str]) -> Result<String> {
    let answer = session.run(command, COMMAND)?;
    for text in wanted {
        ensure!(answer.contains(text), "`{command}` did not say `{text}` but:\n{answer}");
    }
    Ok(answer)
}

/// Gives a command again until its answer tells what is waited for: what was made of that.
///
/// # Errors
/// When it never does, or no prompt comes back.
pub fn eventually<T>(
    session: &mut Session,
    command: &str,
    what: &str,
    mut look: impl FnMut(&str) -> Option<T>,
) -> Result<T> {
    let end = Deadline::after(AT_LAST);
    loop {
        let answer = session.run(command, COMMAND)?;
        if let Some(found) = look(&answer) {
            return Ok(found);
        }
        ensure!(!end.is_over(), "waited until `{command}` tells {what}; at last it told\n{answer}");
    }
}

/// The row of a server in a table of `servers`.
pub fn row<'a>(table: &'a str, server: &str) -> Option<&'a str> {
    table.lines().find(|line| line.split_whitespace().next() == Some(server))
}

/// The row of a server in the table that `servers` prints.
///
/// # Errors
/// When there is none.
pub fn server_row(session: &mut Session, server: &str) -> Result<String> {
    let table = session.run("servers", COMMAND)?;
    Ok(row(&table, server).with_context(|| format!("no server {server}:\n{table}"))?.to_owned())
}

/// Restarts of a server, as `servers` tells them.
///
/// # Errors
/// When the table does not have the server in state "running".
pub fn restarts(session: &mut Session, server: &str) -> Result<u32> {
    let table = session.run("servers", COMMAND)?;
    running(&table, server).with_context(|| format!("{server} does not run:\n{table}"))
}

/// Waits until a server runs that was restarted so often.
///
/// # Errors
/// When it never does, or was restarted more often.
pub fn wait_for_restarts(session: &mut Session, server: &str, wanted: u32) -> Result<()> {
    let what = format!("that {server} runs after {wanted} restarts");
    let restarts = eventually(session, "servers", &what, |table| {
        running(table, server).filter(|restarts| *restarts >= wanted)
    })?;
    ensure!(restarts == wanted, "{server} was restarted {restarts} times, not {wanted}");
    Ok(())
}

/// The restarts of a server that runs.
fn running(table: &str, server: &str) -> Option<u32> {
    let cells: Vec<&str> = row(table, server)?.split_whitespace().collect();
    let restarts = cells.get(3)?.parse().ok()?;
    (cells.get(2) == Some(&"running")).then_some(restarts)
}
