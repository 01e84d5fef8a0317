//! The name of a server, in all its forms.

use anyhow::{Result, bail, ensure};
use std::str::FromStr;

/// Names that a server cannot have, by the reason.
const TAKEN: [(&str, &str); 4] = [
    (
        "a word of Rust",
        "abstract as async await become box break const continue crate do dyn else enum extern \
         false final fn for gen if impl in let loop macro match mod move mut override priv pub \
         ref return self static struct super trait true try type typeof unsafe unsized use \
         virtual where while yield",
    ),
    ("a crate of the compiler's", "alloc core proc-macro std test"),
    ("a folder of cargo's", "build deps examples incremental"),
    // Files of the boot archive, parts of the system, and the ends of other names.
    (
        "something else in Postern already",
        "api checksums cmdline init kernel manifest postern template",
    ),
];

/// Types and traits that every file knows without importing them, in small letters.
const PRELUDE: &str = "asmut asref box clone copy debug default display doubleendediterator drop eq err \
    exactsizeiterator extend fn fnmut fnonce from fromiterator future hash into intofuture \
    intoiterator iterator none ok option ord partialeq partialord result send sized some \
    string sync toowned tostring tryfrom tryinto vec";

/// A valid name of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ServerName(String);

impl ServerName {
    /// For packages, folders, services and the manifest: `my-server`.
    pub(super) fn package(&self) -> &str {
        &self.0
    }

    /// The package of its interface: `my-server-api`.
    pub(super) fn api_package(&self) -> String {
        format!("{}-api", self.0)
    }

    /// Refuses a name that would hide a package or a name that the template uses.
    ///
    /// # Errors
    /// The error names it.
    pub(super) fn check_free(&self, packages: &[String], template: &[String]) -> Result<()> {
        let crates = [self.package().to_owned(), self.api_package()];
        for package in packages.iter().map(|package| package.replace('_', "-")) {
            ensure!(
                !crates.contains(&package),
                "there is a package `{package}` already, here or among what others made; \
                 choose another name"
            );
        }
        let types = ["", "Client", "Error"].map(|end| format!("{}{end}", self.camel()));
        let hidden = template.iter().find(|name| types.contains(name));
        let Some(hidden) = hidden else { return Ok(()) };
        bail!(
            "`{}` is no name for a server: it would have a `{hidden}`, and so does what it uses; \
             choose another name",
            self.0
        )
    }

    /// For crates and modules: `my_server`.
    pub(super) fn snake(&self) -> String {
        self.0.replace('-', "_")
    }

    /// For traits and types: `MyServer`.
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
        let is_in = |words: &str, name: &str| words.split(' ').any(|word| word == name);
        if let Some((what, _)) = TAKEN.iter().find(|(_, words)| is_in(words, name)) {
            bail!("`{name}` is {what}; choose another name");
        }
        ensure!(
            !name.ends_with("-api"),
            "`{name}` is what the interface of a server is called; choose another name"
        );
        let made = Self(name.to_owned());
        let camel = made.camel();
        ensure!(
            !is_in(PRELUDE, &camel.to_lowercase()),
            "`{name}` is no name for a server: its trait `{camel}` would hide Rust's own; \
             choose another name"
        );
        Ok(made)
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
            ("template", "something else"),
            ("loop", "a word of Rust"),
            ("gen", "a word of Rust"),
            ("yield", "a word of Rust"),
            ("test", "a crate"),
            ("proc-macro", "a crate"),
            ("deps", "a folder"),
            ("disk-api", "the interface"),
            ("string", "its trait `String` would hide"),
            ("to-string", "its trait `ToString` would hide"),
            ("option", "its trait `Option` would hide"),
            ("fn-mut", "its trait `FnMut` would hide"),
        ] {
            let error = parse(name).unwrap_err();
            assert!(error.contains(why), "{name}: {error}");
        }
    }

    #[test]
    fn packages_and_what_the_template_uses_are_taken() {
        let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        let (packages, template) = (names(&["serde", "disk-api", "tar_no"]), names(&["Caller"]));
        let refused = |name: &str| {
            parse(name).unwrap().check_free(&packages, &template).err().map(|it| it.to_string())
        };
        assert!(refused("serde").unwrap().contains("package `serde`"));
        assert!(refused("disk").unwrap().contains("package `disk-api`"));
        assert!(refused("tar-no").unwrap().contains("package `tar-no`"));
        assert!(refused("caller").unwrap().contains("have a `Caller`"));
        assert_eq!(refused("parrot"), None);
    }
}
