//! The lines of a script.

use anyhow::{Context as _, Result};
use qemu_harness::check_line;

/// The commands in `-c` arguments: separated by `;` and line ends, outside of quotes.
///
/// # Errors
/// When the console would refuse a line.
pub(super) fn commands(arguments: &[String]) -> Result<Vec<String>> {
    checked(arguments.iter().flat_map(|argument| split(argument)).collect())
}

/// A command for each line of standard input, without empty lines and comments.
pub(super) fn from_input() -> Result<Vec<String>> {
    let text = std::io::read_to_string(std::io::stdin())
        .context("cannot read commands from standard input")?;
    checked(
        text.lines().map(str::trim).filter(|line| is_command(line)).map(str::to_owned).collect(),
    )
}

/// Refuses commands that the console would refuse, since those leave no status.
fn checked(commands: Vec<String>) -> Result<Vec<String>> {
    commands.iter().try_for_each(|command| check_line(command))?;
    Ok(commands)
}

fn is_command(line: &str) -> bool {
    !line.is_empty() && !line.starts_with('#')
}

fn split(text: &str) -> Vec<String> {
    let mut quote = None;
    let separates = |character: char| {
        match quote {
            Some(open) if character == open => quote = None,
            None if matches!(character, '"' | '\'') => quote = Some(character),
            _ => {}
        }
        quote.is_none() && matches!(character, ';' | '\n')
    };
    let parts = text.split(separates).map(str::trim);
    parts.filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::commands;

    #[test]
    fn commands_are_separated_by_semicolons_and_lines() {
        let given = ["ps; run hello;; kill -9 console ;".to_owned(), "uptime\nmem".to_owned()];
        assert_eq!(
            commands(&given).unwrap(),
            ["ps", "run hello", "kill -9 console", "uptime", "mem"]
        );
    }

    #[test]
    fn a_semicolon_in_quotes_is_no_separator() {
        let given = ["call hello greet \"a; b\"; ps; echo 'c;d".to_owned()];
        assert_eq!(commands(&given).unwrap(), ["call hello greet \"a; b\"", "ps", "echo 'c;d"]);
    }

    #[test]
    fn a_line_that_the_console_refuses_is_refused_before_the_boot() {
        let refused = |line: &str| commands(&["ps".into(), line.into()]).unwrap_err().to_string();
        assert_eq!(commands(&["x".repeat(256)]).unwrap().len(), 1);
        let long = refused(&format!("echo {}", "x".repeat(252)));
        assert!(
            long.contains("`echo xxx") && long.contains("257 bytes long; at most 256"),
            "{long}"
        );
        // Ctrl-C would drop the line, the return key would end it.
        for (key, name) in [('\u{3}', "{3}"), ('\r', "{d}"), ('\t', "{9}"), ('\u{9b}', "{9b}")] {
            let error = refused(&format!("echo a{key}b"));
            assert!(error.contains(&format!("control character \\u{name}")), "{error}");
        }
    }
}
