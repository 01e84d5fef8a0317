//! Names for the addresses in a backtrace.

use anyhow::{Context as _, Result};
use object::{Object as _, ObjectSymbol as _, SymbolKind};
use std::path::Path;

/// The functions of a program, by address.
pub(crate) struct Symbols(Vec<(u64, String)>);

impl Symbols {
    /// Reads them out of the ELF.
    pub(crate) fn load(elf: &Path) -> Result<Self> {
        let bytes = std::fs::read(elf).with_context(|| format!("cannot read {}", elf.display()))?;
        let file = object::File::parse(&*bytes)?;
        let mut functions: Vec<(u64, String)> = file
            .symbols()
            .filter(|symbol| symbol.kind() == SymbolKind::Text && symbol.is_definition())
            .filter_map(|symbol| Some((symbol.address(), readable(symbol.name().ok()?))))
            .collect();
        functions.sort();
        Ok(Self(functions))
    }

    /// The function around this address, and how far into it the address is.
    fn name(&self, address: u64) -> Option<String> {
        let next = self.0.partition_point(|(start, _)| *start <= address);
        let (start, name) = self.0.get(next.checked_sub(1)?)?;
        Some(format!("{name}+{:#x}", address - start))
    }

    /// The text, with a name behind each address that is alone in its line.
    pub(crate) fn annotate(&self, text: &str) -> String {
        let lines: Vec<String> = text.lines().map(|line| self.line(line)).collect();
        lines.join("\n")
    }

    fn line(&self, line: &str) -> String {
        let digits = line.trim().strip_prefix("0x");
        let address = digits.and_then(|digits| u64::from_str_radix(digits, 16).ok());
        match address.and_then(|address| self.name(address)) {
            Some(name) => format!("{line}  {name}"),
            None => line.to_owned(),
        }
    }
}

/// Without the hash that makes Rust's symbols unique.
fn readable(symbol: &str) -> String {
    format!("{:#}", rustc_demangle::demangle(symbol))
}

#[cfg(test)]
mod tests {
    use super::Symbols;

    #[test]
    fn addresses_get_the_name_of_the_function_around_them() {
        let symbols = Symbols(vec![(0x100, "start".into()), (0x200, "running".into())]);
        let text = "kernel panic: at 0x150\nbacktrace:\n  0x0000000000000210\n  0x50";
        let expected =
            "kernel panic: at 0x150\nbacktrace:\n  0x0000000000000210  running+0x10\n  0x50";
        assert_eq!(symbols.annotate(text), expected);
    }

    #[test]
    fn functions_are_read_from_a_program_with_readable_names() {
        let symbols = Symbols::load(&std::env::current_exe().unwrap()).unwrap();
        let (address, name) = symbols
            .0
            .iter()
            .find(|(_, name)| name.ends_with("Symbols>::load") || name.ends_with("Symbols::load"))
            .unwrap();
        assert_eq!(symbols.name(address + 1), Some(format!("{name}+0x1")));
    }
}
