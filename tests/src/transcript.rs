//! The session in the README, as something that can be typed and compared.

use anyhow::{Context as _, Result, ensure};
use qemu_harness::{PROMPT, root};

/// A command and what the README says it prints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// What is typed at the prompt.
    pub command: String,
    /// The lines that follow; `…` stands for anything, a line of it for any lines.
    pub lines: Vec<String>,
}

/// The block marked `console` in the README.
///
/// # Errors
/// When there is none, or it does not begin with a prompt.
pub fn readme_session() -> Result<Vec<Example>> {
    let file = root().join("README.md");
    let text = std::fs::read_to_string(&file).context("README.md")?;
    let (_, rest) = text.split_once("```console\n").context("README.md has no console block")?;
    let (block, _) = rest.split_once("```").context("the console block does not end")?;
    parse(block)
}

fn parse(block: &str) -> Result<Vec<Example>> {
    let mut examples: Vec<Example> = Vec::new();
    for line in block.lines() {
        if let Some(command) = line.strip_prefix(PROMPT) {
            examples.push(Example { command: command.to_owned(), lines: Vec::new() });
        } else {
            let example = examples.last_mut().context("output before the first prompt")?;
            example.lines.push(line.to_owned());
        }
    }
    ensure!(!examples.is_empty(), "the console block has no commands");
    Ok(examples)
}

/// Whether what was printed is what the example says. Runs of spaces count as one.
pub fn matches(wanted: &[String], printed: &[&str]) -> bool {
    match wanted.split_first() {
        None => printed.iter().all(|line| line.trim().is_empty()),
        Some((any, rest)) if any == "…" => {
            (0..=printed.len()).any(|skip| matches(rest, &printed[skip..]))
        }
        Some((line, rest)) => printed
            .split_first()
            .is_some_and(|(first, others)| line_matches(line, first) && matches(rest, others)),
    }
}

fn line_matches(wanted: &str, printed: &str) -> bool {
    let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let (wanted, printed) = (squeezed(wanted), squeezed(printed));
    let Some((first, more)) = wanted.split_once('…') else { return wanted == printed };
    let (middle, last) = more.rsplit_once('…').unwrap_or(("", more));
    let begun = printed.strip_prefix(first.trim());
    let Some(mut rest) = begun.and_then(|rest| rest.strip_suffix(last.trim())) else {
        return false;
    };
    middle.split('…').map(str::trim).all(|part| match rest.find(part) {
        Some(at) => {
            rest = &rest[at + part.len()..];
            true
        }
        None => false,
    })
}

#[cfg(test)]
mod tests {
    use super::{Example, line_matches, matches, parse};

    #[test]
    fn a_block_is_commands_and_their_lines() {
        let examples = parse("postern> a b\none\ntwo\npostern> c\n").unwrap();
        let first = Example { command: "a b".into(), lines: vec!["one".into(), "two".into()] };
        assert_eq!(examples[0], first);
        assert_eq!(examples[1].lines.len(), 0);
        assert!(parse("text before\npostern> a").is_err());
        assert!(parse("").is_err());
    }

    #[test]
    fn dots_stand_for_anything() {
        assert!(line_matches("up …", "up 3 s, 1 CPU"));
        assert!(line_matches("init  1 running 0  … -", "init        1  running   0  0.3 s  -"));
        assert!(!line_matches("init  1 running 0  … -", "init        1  running   1  0.3 s  -"));
        assert!(!line_matches("init 1 … -", "init 1 0.3 s - and more"));
        assert!(line_matches("console … running 1 … -", "console 8 running 1 0.2 s -"));
        assert!(!line_matches("console … running 1 … -", "console 8 running 1 0.2 s page-fault"));
        assert!(!line_matches("Hello", "Hello, world!"));
        let wanted = ["a".to_owned(), "…".to_owned(), "z".to_owned()];
        assert!(matches(&wanted, &["a", "b", "c", "z"]));
        assert!(matches(&wanted, &["a", "z"]));
        assert!(!matches(&wanted, &["a", "b"]));
        assert!(!matches(&wanted[..1], &["a", "b"]));
    }
}
