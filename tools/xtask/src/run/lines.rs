//! The lines of a script.

use anyhow::{Context as _, Result};
use qemu_harness::check_line;

/// The commands in `-c` arguments: separated by `;` and line ends, outside of quotes, of `$(…)`, and
/// of loops, conditions and groups.
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
    let (mut quote, mut parentheses) = (None, 0_u32);
    let separates = |character: char| {
        match (quote, character) {
            (Some(open), _) if character == open => quote = None,
            (None, '"' | '\'') => quote = Some(character),
            (None, '(') => parentheses = parentheses.saturating_add(1),
            (None, ')') => parentheses = parentheses.saturating_sub(1),
            _ => {}
        }
        quote.is_none() && parentheses == 0 && matches!(character, ';' | '\n')
    };
    let (mut commands, mut open): (Vec<String>, i32) = (Vec::new(), 0);
    for part in text.split(separates).map(str::trim).filter(|part| !part.is_empty()) {
        match commands.last_mut().filter(|_| open > 0) {
            Some(begun) => *begun = format!("{begun}; {part}"),
            None => commands.push(part.to_owned()),
        }
        open = open.saturating_add(opened(part)).max(0);
    }
    commands
}

/// The loops, conditions and groups that a part of a line begins, less those that it ends.
fn opened(part: &str) -> i32 {
    let (mut open, mut is_command) = (0, true);
    for word in part.split_whitespace() {
        open += match word {
            "if" | "for" | "while" | "until" | "{" if is_command => 1,
            "fi" | "done" | "}" if is_command => -1,
            _ => 0,
        };
        let begins = ["if", "while", "until", "{", "do", "then", "else", "elif", "!", "time"];
        let follows = ["|", "||", "&&", "fi", "done", "}"];
        is_command = is_command && begins.contains(&word) || follows.contains(&word);
    }
    open
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
    fn a_loop_is_one_command() {
        for whole in [
            "for A in 1 2; do echo $A; done | sort",
            "if true; then if false; then a; fi; else { b; c; }; fi",
            "echo $(ps; mem)",
            "cat f | while read A; do echo if; done",
        ] {
            let given = [format!("ps; {whole}; mem")];
            assert_eq!(commands(&given).unwrap(), ["ps", whole, "mem"]);
        }
        let lines = ["while true\ndo\necho a\ndone\necho done".to_owned()];
        assert_eq!(commands(&lines).unwrap(), ["while true; do; echo a; done", "echo done"]);
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
