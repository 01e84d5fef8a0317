//! The kernel image, disassembled: its functions, their instructions, calls and sources.

use anyhow::{Context as _, Result};
use iced_x86::{Decoder, DecoderOptions, FlowControl, Instruction, Mnemonic};
use log_decoder::Symbols;
use object::{Object as _, ObjectSection as _, ObjectSymbol as _, SectionKind, SymbolKind};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Instructions from one symbol to the next.
#[derive(Debug)]
pub struct Function {
    /// Its name, readable, without the hash.
    pub name: String,
    /// Where it begins.
    pub address: u64,
    instructions: Vec<Instruction>,
}

/// A call or jump that leaves its function.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Jump {
    /// The function that it leaves.
    pub from: String,
    /// The function that it leads into.
    pub to: String,
}

impl Function {
    /// Returns the number of these instructions in it.
    pub fn count(&self, wanted: &[Mnemonic]) -> usize {
        self.instructions.iter().filter(|found| wanted.contains(&found.mnemonic())).count()
    }

    /// Returns the number of places with such instructions in a row.
    pub fn count_in_a_row(&self, wanted: &[&[Mnemonic]]) -> usize {
        let fits = |found: &&[Instruction]| {
            found.iter().zip(wanted).all(|(found, wanted)| wanted.contains(&found.mnemonic()))
        };
        self.instructions.windows(wanted.len()).filter(fits).count()
    }

    /// Returns the number of indirect calls and jumps.
    pub fn calls_through_memory(&self) -> usize {
        let indirect = [FlowControl::IndirectBranch, FlowControl::IndirectCall];
        self.instructions.iter().filter(|found| indirect.contains(&found.flow_control())).count()
    }

    /// Returns whether an instruction has this address as an operand, but not as its target.
    fn names(&self, address: u64) -> bool {
        self.instructions.iter().any(|found| {
            let memory =
                found.is_ip_rel_memory_operand() && found.ip_rel_memory_address() == address;
            // Immediate operands that could hold an address.
            let immediate = (0..found.op_count())
                .filter_map(|operand| found.try_immediate(operand).ok())
                .any(|value| value == address);
            memory || immediate && found.flow_control() == FlowControl::Next
        })
    }
}

/// All code of a kernel.
pub struct Image {
    functions: Vec<Function>,
    data: Vec<u8>,
    symbols: Symbols,
}

impl Image {
    /// Reads an ELF with its symbols.
    ///
    /// # Errors
    /// When the file is no ELF.
    pub fn read(file: &Path) -> Result<Self> {
        let bytes =
            std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        let elf = object::File::parse(bytes.as_slice())?;
        let (mut functions, mut data) = (Vec::new(), Vec::new());
        for section in elf.sections() {
            match section.kind() {
                SectionKind::Text => functions.extend(code(&elf, &section)?),
                SectionKind::Data | SectionKind::ReadOnlyData => data.extend(section.data()?),
                _ => {}
            }
        }
        Ok(Self { functions, data, symbols: Symbols::load(file)? })
    }

    /// Whether its data has this text.
    pub fn has_text(&self, text: &str) -> bool {
        self.data.windows(text.len()).any(|bytes| bytes == text.as_bytes())
    }

    /// All of them, by address.
    pub fn functions(&self) -> &[Function] {
        &self.functions
    }

    /// Returns the one function whose name ends so.
    ///
    /// # Errors
    /// When there is none, or more than one.
    pub fn function(&self, name: &str) -> Result<&Function> {
        let ends = |found: &&Function| found.name.ends_with(name);
        let found: Vec<&Function> = self.functions.iter().filter(ends).collect();
        anyhow::ensure!(found.len() == 1, "functions called {name}: {}", found.len());
        Ok(found[0])
    }

    /// The names of the functions with one of these instructions.
    pub fn with(&self, wanted: &[Mnemonic]) -> BTreeSet<&str> {
        let has = |found: &&Function| found.count(wanted) > 0;
        self.functions.iter().filter(has).map(|found| found.name.as_str()).collect()
    }

    fn around(&self, address: u64) -> Option<&Function> {
        let behind = self.functions.partition_point(|found| found.address <= address);
        self.functions.get(behind.checked_sub(1)?)
    }

    /// All calls and jumps from one function into another.
    pub fn jumps(&self) -> BTreeSet<Jump> {
        let from = |function: &Function| -> Vec<Jump> {
            let targets = function.instructions.iter().filter(|found| {
                matches!(
                    found.flow_control(),
                    FlowControl::Call
                        | FlowControl::UnconditionalBranch
                        | FlowControl::ConditionalBranch
                )
            });
            targets
                .filter_map(|found| self.around(found.near_branch_target()))
                .filter(|to| to.address != function.address)
                .map(|to| Jump { from: function.name.clone(), to: to.name.clone() })
                .collect()
        };
        self.functions.iter().flat_map(from).collect()
    }

    /// Returns the functions of the sources that call or jump to the function with this last part
    /// of its name: the inlined function, where the call was inlined.
    pub fn source_callers(&self, name: &str) -> BTreeSet<String> {
        let is_it = |to: &Function| to.name.rsplit("::").next() == Some(name);
        let instructions = self.functions.iter().flat_map(|function| &function.instructions);
        let calls = instructions.filter(|found| {
            found.near_branch_target() != 0
                && self.around(found.near_branch_target()).is_some_and(is_it)
                && self.around(found.ip()).is_some_and(|from| !is_it(from))
        });
        let innermost = |found: &Instruction| self.symbols.places(found.ip()).into_iter().next();
        calls.filter_map(innermost).map(|place| place.function).collect()
    }

    /// All functions that can be reached from this one by calls and jumps; calls through a
    /// pointer are not followed.
    pub fn reachable(&self, name: &str) -> BTreeSet<String> {
        let mut by_name: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for Jump { from, to } in self.jumps() {
            by_name.entry(from).or_default().push(to);
        }
        let (mut seen, mut open) = (BTreeSet::new(), vec![name.to_owned()]);
        while let Some(next) = open.pop() {
            if seen.insert(next.clone()) {
                open.extend(by_name.get(&next).into_iter().flatten().cloned());
            }
        }
        seen
    }

    /// Returns the source files of the functions with these names, from the workspace's root
    /// on, those of inlined functions included.
    pub fn sources(&self, names: &BTreeSet<String>) -> BTreeSet<String> {
        let functions = self.functions.iter().filter(|function| names.contains(&function.name));
        let instructions = functions.flat_map(|function| &function.instructions);
        let places = instructions.flat_map(|found| self.symbols.places(found.ip()));
        places.filter_map(|place| Some(place.line?.0)).collect()
    }

    /// Returns whether the address of this function occurs in data or as an operand: then a
    /// pointer could reach it.
    pub fn is_named(&self, function: &Function) -> bool {
        let words = self.data.windows(8);
        let in_data = words.into_iter().any(|word| word == function.address.to_le_bytes());
        in_data || self.functions.iter().any(|other| other.names(function.address))
    }
}

/// The code of a section, cut at its symbols.
fn code(elf: &object::File<'_>, section: &object::Section<'_, '_>) -> Result<Vec<Function>> {
    let (start, bytes) = (section.address(), section.data()?);
    let end = start + bytes.len() as u64;
    let mut names: BTreeMap<u64, String> = BTreeMap::new();
    for symbol in elf.symbols() {
        let code =
            matches!(symbol.kind(), SymbolKind::Text | SymbolKind::Unknown | SymbolKind::Label);
        if code && (start..end).contains(&symbol.address()) {
            let name = format!("{:#}", rustc_demangle::demangle(symbol.name()?));
            // Symbols of the linker script stand where functions do: names with a path win.
            let better = names.get(&symbol.address()).is_none_or(|old| !old.contains("::"));
            if better && !name.is_empty() {
                names.insert(symbol.address(), name);
            }
        }
    }
    let starts: Vec<u64> = names.keys().copied().chain([end]).collect();
    let function = |(name, from, to): (String, u64, u64)| {
        let index = |address: u64| usize::try_from(address - start).unwrap_or(usize::MAX);
        let bytes = &bytes[index(from)..index(to)];
        let decoder = Decoder::with_ip(64, bytes, from, DecoderOptions::NONE);
        Function { name, address: from, instructions: decoder.into_iter().collect() }
    };
    let ranges = names.into_iter().zip(starts.into_iter().skip(1));
    Ok(ranges.map(|((from, name), to)| function((name, from, to))).collect())
}
