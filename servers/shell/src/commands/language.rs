//! `break`, `continue`, `env`, `exit`, `export`, `read`, `set`, `shift`, `unset`: what belongs to
//! the language of scripts.

use crate::options::Options;
use crate::shell::{Leave, Script, Shell};
use crate::syntax::is_name;
use crate::trouble::{Outcome, Trouble};
use alloc::format;
use alloc::string::{String, ToString};

pub(crate) fn leave_loops(shell: &mut Shell, words: &[&str]) -> Outcome {
    let loops = loops(shell, "break", words)?;
    shell.leaving = Some(Leave::Break(loops));
    Ok(0)
}

pub(crate) fn next_turn(shell: &mut Shell, words: &[&str]) -> Outcome {
    let loops = loops(shell, "continue", words)?;
    shell.leaving = Some(Leave::Continue(loops));
    Ok(0)
}

/// The number of loops that a command is for, at most those that there are.
fn loops(shell: &Shell, name: &str, words: &[&str]) -> Result<u32, Trouble> {
    let loops = match words {
        [] => 1,
        [number] => number.parse().ok().filter(|number| *number > 0).ok_or(Trouble::Usage)?,
        _ => return Err(Trouble::Usage),
    };
    match shell.loops {
        0 => Err(Trouble::Named(format!("{name}: there is no loop around it"))),
        all => Ok(loops.min(all)),
    }
}

pub(crate) fn exit(shell: &mut Shell, words: &[&str]) -> Outcome {
    let status = match words {
        [] => shell.status(),
        [status] => status.parse().map_err(|_| Trouble::Usage)?,
        _ => return Err(Trouble::Usage),
    };
    if shell.scripts.is_empty() {
        shell.end(status)?;
    } else {
        shell.leaving = Some(Leave::Exit);
    }
    Ok(status)
}

pub(crate) fn env(shell: &mut Shell, words: &[&str]) -> Outcome {
    if !words.is_empty() {
        return Err(Trouble::Usage);
    }
    let text: String = shell.exported().map(line).collect();
    shell.write(text.as_bytes())?;
    Ok(0)
}

fn line((name, value): (&str, &str)) -> String {
    format!("{name}={value}\n")
}

pub(crate) fn export(shell: &mut Shell, words: &[&str]) -> Outcome {
    if words.is_empty() {
        return env(shell, words);
    }
    for word in words {
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (checked(name)?, value.to_string()),
            None => (checked(word)?, shell.variable(word)),
        };
        shell.set_variable(name, value)?;
        shell.export(name);
    }
    Ok(0)
}

pub(crate) fn unset(shell: &mut Shell, words: &[&str]) -> Outcome {
    if words.is_empty() {
        return Err(Trouble::Usage);
    }
    for word in words {
        shell.unset(checked(word)?);
    }
    Ok(0)
}

fn checked(name: &str) -> Result<&str, Trouble> {
    if is_name(name) { Ok(name) } else { Err(Trouble::new(format!("`{name}` is no name"))) }
}

pub(crate) fn set(shell: &mut Shell, words: &[&str]) -> Outcome {
    match words {
        [] => {
            let text: String = shell.variables().map(line).collect();
            shell.write(text.as_bytes())?;
        }
        ["--", arguments @ ..] => {
            script(shell)?.arguments = arguments.iter().map(ToString::to_string).collect();
        }
        _ => return Err(Trouble::Usage),
    }
    Ok(0)
}

pub(crate) fn shift(shell: &mut Shell, words: &[&str]) -> Outcome {
    let count: usize = match words {
        [] => 1,
        [count] => count.parse().map_err(|_| Trouble::Usage)?,
        _ => return Err(Trouble::Usage),
    };
    let arguments = &mut script(shell)?.arguments;
    if count > arguments.len() {
        return Err(Trouble::new(format!("there are {} arguments", arguments.len())));
    }
    arguments.drain(..count);
    Ok(0)
}

fn script(shell: &mut Shell) -> Result<&mut Script, Trouble> {
    shell.scripts.last_mut().ok_or_else(|| Trouble::new("only a script has arguments"))
}

/// Backslashes have no meaning in what is read, so `-r` changes nothing.
pub(crate) fn read(shell: &mut Shell, words: &[&str]) -> Outcome {
    let options = Options::read("r", "p", words)?;
    let (last, names) = options.words.split_last().ok_or(Trouble::Usage)?;
    for name in &options.words {
        checked(name)?;
    }
    let line = shell.read_line(options.value('p').unwrap_or_default())?;
    let status = u64::from(line.is_none());
    let line = line.unwrap_or_default();
    let mut rest = line.trim();
    for name in names {
        let (word, behind) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        shell.set_variable(name, word.into())?;
        rest = behind.trim_start();
    }
    shell.set_variable(last, rest.into())?;
    Ok(status)
}
