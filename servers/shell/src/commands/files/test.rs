//! `test` and `[`.

use crate::shell::Shell;
use crate::trouble::{Outcome, Trouble};
use files::{FilesError, Kind, Metadata};

/// `[ EXPRESSION ]`.
pub(crate) fn bracket(shell: &mut Shell, words: &[&str]) -> Outcome {
    let Some(("]", words)) = words.split_last().map(|(last, rest)| (*last, rest)) else {
        return Err(Trouble::Usage);
    };
    test(shell, words)
}

/// `test EXPRESSION`: 0 when it is so, 1 when not.
pub(crate) fn test(shell: &mut Shell, words: &[&str]) -> Outcome {
    let holds = match words {
        [] => false,
        [word] => !word.is_empty(),
        ["!", rest @ ..] if rest.len() != 2 || !is_operator(rest[0]) => test(shell, rest)? != 0,
        [operator, word] => unary(shell, operator, word)?,
        [left, operator, right] => binary(left, operator, right)?,
        _ => return Err(Trouble::Usage),
    };
    Ok(u64::from(!holds))
}

fn unary(shell: &Shell, operator: &str, word: &str) -> Result<bool, Trouble> {
    let is = |fits: fn(&Metadata) -> bool| -> Result<bool, Trouble> {
        match shell.files.metadata(word) {
            Ok(found) => Ok(fits(&found)),
            Err(error) if error.files().is_some_and(is_absent) => Ok(false),
            Err(error) => Err(error.into()),
        }
    };
    Ok(match operator {
        "-n" => !word.is_empty(),
        "-z" => word.is_empty(),
        "-e" => is(|_| true)?,
        "-f" => is(|found| found.kind == Kind::File)?,
        "-d" => is(|found| found.kind == Kind::Directory)?,
        "-s" => is(|found| found.len > 0)?,
        "-L" | "-h" => super::look(shell, word)?.is_some_and(|found| found.kind == Kind::Link),
        _ => return Err(Trouble::Usage),
    })
}

fn is_absent(error: &FilesError) -> bool {
    matches!(error, FilesError::NotFound | FilesError::NotDirectory | FilesError::BadName)
}

fn is_operator(word: &str) -> bool {
    matches!(word, "=" | "==" | "!=" | "-eq" | "-ne" | "-lt" | "-le" | "-gt" | "-ge")
}

fn binary(left: &str, operator: &str, right: &str) -> Result<bool, Trouble> {
    match operator {
        "=" | "==" => return Ok(left == right),
        "!=" => return Ok(left != right),
        _ => {}
    }
    let number = |word: &str| word.trim().parse::<i64>().map_err(|_| Trouble::Usage);
    let (left, right) = (number(left)?, number(right)?);
    Ok(match operator {
        "-eq" => left == right,
        "-ne" => left != right,
        "-lt" => left < right,
        "-le" => left <= right,
        "-gt" => left > right,
        "-ge" => left >= right,
        _ => return Err(Trouble::Usage),
    })
}
