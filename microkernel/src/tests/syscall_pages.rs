//! The pages of the system calls, compared with `abi` and with what the core answers.
//!
//! Shape: `microkernel/syscalls/*.md` has one section for each call: a heading with number and
//! name, the signature of `abi`'s documentation, a table with a row for each argument and result,
//! and lines for errors and source.

use abi::{Error, Syscall};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::LazyLock;

/// Cargo starts a test in the folder of its package.
const FOLDER: &str = "syscalls";

/// One section.
#[derive(Debug)]
struct Page {
    file: String,
    number: u64,
    name: String,
    /// The indented line below the heading.
    signature: String,
    /// First column of the table, results with their arrow.
    rows: Vec<String>,
    /// Names of errors in the line `Errors`.
    errors: BTreeSet<String>,
    source: String,
}

static PAGES: LazyLock<BTreeMap<u64, Page>> = LazyLock::new(|| {
    let mut pages = BTreeMap::new();
    for file in std::fs::read_dir(FOLDER).expect("the folder of the pages") {
        let file = file.expect("an entry").path();
        let name = file.file_name().expect("a name").to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&file).expect("a page");
        for section in text.split("\n## ").skip(1).filter(|_| name != "README.md") {
            let page = page(&name, section);
            let twice = pages.insert(page.number, page);
            assert!(twice.is_none(), "two pages have one number: {twice:?}");
        }
    }
    pages
});

fn page(file: &str, section: &str) -> Page {
    let (heading, rest) = section.split_once('\n').expect("a heading");
    let (number, name) = heading.split_once(' ').expect("a number and a name");
    let line = |start: &str| -> &str {
        let (_, rest) = rest.split_once(start).unwrap_or_else(|| panic!("{name} has no {start}"));
        rest.split("\n- ").next().unwrap_or(rest)
    };
    let row = |line: &str| -> Option<String> {
        let cell = line.strip_prefix("| ")?.replace("\\|", "\u{0}");
        let (name, meaning) = cell.split_once(" | ")?;
        (meaning != "meaning |").then(|| name.replace('\u{0}', "|"))
    };
    Page {
        file: file.into(),
        number: number.parse().expect("a number"),
        name: name.into(),
        signature: rest.lines().find_map(|line| line.strip_prefix("    ")).expect(name).into(),
        rows: rest.lines().filter_map(row).collect(),
        errors: errors(line("- Errors: ")),
        source: line("- Source: ").into(),
    }
}

/// The words in backticks outside of brackets, where reasons stand.
fn errors(line: &str) -> BTreeSet<String> {
    let outside = line.split('(').map(|part| part.split_once(')').map_or(part, |(_, rest)| rest));
    let outside = outside.collect::<String>();
    outside.split('`').skip(1).step_by(2).map(String::from).collect()
}

/// The signature of each call in `abi`'s documentation: what stands in its first backticks.
fn signatures() -> BTreeMap<String, String> {
    let text = include_str!("../../../libsys/abi/src/syscall.rs");
    let (_, calls) = text.split_once("\nsyscalls! {").expect("the list of calls");
    let (mut doc, mut found) = (String::new(), BTreeMap::new());
    for line in calls.lines().map(str::trim) {
        if let Some(text) = line.strip_prefix("///") {
            doc.push_str(text);
        } else if let Some((name, _)) = line.split_once(" = ") {
            let signature = doc.split('`').nth(1).expect("a signature");
            found.insert(name.into(), signature.into());
            doc.clear();
        }
    }
    found
}

fn without_brackets(text: &str) -> &str {
    text.trim().trim_start_matches('(').trim_end_matches(')')
}

fn parts(list: &str) -> impl Iterator<Item = &str> {
    list.split(", ").filter(|part| !part.is_empty() && *part != "_")
}

/// Fails when a call ends with an error that its page does not list.
pub(super) fn assert_documented(call: Syscall, error: Error) {
    let page = &PAGES[&(call as u64)];
    let error = format!("{error:?}");
    assert!(page.errors.contains(&error), "{}: {} does not list {error}", page.file, page.name);
}

#[test]
fn each_call_has_one_page_with_its_number() {
    let names = |pages: &BTreeMap<u64, Page>| -> Vec<(u64, String)> {
        pages.iter().map(|(number, page)| (*number, page.name.clone())).collect()
    };
    let all = Syscall::ALL.iter().map(|call| (*call as u64, call.name().into()));
    assert_eq!(names(&PAGES), all.collect::<Vec<(u64, String)>>());
}

#[test]
fn pages_and_abi_agree_on_arguments_and_results() {
    let signatures = signatures();
    for page in PAGES.values() {
        assert_eq!(page.signature, signatures[&page.name], "{}", page.name);
        let (arguments, results) =
            page.signature.split_once(" -> ").unwrap_or((&page.signature, ""));
        let results = parts(results).map(|result| format!("→ {result}"));
        let wanted: Vec<String> =
            parts(without_brackets(arguments)).map(String::from).chain(results).collect();
        assert_eq!(page.rows, wanted, "rows of {}", page.name);
    }
}

#[test]
fn the_errors_of_pages_exist() {
    let known: BTreeSet<String> = Error::ALL.iter().map(|error| format!("{error:?}")).collect();
    for page in PAGES.values() {
        let unknown: Vec<_> = page.errors.difference(&known).collect();
        assert!(unknown.is_empty(), "{}: {unknown:?}", page.name);
    }
}

/// Whether a file of this folder has a function of this name.
fn has_function(folder: &Path, name: &str) -> bool {
    std::fs::read_dir(folder).expect("a folder").any(|entry| {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            has_function(&path, name)
        } else {
            defines(&std::fs::read_to_string(&path).unwrap_or_default(), name)
        }
    })
}

fn defines(text: &str, name: &str) -> bool {
    [format!("fn {name}("), format!("fn {name}<"), format!("pub struct {name}")]
        .iter()
        .any(|definition| text.contains(definition))
}

#[test]
fn the_sources_of_pages_are_there() {
    for page in PAGES.values() {
        let (function, rest) = page.source.split_once("](").expect("a link");
        let function = function.trim_start_matches('[').trim_matches('`');
        let (file, rest) = rest.split_once(')').expect("a link");
        let text = std::fs::read_to_string(Path::new(FOLDER).join(file));
        let text = text.unwrap_or_else(|error| panic!("{}: {file}: {error}", page.name));
        assert!(defines(&text, function), "{}: {file} has no function {function}", page.name);
        if let Some((_, wrapper)) = rest.split_once("`sys::") {
            let name = wrapper.split('`').next().and_then(|path| path.rsplit("::").next());
            let name = name.expect("a name");
            let is_module = Path::new("../libsys/sys/src").join(format!("{name}.rs")).exists();
            assert!(
                is_module || has_function(Path::new("../libsys/sys/src"), name),
                "{}: sys has no {name}",
                page.name
            );
        }
    }
}

#[test]
fn the_index_names_each_page() {
    let index = std::fs::read_to_string(Path::new(FOLDER).join("README.md")).expect("the index");
    for page in PAGES.values() {
        let Page { name, file, number, .. } = page;
        let link = format!("[{name}]({file}#{number}-{}) {number}", name.to_lowercase());
        assert!(index.contains(&link), "the index should have {link}");
    }
}
