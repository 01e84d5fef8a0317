//! `date`, `echo`, `false`, `help`, `seq`, `shutdown`, `sleep`, `status`, `time`, `true`.

use super::{COMMANDS, find};
use crate::commands::files::sync;
use crate::shell::Shell;
use crate::trouble::{Outcome, Trouble};
use crate::units;
use alloc::format;
use alloc::string::String;

/// The highest status that `shutdown` can carry.
const STATUS_MAX: u64 = 31;

pub(crate) fn echo(shell: &mut Shell, words: &[&str]) -> Outcome {
    shell.print(&(words.join(" ") + "\n"));
    Ok(0)
}

/// Does nothing, with success.
pub(crate) fn success(_: &mut Shell, _: &[&str]) -> Outcome {
    Ok(0)
}

/// Does nothing, and fails.
pub(crate) fn failure(_: &mut Shell, _: &[&str]) -> Outcome {
    Ok(1)
}

pub(crate) fn date(shell: &mut Shell, words: &[&str]) -> Outcome {
    let format = match words {
        [] => "%F %T UTC",
        [format] => format.strip_prefix('+').ok_or(Trouble::Usage)?,
        _ => return Err(Trouble::Usage),
    };
    let now = shell.wall_clock()?.now_ns();
    let text = units::date_by(format, now).ok_or(Trouble::Usage)?;
    shell.print(&(text + "\n"));
    Ok(0)
}

pub(crate) fn seq(shell: &mut Shell, words: &[&str]) -> Outcome {
    let number = |word: &str| word.parse::<i64>().map_err(|_| Trouble::Usage);
    let (first, step, last) = match words {
        [last] => (1, 1, number(last)?),
        [first, last] => (number(first)?, 1, number(last)?),
        [first, step, last] => (number(first)?, number(step)?, number(last)?),
        _ => return Err(Trouble::Usage),
    };
    if step == 0 {
        return Err(Trouble::new("a step of 0 has no end"));
    }
    let mut next = Some(first);
    while let Some(number) =
        next.filter(|next| if step > 0 { *next <= last } else { *next >= last })
    {
        shell.write(format!("{number}\n").as_bytes())?;
        next = number.checked_add(step);
    }
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
    shell.interrupts.sleep(units::parse_seconds(seconds).ok_or(Trouble::Usage)?)?;
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
