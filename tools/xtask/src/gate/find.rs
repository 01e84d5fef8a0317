//! Finds the tests of the properties in the sources.

use super::names::numbers;
use crate::check::tokens;
use crate::metadata::Package;
use anyhow::Result;
use proc_macro2::{TokenStream, TokenTree};
use std::path::Path;

/// Where a test runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Side {
    /// On the host, against the hosted machine.
    Host,
    /// In the compiler: a mistake that does not compile.
    Types,
    /// In the kernel image, at boot.
    Kernel,
    /// In the first user program.
    User,
    /// Around a machine in QEMU, or on the image that it boots.
    System,
}

impl Side {
    /// Whether it is a test of the hosted machine or of what both machines share.
    pub(super) fn on_host(self) -> bool {
        matches!(self, Self::Host | Self::Types)
    }
}

/// A test whose name carries numbers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Test {
    /// Where it runs.
    pub(super) side: Side,
    /// Its name, without modules.
    pub(super) name: String,
    /// The package that it is in.
    pub(super) package: String,
}

impl Test {
    /// The properties that it shows.
    pub(super) fn numbers(&self) -> Vec<u8> {
        numbers(&self.name)
    }
}

/// All of them, in order.
pub(super) fn tests(root: &Path, packages: &[Package]) -> Result<Vec<Test>> {
    let mut tests = Vec::new();
    for file in crate::check::sources(root)? {
        let place = file.strip_prefix(root).unwrap_or(&file);
        let package = package_of(place, packages);
        let mut add = |side, name| {
            let test = Test { side, name, package: package.clone() };
            if !test.numbers().is_empty() {
                tests.push(test);
            }
        };
        let text = std::fs::read_to_string(&file)?;
        match room(place) {
            Room::Types => add(Side::Types, stem(place)),
            // Most files have no such word: they need not be taken apart.
            _ if !text.contains("exit") => {}
            Room::Checks(side) => {
                strings(tokens::parse(&text)?).into_iter().for_each(|name| add(side, name));
            }
            Room::Functions(side) => {
                functions(tokens::parse(&text)?).into_iter().for_each(|name| add(side, name));
            }
        }
    }
    tests.sort();
    Ok(tests)
}

/// How the names of tests are written in a file.
enum Room {
    /// As functions.
    Functions(Side),
    /// As strings, in tables of checks.
    Checks(Side),
    /// As the name of the file.
    Types,
}

fn room(place: &Path) -> Room {
    if place.starts_with("microkernel/src/selftest") {
        Room::Checks(Side::Kernel)
    } else if place.starts_with("servers/selftest") {
        Room::Checks(Side::User)
    } else if place.starts_with("tests/must_not_compile") {
        Room::Types
    } else if place.starts_with("tests/tests") {
        Room::Functions(Side::System)
    } else {
        Room::Functions(Side::Host)
    }
}

fn stem(place: &Path) -> String {
    place.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// The package with the innermost folder around this file.
fn package_of(place: &Path, packages: &[Package]) -> String {
    let around = packages.iter().filter(|package| place.starts_with(&package.folder));
    let innermost = around.max_by_key(|package| package.folder.components().count());
    innermost.map(|package| package.name.clone()).unwrap_or_default()
}

/// The names behind `fn`, at any depth.
fn functions(tokens: TokenStream) -> Vec<String> {
    let mut names = Vec::new();
    let mut after_fn = false;
    for token in tokens {
        match &token {
            TokenTree::Group(group) => names.extend(functions(group.stream())),
            TokenTree::Ident(name) if after_fn => names.push(name.to_string()),
            _ => {}
        }
        after_fn = matches!(&token, TokenTree::Ident(word) if word == "fn");
    }
    names
}

/// All texts in quotes, at any depth.
fn strings(tokens: TokenStream) -> Vec<String> {
    let mut names = Vec::new();
    for token in tokens {
        match token {
            TokenTree::Group(group) => names.extend(strings(group.stream())),
            TokenTree::Literal(text) => names.push(text.to_string().trim_matches('"').to_owned()),
            _ => {}
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::{Side, Test, tests};
    use crate::metadata::Package;
    use std::path::Path;

    fn write(root: &Path, file: &str, text: &str) {
        let file = root.join(file);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }

    fn package(name: &str, folder: &str) -> Package {
        Package {
            name: name.into(),
            folder: folder.into(),
            default_member: true,
            ..Package::default()
        }
    }

    #[test]
    fn names_are_found_where_tests_of_their_kind_are() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        write(root, "microkernel/src/tests/a.rs", "mod b { #[test] fn exit_03_host() {} }");
        write(root, "microkernel/src/selftest/a.rs", "const C: X = &[(\"exit-35-nmi\", f)];");
        write(root, "servers/selftest/src/a.rs", "const C: X = &[(\"exit-12-frame\", f)];");
        write(root, "tests/tests/a.rs", "// fn exit_01_no() {}\n#[test] fn exit_01_image() {}");
        write(root, "tests/must_not_compile/exit_31_token.rs", "");
        write(root, "servers/shell/src/a.rs", "fn exit_status() { \"exit-02-text\"; }");
        let packages = [package("microkernel", "microkernel"), package("system-tests", "tests")];
        let found: Vec<(Side, String)> = tests(root, &packages)
            .unwrap()
            .into_iter()
            .map(|Test { side, name, .. }| (side, name))
            .collect();
        let wanted = [
            (Side::Host, "exit_03_host"),
            (Side::Types, "exit_31_token"),
            (Side::Kernel, "exit-35-nmi"),
            (Side::User, "exit-12-frame"),
            (Side::System, "exit_01_image"),
        ];
        assert_eq!(found, wanted.map(|(side, name)| (side, name.to_owned())));
    }

    #[test]
    fn a_test_knows_its_package() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "tests/models/src/lib.rs", "fn exit_03_model() {}");
        let packages = [package("system-tests", "tests"), package("models", "tests/models")];
        assert_eq!(tests(folder.path(), &packages).unwrap()[0].package, "models");
    }
}
