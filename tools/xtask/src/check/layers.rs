//! The layers of the kernel's core: no module imports or calls what lies above it.
//!
//! A module here is a child of the crate root with all files below it. It uses another module
//! by an import, or by a call of a method that only higher layers define: the methods of a
//! type may be spread over the modules, and a call of one needs no import.

use super::modules::Crate;
use crate::workspace;
use anyhow::Result;
use std::collections::{BTreeMap, BTreeSet};

/// The root of the core.
const ROOT: &str = "microkernel/src/lib.rs";

/// The layers with their modules, the lowest first. Modules of one layer may use each other.
const LAYERS: [(&str, &[&str]); 9] = [
    ("base", &["arena", "frames", "holds", "logic", "machine", "number", "trace", "work"]),
    ("objects", &["object", "time"]),
    // The state of the CPUs, and the structure that holds the parts.
    ("state", &["cpu", "kernel"]),
    ("memory", &["mem"]),
    ("sched", &["sched"]),
    ("checks", &["checks", "log"]),
    ("ipc", &["fault", "ipc", "lifecycle", "vector"]),
    ("syscall", &["syscall"]),
    ("exit", &["exit"]),
];

/// Modules outside of the layers: they may use all, and no layer uses them.
const OUTSIDE: [&str; 1] = ["hosted"];

/// Methods that types of the standard library have, too: a call says nothing about the layer.
const STANDARD: [&str; 4] = ["iter", "last", "skip", "write_str"];

/// An arrow between two modules of the core, with one example of each way to use.
type Arrows = BTreeMap<(String, String), BTreeSet<String>>;

/// Checks the core.
pub(super) fn check() -> Result<Vec<String>> {
    let read = Crate::read(&workspace::root().join(ROOT))?;
    Ok(problems(&arrows(&read)))
}

fn problems(arrows: &Arrows) -> Vec<String> {
    let mut problems = Vec::new();
    for ((from, to), uses) in arrows {
        match (layer(from), layer(to)) {
            (Some(low), Some(high)) if low < high => {
                let uses = uses.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
                let (low, high) = (LAYERS[low].0, LAYERS[high].0);
                problems.push(format!(
                    "{from} is in layer {low}, below {to} in layer {high}, and uses {uses}"
                ));
            }
            (Some(_), Some(_)) => {}
            (found, _) => {
                let new = if found.is_none() { from } else { to };
                problems.push(format!("{new} is in no layer: give it one in check/layers.rs"));
            }
        }
    }
    problems.dedup();
    problems
}

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|(_, modules)| modules.contains(&module))
}

/// All arrows between modules; the root of the crate and what is outside have none.
fn arrows(read: &Crate) -> Arrows {
    let mut arrows = Arrows::new();
    let mut add = |from: &str, to: &str, what: String| {
        if from != to && !OUTSIDE.contains(&from) {
            arrows.entry((from.to_owned(), to.to_owned())).or_default().insert(what);
        }
    };
    for (index, imports) in read.imports().iter().enumerate() {
        let Some(from) = read.modules[index].path.first() else { continue };
        for target in imports.iter().map(|target| &read.modules[*target]) {
            if let Some(to) = target.path.first() {
                add(from, to, target.path.join("::"));
            }
        }
    }
    let defined = definitions(read);
    for module in &read.modules {
        let Some(from) = module.path.first() else { continue };
        for name in called(&module.code()) {
            if let Some(to) = only_above(from, defined.get(name)) {
                add(from, to, format!("{}() in {}", name, module.path.join("::")));
            }
        }
    }
    arrows
}

/// The module that defines the method, when all that do are in higher layers.
fn only_above<'a>(from: &str, defined: Option<&'a BTreeSet<String>>) -> Option<&'a String> {
    let own = layer(from)?;
    let above = |module: &&String| layer(module).is_some_and(|layer| layer > own);
    let modules = defined?;
    modules.iter().all(|module| above(&module)).then(|| modules.first()).flatten()
}

/// The modules that define each function.
fn definitions(read: &Crate) -> BTreeMap<String, BTreeSet<String>> {
    let mut defined: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for module in &read.modules {
        let Some(top) = module.path.first().filter(|top| !OUTSIDE.contains(&top.as_str())) else {
            continue;
        };
        for pair in module.code().windows(2) {
            if let ["fn", name] = pair
                && !STANDARD.contains(name)
            {
                defined.entry((*name).to_owned()).or_default().insert(top.clone());
            }
        }
    }
    defined
}

/// The names of called methods: `.name(…)`, `.name::<…>(…)` and `Self::name`.
fn called<'a>(code: &[&'a str]) -> BTreeSet<&'a str> {
    let call = |at: usize| match code[at..] {
        [".", name, "(", ..] | [".", name, "::", "<", ..] | ["Self", "::", name, ..] => Some(name),
        _ => None,
    };
    (0..code.len()).filter_map(call).collect()
}

#[cfg(test)]
mod tests {
    use super::{Arrows, Crate, arrows, problems};

    fn core(files: &[(&str, &str)]) -> Arrows {
        let folder = tempfile::tempdir().unwrap();
        for (file, text) in files {
            std::fs::write(folder.path().join(file), text).unwrap();
        }
        arrows(&Crate::read(&folder.path().join("lib.rs")).unwrap())
    }

    #[test]
    fn an_upward_import_is_wrong_and_a_downward_one_is_not() {
        let found = core(&[
            ("lib.rs", "mod exit; mod mem;"),
            ("mem.rs", "use crate::exit::Work;"),
            ("exit.rs", "use crate::mem::Frames;"),
        ]);
        let told = problems(&found);
        assert_eq!(told, ["mem is in layer memory, below exit in layer exit, and uses exit"]);
    }

    #[test]
    fn a_call_of_a_method_that_only_higher_layers_define_is_upward() {
        let found = core(&[
            ("lib.rs", "mod ipc; mod object; mod sched;"),
            ("object.rs", "fn here() {}"),
            ("sched.rs", "fn f(k: &K) { k.reply(); k.here(); k.field; k.both(); Self::send(); }"),
            ("ipc.rs", "impl K { fn reply() {} fn here() {} fn field() {} fn send() {} }"),
        ]);
        let uses = "reply() in sched, send() in sched";
        assert_eq!(
            problems(&found),
            [format!("sched is in layer sched, below ipc in layer ipc, and uses {uses}")]
        );
    }

    #[test]
    fn a_module_without_a_layer_is_told() {
        let found = core(&[
            ("lib.rs", "mod mem; mod new; mod hosted;"),
            ("mem.rs", "use crate::new::A;"),
            ("new.rs", ""),
            ("hosted.rs", "use crate::mem::B;"),
        ]);
        assert_eq!(problems(&found), ["new is in no layer: give it one in check/layers.rs"]);
    }
}
