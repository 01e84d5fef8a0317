//! Which function an instruction belongs to.

use super::log::Markers;
use anyhow::{Context as _, Result};
use log_decoder::Symbols;
use qemu_harness::Elfs;
use std::collections::HashMap;

/// Addresses from here on are the kernel's.
const KERNEL: u64 = 1 << 63;
/// The program that measures, and plays the other side.
const PROGRAM: &str = "bench";
/// Its marker functions.
const BEGINS: &str = "meter::trace_begins";
const ENDS: &str = "meter::trace_ends";
/// Our own folders: what is inlined from libraries counts for the function that uses it.
const OURS: [&str; 4] = ["microkernel/", "libsys/", "tests/", "servers/"];

/// Where an instruction stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub(super) struct Owner {
    /// The innermost function of ours in the source.
    pub(super) function: String,
    /// Its file; empty where it is not known.
    pub(super) file: String,
    /// Whether it is user code.
    pub(super) user: bool,
    /// All functions around it with their files, from the inside out.
    pub(super) around: Vec<(String, String)>,
}

/// The kernel and the program.
pub(super) struct Code {
    kernel: Symbols,
    program: Symbols,
}

impl Code {
    pub(super) fn load(elfs: &Elfs) -> Result<Self> {
        let (kernel, program) = (Symbols::load(elfs.kernel())?, elfs.program(PROGRAM));
        Ok(Self { kernel, program: Symbols::load(&program)? })
    }

    /// The marker functions of the program.
    pub(super) fn markers(&self) -> Result<Markers> {
        let start =
            |name| self.program.start_of(name).with_context(|| format!("no function {name}"));
        Ok(Markers { begins: start(BEGINS)?, ends: start(ENDS)? })
    }

    /// Whether an instruction is the marker's before an operation.
    pub(super) fn is_marker(&self, address: u64) -> bool {
        let function = self.symbols(address).function(address);
        function.is_some_and(|(name, _)| name.ends_with(BEGINS))
    }

    fn symbols(&self, address: u64) -> &Symbols {
        if address >= KERNEL { &self.kernel } else { &self.program }
    }

    /// The owners of these instructions, each asked for once.
    pub(super) fn owners(&self, addresses: &[u64]) -> HashMap<u64, Owner> {
        let mut owners = HashMap::new();
        for address in addresses {
            owners.entry(*address).or_insert_with(|| self.owner(*address));
        }
        fill_in_files(&mut owners);
        owners
    }

    fn owner(&self, address: u64) -> Owner {
        let symbols = self.symbols(address);
        let places = symbols.places(address).into_iter();
        let around: Vec<(String, String)> = places
            .map(|place| (place.function, place.line.map(|(file, _)| file).unwrap_or_default()))
            .collect();
        let is_ours = |(_, file): &&(String, String)| OURS.iter().any(|it| file.starts_with(it));
        let symbol = || Some((symbols.function(address)?.0.to_owned(), String::new()));
        let found = around.iter().find(is_ours).or(around.first()).cloned().or_else(symbol);
        let (function, file) = found.unwrap_or_else(|| ("unknown".into(), String::new()));
        Owner { function, file, user: address < KERNEL, around }
    }

    /// `function+offset file:line` of one instruction.
    pub(super) fn describe(&self, address: u64) -> String {
        let symbols = self.symbols(address);
        let (symbol, offset) = symbols.function(address).unwrap_or(("unknown", 0));
        let line = symbols.places(address).into_iter().next().and_then(|place| place.line);
        let line = line.map(|(file, line)| format!("  {file}:{line}")).unwrap_or_default();
        format!("{symbol}+{offset:#x}{line}")
    }
}

/// What the compiler made by itself has a function and no line: it is where the rest of its
/// function is.
fn fill_in_files(owners: &mut HashMap<u64, Owner>) {
    let with_file = owners.values().filter(|owner| !owner.file.is_empty());
    let files: HashMap<String, String> =
        with_file.map(|owner| (owner.function.clone(), owner.file.clone())).collect();
    for owner in owners.values_mut().filter(|owner| owner.file.is_empty()) {
        owner.file = files.get(&owner.function).cloned().unwrap_or_default();
    }
}
