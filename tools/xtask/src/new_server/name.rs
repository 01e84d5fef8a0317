//! The name of a server, in all its forms.

use anyhow::{Result, ensure};
use std::str::FromStr;

/// Names that mean something else: in the archive, to the kernel, to Rust.
const TAKEN: [&str; 40] = [
    "abi",
    "alloc",
    "as",
    "async",
    "await",
    "break",
    "checksums",
    "cmdline",
    "const",
    "continue",
    "core",
    "crate",
    "defmt",
    "dyn",
    "else",
    "enum",
    "extern",
    "fn",
    "for",
    "if",
    "impl",
    "in",
    "init",
    "kernel",
    "let",
    "loop",
    "manifest",
    "match",
    "mod",
    "move",
    "postern",
    "pub",
    "serde",
    "static",
    "std",
    "struct",
    "super",
    "test",
    "trait",
    "type",
];
const TAKEN_TOO: [&str; 9] =
    ["mut", "ref", "return", "self", "template", "unsafe", "use", "where", "while"];

/// A name that a server can have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ServerName(String);

impl ServerName {
    /// As packages, folders, services and the manifest have it: `my-server`.
    pub(super) fn package(&self) -> &str {
        &self.0
    }

    /// The package of its interface: `my-server-api`.
    pub(super) fn api_package(&self) -> String {
        format!("{}-api", self.0)
    }

    /// As crates and modules have it: `my_server`.
    pub(super) fn snake(&self) -> String {
        self.0.replace('-', "_")
    }

    /// As traits and types have it: `MyServer`.
    pub(super) fn camel(&self) -> String {
        self.0.split('-').map(capitalised).collect()
    }
}

fn capitalised(word: &str) -> String {
    let mut characters = word.chars();
    let first = characters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(characters).collect()
}

impl FromStr for ServerName {
    type Err = anyhow::Error;

    fn from_str(name: &str) -> Result<Self> {
        ensure!(
            (2..=15).contains(&name.len()),
            "`{name}` is {} bytes long; a server's name has 2 to 15",
            name.len()
        );
        let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        ensure!(
            name.chars().all(good) && name.starts_with(|c: char| c.is_ascii_lowercase()),
            "`{name}` is no name for a server: small letters, digits and hyphens, a letter first"
        );
        ensure!(
            !name.ends_with('-') && !name.contains("--"),
            "`{name}` is no name for a server: a hyphen stands between two other characters"
        );
        ensure!(
            !TAKEN.contains(&name) && !TAKEN_TOO.contains(&name),
            "`{name}` means something else already; choose another name"
        );
        Ok(Self(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::ServerName;

    fn parse(name: &str) -> Result<ServerName, String> {
        name.parse().map_err(|error: anyhow::Error| error.to_string())
    }

    #[test]
    fn a_name_has_four_forms() {
        let name = parse("my-server2").unwrap();
        assert_eq!(name.package(), "my-server2");
        assert_eq!(name.api_package(), "my-server2-api");
        assert_eq!(name.snake(), "my_server2");
        assert_eq!(name.camel(), "MyServer2");
    }

    #[test]
    fn what_is_wrong_with_a_name_is_told() {
        for (name, why) in [
            ("a", "1 bytes long"),
            ("sixteen-letters-", "16 bytes long"),
            ("Echo", "small letters"),
            ("2fast", "a letter first"),
            ("my_server", "small letters"),
            ("caf\u{e9}", "small letters"),
            ("a--b", "hyphen"),
            ("ab-", "hyphen"),
            ("init", "something else"),
            ("loop", "something else"),
            ("template", "something else"),
        ] {
            let error = parse(name).unwrap_err();
            assert!(error.contains(why), "{name}: {error}");
        }
    }
}
