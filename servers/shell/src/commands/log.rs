//! `log`: the system log.

use crate::options::Options;
use crate::shell::Shell;
use crate::trouble::{Outcome, Trouble};
use syslog_api::SyslogClient;

/// Lines without `-n`.
const LINES: u64 = 20;
/// How often `-f` looks.
const PAUSE_NS: u64 = 200_000_000;

pub(crate) fn log(shell: &mut Shell, words: &[&str]) -> Outcome {
    let options = Options::read("f", "n", words)?;
    if !options.words.is_empty() {
        return Err(Trouble::Usage);
    }
    let lines = options.number('n')?.unwrap_or(LINES);
    let log = shell.syslog()?;
    let range = log.range()?;
    let mut next = show(shell, &log, range.end.saturating_sub(lines), range.end)?;
    while options.has('f') {
        shell.interrupts.sleep(PAUSE_NS)?;
        let end = log.range()?.end;
        next = show(shell, &log, next, end)?;
    }
    Ok(0)
}

/// Shows lines up to `end`: the number to go on with.
fn show(shell: &mut Shell, log: &SyslogClient, from: u64, end: u64) -> Result<u64, Trouble> {
    let mut next = from;
    while next < end {
        let lines = log.read(next)?;
        if lines.text.is_empty() {
            break;
        }
        shell.write(lines.text.as_bytes())?;
        next = lines.next;
    }
    Ok(next)
}
