//! `echo`, `help`, `shutdown`, `sleep`, `status`, `time`.

use super::{COMMANDS, find};
use crate::commands::files::sync;
use crate::shell::Shell;
use crate::trouble::{Outcome, Trouble};
use alloc::format;
use alloc::string::String;

/// The highest status that `shutdown` can carry.
const STATUS_MAX: u64 = 31;

pub(crate) fn echo(shell: &mut Shell, words: &[&str]) -> Outcome {
    shell.print(&(words.join(" ") + "\n"));
    Ok(0)
}

pub(crate) fn help(shell: &mut Shell, words: &[&str]) -> Outcome {
    let text = match words {
        [] => all(),
        [name] => {
            let command = find(name).ok_or_else(|| Trouble::new(format!("no command `{name}`")))?;
            format!("usage: {}\n{}\n", command.usage, command.summary)
        }
        _ => return Err(Trouble::Usage),
    };
    shell.print(&text);
    Ok(0)
}

fn all() -> String {
    let width = COMMANDS.iter().map(|command| command.name.len()).max().unwrap_or(0);
    COMMANDS
        .iter()
        .map(|command| format!("  {:width$}  {}\n", command.name, command.summary))
        .collect()
}

pub(crate) fn shutdown(shell: &mut Shell, words: &[&str]) -> Outcome {
    let status = match words {
        [] => shell.status().min(STATUS_MAX),
        [status] => status.parse().map_err(|_| Trouble::Usage)?,
        _ => return Err(Trouble::Usage),
    };
    let status = u32::try_from(status).map_err(|_| Trouble::Usage)?;
    // What cannot be synced is told, and is no reason to go on for ever.
    sync(shell, &[])?;
    shell.system().shutdown(status)?;
    Ok(0)
}

/// With a command, `time` is carried out with its pipeline.
pub(crate) fn time(_: &mut Shell, _: &[&str]) -> Outcome {
    Err(Trouble::Usage)
}

pub(crate) fn sleep(shell: &mut Shell, words: &[&str]) -> Outcome {
    let [seconds] = words else { return Err(Trouble::Usage) };
    let seconds: u64 = seconds.parse().map_err(|_| Trouble::Usage)?;
    shell.interrupts.sleep(seconds.saturating_mul(1_000_000_000))?;
    Ok(0)
}

pub(crate) fn status(shell: &mut Shell, words: &[&str]) -> Outcome {
    if !words.is_empty() {
        return Err(Trouble::Usage);
    }
    let status = shell.status();
    shell.print(&format!("{status}\n"));
    Ok(status)
}
