//! The modules of a crate as files, and which file imports which.
//!
//! An import is a path in the code that begins with `crate`, `super`, `self` or a child module,
//! in a `use` or in place. A re-export (`pub use`) is no import of the file that it stands in:
//! a path through it leads to the file with the definition. Code under `cfg(test)` is left out.

use super::tokens;
use anyhow::Result;
use proc_macro2::{Delimiter, TokenStream, TokenTree};
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
    /// Its code without tests.
    pub(super) code: Vec<TokenTree>,
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
        let code = without_tests(tokens::read(file)?);
        let found = submodules(&code);
        let children = found.iter().map(|(name, _)| name.clone()).collect();
        let module =
            Module { path, file: file.to_owned(), code, aliases: BTreeMap::new(), children };
        let path = module.path.clone();
        self.modules.push(module);
        for (name, given) in found {
            let beside = file.parent().unwrap_or(Path::new(""));
            let files: Vec<PathBuf> = if given.is_empty() {
                [format!("{name}.rs"), format!("{name}/mod.rs")]
                    .iter()
                    .map(|file| folder.join(file))
                    .collect()
            } else {
                given.iter().map(|file| beside.join(file)).collect()
            };
            let child = [path.as_slice(), std::slice::from_ref(&name)].concat();
            for file in files.iter().filter(|file| file.is_file()) {
                let own = file.file_name().is_some_and(|own| own == "mod.rs");
                let parent = file.parent().unwrap_or(Path::new(""));
                let stem = file.file_stem().unwrap_or_default();
                let inner = if own { parent.to_owned() } else { parent.join(stem) };
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
        let words = count(&module.code);
        let used = |written: &Written| words.get(&written.name).is_some_and(|times| *times > 1);
        let targets = module
            .written()
            .into_iter()
            .filter(|written| !written.exported || used(written))
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
    fn written(&self) -> Vec<Written> {
        let mut paths = Vec::new();
        collect(&self.code, 0, &self.children, &mut paths);
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

/// The tokens without the items under `cfg(test)`.
fn without_tests(tokens: TokenStream) -> Vec<TokenTree> {
    let mut kept = Vec::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Punct(hash)
                if hash.as_char() == '#' && tokens.peek().is_some_and(is_test) =>
            {
                tokens.next();
                skip_item(&mut tokens);
            }
            TokenTree::Group(group) => {
                let inner = without_tests(group.stream()).into_iter().collect();
                let mut shorter = proc_macro2::Group::new(group.delimiter(), inner);
                shorter.set_span(group.span());
                kept.push(TokenTree::Group(shorter));
            }
            other => kept.push(other),
        }
    }
    kept
}

fn is_test(token: &TokenTree) -> bool {
    let text = token.to_string().replace(' ', "");
    ["[cfg(test)]", "[cfg(all(test,", "[test]"].iter().any(|start| text.starts_with(start))
}

/// Skips what an attribute belongs to: up to a semicolon or a body.
fn skip_item(tokens: &mut impl Iterator<Item = TokenTree>) {
    for token in tokens {
        match token {
            TokenTree::Punct(mark) if mark.as_char() == ';' => return,
            TokenTree::Group(body) if body.delimiter() == Delimiter::Brace => return,
            _ => {}
        }
    }
}

/// The names behind `mod` that are files, each with the files that attributes give.
fn submodules(code: &[TokenTree]) -> Vec<(String, Vec<String>)> {
    let mut found = Vec::new();
    let mut given = Vec::new();
    for (at, token) in code.iter().enumerate() {
        match (token, code.get(at + 1), code.get(at + 2)) {
            (TokenTree::Punct(hash), Some(TokenTree::Group(group)), _)
                if hash.as_char() == '#' && group.delimiter() == Delimiter::Bracket =>
            {
                given.extend(path_attribute(&group.stream().to_string()));
            }
            (TokenTree::Ident(word), Some(TokenTree::Ident(name)), Some(TokenTree::Punct(end)))
                if word == "mod" && end.as_char() == ';' =>
            {
                found.push((name.to_string(), std::mem::take(&mut given)));
            }
            (TokenTree::Punct(end), _, _) if end.as_char() == ';' => given.clear(),
            (TokenTree::Group(body), _, _) if body.delimiter() == Delimiter::Brace => given.clear(),
            _ => {}
        }
    }
    found
}

/// The text of `path = "…"` in an attribute.
fn path_attribute(attribute: &str) -> Option<String> {
    let (_, rest) = attribute.split_once("path = \"")?;
    rest.split_once('"').map(|(path, _)| path.to_owned())
}

/// All paths that may lead to a module of the crate. `depth` counts the modules in the file
/// around the code.
fn collect(
    code: &[TokenTree],
    depth: usize,
    children: &BTreeSet<String>,
    paths: &mut Vec<Written>,
) {
    let mut exported = false;
    let mut inner = false;
    for (at, token) in code.iter().enumerate() {
        match token {
            TokenTree::Group(group) => {
                let inside: Vec<TokenTree> = group.stream().into_iter().collect();
                collect(&inside, depth + usize::from(inner), children, paths);
                inner = inner && group.delimiter() != Delimiter::Brace;
            }
            TokenTree::Punct(mark) if mark.as_char() == ';' => (exported, inner) = (false, false),
            TokenTree::Ident(word) if word == "use" => exported = is_public(&code[..at]),
            TokenTree::Ident(word) if word == "mod" => inner = true,
            TokenTree::Ident(word) => {
                let word = word.to_string();
                let begins = matches!(word.as_str(), "crate" | "super" | "self")
                    || (depth == 0 && children.contains(&word));
                if begins && !is_continued(&code[..at]) && is_path(&code[at + 1..]) {
                    expand(&code[at..], Vec::new(), &mut |segments, name| {
                        let segments = lifted(segments, depth);
                        paths.push(Written { segments, name, exported });
                    });
                }
            }
            _ => {}
        }
    }
}

/// Whether `use` stands behind `pub` or `pub(…)`.
fn is_public(before: &[TokenTree]) -> bool {
    let is_pub = |token: &TokenTree| matches!(token, TokenTree::Ident(word) if word == "pub");
    match before {
        [.., token, TokenTree::Group(_)] => is_pub(token),
        [.., token] => is_pub(token),
        [] => false,
    }
}

/// Whether the tokens before make this a later part of a path, or a field.
fn is_continued(before: &[TokenTree]) -> bool {
    matches!(before.last(), Some(TokenTree::Punct(mark)) if matches!(mark.as_char(), ':' | '.'))
        && !matches!(before, [.., TokenTree::Ident(_), TokenTree::Punct(_)])
}

/// Whether `::` comes next.
fn is_path(after: &[TokenTree]) -> bool {
    matches!(after, [TokenTree::Punct(a), TokenTree::Punct(b), ..]
        if a.as_char() == ':' && b.as_char() == ':')
}

/// Follows a path over its groups, and gives each with the name that it brings into scope.
fn expand(code: &[TokenTree], mut path: Vec<String>, give: &mut impl FnMut(Vec<String>, String)) {
    let mut rest = code;
    while let [TokenTree::Ident(name), after @ ..] = rest {
        let name = name.to_string();
        if name != "self" || path.is_empty() {
            path.push(name);
        }
        rest = after;
        if !is_path(rest) {
            break;
        }
        rest = &rest[2..];
    }
    match rest {
        [TokenTree::Group(group), ..] if group.delimiter() == Delimiter::Brace => {
            let inside: Vec<TokenTree> = group.stream().into_iter().collect();
            let is_comma =
                |token: &TokenTree| matches!(token, TokenTree::Punct(c) if c.as_char() == ',');
            for part in inside.split(is_comma).filter(|part| !part.is_empty()) {
                expand(part, path.clone(), give);
            }
        }
        [TokenTree::Ident(word), TokenTree::Ident(name), ..] if word == "as" => {
            give(path, name.to_string());
        }
        _ => {
            let name = path.last().cloned().unwrap_or_default();
            give(path, name);
        }
    }
}

/// The path without the `super` that only leave modules inside of the file.
fn lifted(mut segments: Vec<String>, depth: usize) -> Vec<String> {
    let ups = segments.iter().take_while(|name| *name == "super").count();
    segments.drain(..ups.min(depth));
    segments
}

/// How often each word stands in the code.
fn count(code: &[TokenTree]) -> BTreeMap<String, usize> {
    let mut times = BTreeMap::new();
    for word in tokens::words(code.iter().cloned().collect()) {
        *times.entry(word.to_string()).or_default() += 1;
    }
    times
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
