//! The modules of a crate as files, and which file imports which.
//!
//! An import is a path in the code that begins with `crate`, `super`, `self` or a child module,
//! in a `use` or in place. A re-export (`pub use`) is no import of the file that it stands in:
//! a path through it leads to the file with the definition. Code under `cfg(test)` is left out.

use super::tokens;
use anyhow::Result;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// How many re-exports a path may lead through.
const HOPS: usize = 8;

/// The files of a crate and their imports.
pub(super) struct Crate {
    /// The files, the root first.
    pub(super) modules: Vec<Module>,
}

/// A file of a crate.
pub(super) struct Module {
    /// Its path from the root of the crate.
    pub(super) path: Vec<String>,
    /// The file, as it was found.
    pub(super) file: PathBuf,
    /// Its code without tests, token by token.
    code: Vec<String>,
    /// Re-exported names with the path of each.
    aliases: BTreeMap<String, Vec<String>>,
    children: BTreeSet<String>,
}

/// A path as written.
#[derive(Debug, PartialEq, Eq)]
struct Written {
    segments: Vec<String>,
    /// The name in scope, where a `use` gives one.
    name: String,
    exported: bool,
}

impl Crate {
    /// Reads the crate with this root file.
    pub(super) fn read(root: &Path) -> Result<Self> {
        let mut read = Self { modules: Vec::new() };
        let folder = root.parent().unwrap_or(Path::new("")).to_owned();
        read.add(root, &folder, Vec::new())?;
        for module in &mut read.modules {
            module.find_aliases();
        }
        Ok(read)
    }

    fn add(&mut self, file: &Path, folder: &Path, path: Vec<String>) -> Result<()> {
        let code = without_tests(tokens::flat(tokens::read(file)?));
        let found = submodules(&view(&code));
        let children = found.iter().map(|(name, _)| name.clone()).collect();
        let module =
            Module { path, file: file.to_owned(), code, aliases: BTreeMap::new(), children };
        let path = module.path.clone();
        self.modules.push(module);
        for (name, given) in found {
            let beside = file.parent().unwrap_or(Path::new(""));
            let files: Vec<PathBuf> = if given.is_empty() {
                let usual = [format!("{name}.rs"), format!("{name}/mod.rs")];
                usual.iter().map(|file| folder.join(file)).collect()
            } else {
                given.iter().map(|file| beside.join(file)).collect()
            };
            let child = [path.as_slice(), std::slice::from_ref(&name)].concat();
            for file in files.iter().filter(|file| file.is_file()) {
                // The files of its own modules are beside a `mod.rs`, else in a folder of its name.
                let inner = if file.ends_with("mod.rs") {
                    file.with_file_name("")
                } else {
                    file.with_extension("")
                };
                self.add(file, &inner, child.clone())?;
            }
        }
        Ok(())
    }

    /// For each file the files that it imports.
    pub(super) fn imports(&self) -> Vec<BTreeSet<usize>> {
        self.modules.iter().enumerate().map(|(index, module)| self.of(index, module)).collect()
    }

    fn of(&self, index: usize, module: &Module) -> BTreeSet<usize> {
        let times = |name: &String| module.code.iter().filter(|word| *word == name).count();
        let targets = module
            .written()
            .into_iter()
            .filter(|written| !written.exported || times(&written.name) > 1)
            .flat_map(|written| self.resolve(&module.absolute(&written.segments), HOPS));
        targets.filter(|target| *target != index).collect()
    }

    /// The files of the module that a path leads to.
    fn resolve(&self, path: &[String], hops: usize) -> Vec<usize> {
        let mut here: &[String] = &[];
        for (at, name) in path.iter().enumerate() {
            let Some(module) = self.modules.iter().find(|module| module.path == here) else {
                break;
            };
            if module.children.contains(name) && self.has(&path[..=at]) {
                here = &path[..=at];
            } else if let Some(alias) = module.aliases.get(name).filter(|_| hops > 0) {
                let onward = [alias.as_slice(), &path[at + 1..]].concat();
                return self.resolve(&onward, hops - 1);
            } else {
                break;
            }
        }
        let files = self.modules.iter().enumerate();
        files.filter(|(_, module)| module.path == here).map(|(index, _)| index).collect()
    }

    fn has(&self, path: &[String]) -> bool {
        self.modules.iter().any(|module| module.path == path)
    }
}

impl Module {
    /// Its code without tests, token by token.
    pub(super) fn code(&self) -> Vec<&str> {
        view(&self.code)
    }

    /// All paths that may lead to a module of the crate.
    fn written(&self) -> Vec<Written> {
        let code = self.code();
        let mut paths = Vec::new();
        let mut exported = false;
        // For each open brace, whether it is that of a module inside of the file.
        let mut braces = Vec::new();
        for (at, word) in code.iter().enumerate() {
            let (before, here) = code.split_at(at);
            let depth = braces.iter().filter(|is_module| **is_module).count();
            match *word {
                "{" => braces.push(matches!(before, [.., "mod", _])),
                "}" => drop(braces.pop()),
                ";" => exported = false,
                "use" => exported = matches!(before, [.., "pub"] | [.., "pub", "(", _, ")"]),
                name if !matches!(before, [.., "::" | "."]) && matches!(here, [_, "::", ..]) => {
                    let is_child = depth == 0 && self.children.contains(name);
                    if is_child || matches!(name, "crate" | "super" | "self") {
                        expand(here, &[], &mut |segments, name| {
                            let (segments, name) = (lifted(segments, depth), name.to_owned());
                            paths.push(Written { segments, name, exported });
                        });
                    }
                }
                _ => {}
            }
        }
        paths
    }

    fn find_aliases(&mut self) {
        let exported = self.written().into_iter().filter(|written| written.exported);
        let aliases: Vec<_> = exported
            .map(|written| (written.name.clone(), self.absolute(&written.segments)))
            .collect();
        self.aliases.extend(aliases);
    }

    /// A path as written here, from the root of the crate on.
    fn absolute(&self, segments: &[String]) -> Vec<String> {
        let mut here = self.path.clone();
        let mut rest = segments;
        while let [first, others @ ..] = rest {
            match first.as_str() {
                "crate" => here.clear(),
                "super" => drop(here.pop()),
                "self" => {}
                _ => break,
            }
            rest = others;
        }
        here.extend(rest.iter().cloned());
        here
    }
}

fn view(code: &[String]) -> Vec<&str> {
    code.iter().map(String::as_str).collect()
}

/// The code without the items under `cfg(test)`.
fn without_tests(code: Vec<String>) -> Vec<String> {
    let words = view(&code);
    let mut rest = words.as_slice();
    let mut kept = Vec::new();
    while let [first, after @ ..] = rest {
        if let ["#", "[", "test", "]", ..]
        | ["#", "[", "cfg", "(", "test", ")", ..]
        | ["#", "[", "cfg", "(", "all", "(", "test", ..] = rest
        {
            rest = &rest[item(rest)..];
        } else {
            kept.push((*first).to_owned());
            rest = after;
        }
    }
    kept
}

/// The number of tokens of an item: up to a semicolon, a body, or the end of what is around it.
fn item(code: &[&str]) -> usize {
    let mut depth = 0_usize;
    for (at, word) in code.iter().enumerate() {
        match *word {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" if depth == 0 => return at,
            ")" | "]" => depth -= 1,
            "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 && matches!(*word, ";" | "}") {
            return at + 1;
        }
    }
    code.len()
}

/// The names behind `mod` that are files, each with the files that attributes give.
fn submodules(code: &[&str]) -> Vec<(String, Vec<String>)> {
    let (mut found, mut given) = (Vec::new(), Vec::new());
    for at in 0..code.len() {
        match code[at..] {
            ["path", "=", file, ..] => given.push(file.trim_matches('"').to_owned()),
            ["mod", name, ";", ..] => found.push((name.to_owned(), std::mem::take(&mut given))),
            [";" | "}", ..] => given.clear(),
            _ => {}
        }
    }
    found
}

/// Follows a path over its groups, and gives each path with the name that it brings into scope.
/// Returns what stands behind it.
fn expand<'a>(
    code: &'a [&'a str],
    path: &[&str],
    give: &mut impl FnMut(&[&str], &str),
) -> &'a [&'a str] {
    let mut rest = code;
    let mut path = path.to_vec();
    loop {
        match rest {
            ["{", inside @ ..] => {
                rest = inside;
                while !matches!(rest, ["}", ..] | []) {
                    rest = expand(rest, &path, give);
                    rest = rest.strip_prefix(&[","]).unwrap_or(rest);
                }
                return rest.get(1..).unwrap_or_default();
            }
            [name, after @ ..] if is_name(name) => {
                if *name != "self" || path.is_empty() {
                    path.push(name);
                }
                rest = after;
            }
            _ => {}
        }
        match rest {
            ["::", after @ ..] if after.first().is_some_and(|it| *it == "{" || is_name(it)) => {
                rest = after;
            }
            ["as", name, after @ ..] => {
                give(&path, name);
                return after;
            }
            _ => {
                give(&path, path.last().unwrap_or(&""));
                // A star, or something else that is no part of the path.
                return rest.strip_prefix(&["::", "*"]).unwrap_or(rest);
            }
        }
    }
}

fn is_name(word: &str) -> bool {
    word.starts_with(|first: char| first.is_alphabetic() || first == '_')
}

/// The path without the `super` that only leave modules inside of the file.
fn lifted(segments: &[&str], depth: usize) -> Vec<String> {
    let ups = segments.iter().take_while(|name| **name == "super").count();
    segments[ups.min(depth)..].iter().map(|name| (*name).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::Crate;
    use crate::workspace::write;

    /// The imports of a crate with these files, as pairs of module paths.
    fn imports(files: &[(&str, &str)]) -> Vec<(String, String)> {
        let folder = tempfile::tempdir().unwrap();
        for (file, text) in files {
            write(&folder.path().join(file), text).unwrap();
        }
        let read = Crate::read(&folder.path().join("lib.rs")).unwrap();
        let name = |index: usize| read.modules[index].path.join("::");
        let all = read.imports();
        let pairs = all
            .iter()
            .enumerate()
            .flat_map(|(from, targets)| targets.iter().map(move |to| (name(from), name(*to))));
        pairs.collect()
    }

    fn pair(from: &str, to: &str) -> (String, String) {
        (from.into(), to.into())
    }

    #[test]
    fn imports_are_found_in_use_items_and_in_place() {
        let found = imports(&[
            ("lib.rs", "mod a; mod b; mod c; fn f() { b::g() }"),
            ("a.rs", "use crate::{b::{self, g}, c}; use core::mem::swap;"),
            ("b.rs", "pub fn g() { crate::c::h(); }"),
            ("c.rs", "// crate::a::x\npub fn h() -> &'static str { \"crate::a\" }"),
        ]);
        assert_eq!(found, [pair("", "b"), pair("a", "b"), pair("a", "c"), pair("b", "c")]);
    }

    #[test]
    fn a_path_through_a_re_export_leads_to_the_definition() {
        let found = imports(&[
            ("lib.rs", "mod a; mod b; pub use b::Deep;"),
            ("a.rs", "use crate::Deep;\nuse crate::b::Deep as Other;"),
            ("b/mod.rs", "mod deep; mod user; pub use deep::Deep;"),
            ("b/deep.rs", "pub struct Deep;"),
            ("b/user.rs", "fn f(_: super::Deep) {}"),
        ]);
        assert_eq!(found, [pair("a", "b::deep"), pair("b::user", "b::deep")]);
    }

    #[test]
    fn a_re_exported_name_that_is_used_is_an_import() {
        let found = imports(&[
            ("lib.rs", "mod a; pub use a::A; pub fn f(_: A) {}"),
            ("a.rs", "pub struct A;"),
        ]);
        assert_eq!(found, [pair("", "a")]);
    }

    #[test]
    fn tests_and_modules_inside_a_file_do_not_mislead() {
        let found = imports(&[
            ("lib.rs", "mod a; mod b;"),
            (
                "a.rs",
                "#[cfg(test)]\nmod tests { use crate::b::B; }\n#[test] fn t() { crate::b::f() }\n\
                mod inner { use super::X; use super::super::b::B; }",
            ),
            ("b.rs", ""),
        ]);
        assert_eq!(found, [pair("a", "b")]);
    }

    #[test]
    fn files_of_attributes_are_read() {
        let found = imports(&[
            ("lib.rs", "mod a; mod t;"),
            (
                "a.rs",
                "#[cfg_attr(x, path = \"n/one.rs\")] #[cfg_attr(y, path = \"n/two.rs\")] mod n;",
            ),
            ("n/one.rs", "use crate::t::T;"),
            ("n/two.rs", "use super::Q;"),
            ("t.rs", ""),
        ]);
        assert_eq!(found, [pair("a::n", "t"), pair("a::n", "a")]);
    }
}
