//! `history`, `printf`, `which`, `xargs`.

use super::find;
use crate::history;
use crate::launch::BIN;
use crate::options::Options;
use crate::shell::Shell;
use crate::trouble::{INTERRUPTED_STATUS, Outcome, Trouble};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use files::Kind;

/// The words that `xargs` adds to a command at once.
const WORDS: u64 = 64;
/// The widest field of `printf`.
const WIDTH_MAX: usize = 256;

pub(crate) fn history(shell: &mut Shell, words: &[&str]) -> Outcome {
    let options = Options::read("", "n", words)?;
    if !options.words.is_empty() {
        return Err(Trouble::Usage);
    }
    let lines = history::lines(&shell.files)?;
    let most = options.number('n')?.and_then(|most| usize::try_from(most).ok());
    let skipped = lines.len().saturating_sub(most.unwrap_or(usize::MAX));
    for (place, line) in lines.iter().enumerate().skip(skipped) {
        shell.write(format!("{:5}  {line}\n", place + 1).as_bytes())?;
    }
    Ok(0)
}

pub(crate) fn which(shell: &mut Shell, words: &[&str]) -> Outcome {
    let mut status = u64::from(words.is_empty());
    let archive = shell.proc().and_then(|proc| Ok(proc.programs()?)).unwrap_or_default();
    for word in words {
        let path = if word.contains('/') { word.to_string() } else { format!("{BIN}/{word}") };
        let is_file = shell.files.metadata(&path).is_ok_and(|found| found.kind == Kind::File);
        let text = match find(word) {
            Some(_) => format!("{word}: a command of the shell"),
            None if is_file => path,
            None if archive.iter().any(|name| name == word) => {
                format!("{word}: a program of the boot archive")
            }
            None => {
                status = shell.complain("which", &Trouble::new(format!("no `{word}`")));
                continue;
            }
        };
        shell.write((text + "\n").as_bytes())?;
    }
    Ok(status)
}

/// Runs a command with the words of the input, some at once.
pub(crate) fn xargs(shell: &mut Shell, words: &[&str]) -> Outcome {
    // Options behind the command are the command's.
    let (own, command) = match words {
        ["-n", number, command @ ..] => (Some(*number), command),
        command => (None, command),
    };
    let most = own.map_or(Ok(WORDS), |number| number.parse().map_err(|_| Trouble::Usage))?;
    let most = usize::try_from(most).ok().filter(|most| *most > 0).ok_or(Trouble::Usage)?;
    let (name, fixed) = command.split_first().unwrap_or((&"echo", &[]));
    let (mut status, mut given) = (0, Vec::new());
    loop {
        let line = shell.read_line("")?;
        let is_end = line.is_none();
        given.extend(line.unwrap_or_default().split_whitespace().map(String::from));
        while given.len() >= most || is_end && !given.is_empty() {
            let rest = given.split_off(given.len().min(most));
            let all: Vec<&str> =
                fixed.iter().copied().chain(given.iter().map(String::as_str)).collect();
            let ran = shell.run_inside(name, &all);
            if ran == INTERRUPTED_STATUS {
                return Err(Trouble::Interrupted);
            }
            status = ran.max(status);
            given = rest;
        }
        if is_end {
            return Ok(status);
        }
    }
}

pub(crate) fn printf(shell: &mut Shell, words: &[&str]) -> Outcome {
    let (format, mut words) = words.split_first().ok_or(Trouble::Usage)?;
    loop {
        let before = words.len();
        let text = formatted(format, &mut words)?;
        shell.write(text.as_bytes())?;
        // The format is used again while there are words that it uses.
        if words.is_empty() || words.len() == before {
            return Ok(0);
        }
    }
}

fn formatted(format: &str, words: &mut &[&str]) -> Result<String, Trouble> {
    let (mut text, mut rest) = (String::new(), format.chars());
    while let Some(character) = rest.next() {
        match character {
            '\\' => text.push(match rest.next() {
                Some('n') => '\n',
                Some('t') => '\t',
                Some('r') => '\r',
                Some('e') => '\u{1b}',
                Some(other) => other,
                None => '\\',
            }),
            '%' => {
                let bad = || Trouble::new(format!("`{format}`: a % without d, s, x, c or %"));
                let given = rest.as_str();
                let flags = given.len() - given.trim_start_matches(['-', '0']).len();
                let digits = given.get(flags..).unwrap_or("");
                let digits =
                    digits.len() - digits.trim_start_matches(|it: char| it.is_ascii_digit()).len();
                let (flags, behind) = given.split_at(flags);
                let (width, behind) = behind.split_at(digits);
                rest = behind.chars();
                let field = match rest.next() {
                    Some('%') => "%".into(),
                    Some(kind @ ('d' | 's' | 'x' | 'c')) => {
                        let (word, others) = words.split_first().unwrap_or((&"", &[]));
                        *words = others;
                        value(kind, word)?
                    }
                    _ => return Err(bad()),
                };
                let width = if width.is_empty() { 0 } else { width.parse().map_err(|_| bad())? };
                text.push_str(&padded(&field, flags, width.min(WIDTH_MAX)));
            }
            other => text.push(other),
        }
    }
    Ok(text)
}

fn value(kind: char, word: &str) -> Result<String, Trouble> {
    let number = || match word {
        "" => Ok(0),
        word => word.parse::<i64>().map_err(|_| Trouble::new(format!("`{word}` is no number"))),
    };
    Ok(match kind {
        'd' => number()?.to_string(),
        'x' => format!("{:x}", number()?),
        'c' => word.chars().take(1).collect(),
        _ => word.into(),
    })
}

fn padded(field: &str, flags: &str, width: usize) -> String {
    let missing = width.saturating_sub(field.chars().count());
    match (flags.contains('-'), flags.contains('0'), field.strip_prefix('-')) {
        (true, ..) => format!("{field}{}", " ".repeat(missing)),
        (false, true, Some(digits)) => format!("-{}{digits}", "0".repeat(missing)),
        (false, true, None) => format!("{}{field}", "0".repeat(missing)),
        (false, false, _) => format!("{}{field}", " ".repeat(missing)),
    }
}
