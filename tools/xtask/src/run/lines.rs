//! The lines that a script types.

use anyhow::{Context as _, Result};

/// The commands in `-c` arguments: separated by `;` and line ends, outside of quotes.
pub(super) fn commands(arguments: &[String]) -> Vec<String> {
    arguments.iter().flat_map(|argument| split(argument)).collect()
}

/// One command a line of standard input; empty lines and comments are left out.
pub(super) fn from_input() -> Result<Vec<String>> {
    let text = std::io::read_to_string(std::io::stdin())
        .context("cannot read commands from standard input")?;
    Ok(text.lines().map(str::trim).filter(|line| is_command(line)).map(str::to_owned).collect())
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
        assert_eq!(commands(&given), ["ps", "run hello", "kill -9 console", "uptime", "mem"]);
    }

    #[test]
    fn a_semicolon_in_quotes_is_no_separator() {
        let given = ["call hello greet \"a; b\"; ps; echo 'c;d".to_owned()];
        assert_eq!(commands(&given), ["call hello greet \"a; b\"", "ps", "echo 'c;d"]);
    }
}
