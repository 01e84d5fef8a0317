//! Names and lines for the addresses in a backtrace.

use crate::program::short;
use addr2line::{Context, Frame};
use anyhow::Result;
use gimli::{Dwarf, EndianArcSlice, RunTimeEndian, SectionId};
use object::{Object as _, ObjectSection as _, ObjectSymbol as _, SymbolKind};
use std::fmt;
use std::path::Path;
use std::sync::Arc;

type Reader = EndianArcSlice<RunTimeEndian>;

/// The functions of a program by address, and its lines where the ELF has them.
pub struct Symbols {
    functions: Vec<(u64, String)>,
    lines: Option<Context<Reader>>,
}

impl Symbols {
    /// Reads them from the ELF.
    ///
    /// # Errors
    /// When it cannot be read or is not an ELF.
    pub fn load(elf: &Path) -> Result<Self> {
        let bytes = fs_err::read(elf)?;
        let file = object::File::parse(&*bytes)?;
        let mut functions: Vec<(u64, String)> = file
            .symbols()
            .filter(|symbol| symbol.kind() == SymbolKind::Text && symbol.is_definition())
            .filter_map(|symbol| Some((symbol.address(), readable(symbol.name().ok()?))))
            .collect();
        functions.sort();
        Ok(Self { functions, lines: lines(&file).ok() })
    }

    /// The address of the only function with this end of its name.
    pub fn start_of(&self, name: &str) -> Option<u64> {
        let mut found = self.functions.iter().filter(|(_, function)| function.ends_with(name));
        found.next().filter(|_| found.next().is_none()).map(|(start, _)| *start)
    }

    /// The function around this address, and how far into it the address is.
    pub fn function(&self, address: u64) -> Option<(&str, u64)> {
        let next = self.functions.partition_point(|(start, _)| *start <= address);
        let (start, name) = self.functions.get(next.checked_sub(1)?)?;
        Some((name, address - start))
    }

    fn name(&self, address: u64) -> Option<String> {
        let (name, offset) = self.function(address)?;
        Some(format!("{name}+{offset:#x}"))
    }

    /// The function around this address in the source; before it those that were inlined there.
    pub fn places(&self, address: u64) -> Vec<Place> {
        let frames =
            self.lines.as_ref().and_then(|it| it.find_frames(address).skip_all_loads().ok());
        let mut places = Vec::new();
        if let Some(mut frames) = frames {
            while let Ok(Some(frame)) = frames.next() {
                places.extend(place(&frame));
            }
        }
        places
    }

    /// The text, with function and line behind each address that is alone in its line. The first
    /// is the place of the fault, the others are return addresses.
    pub(crate) fn annotate(&self, text: &str) -> String {
        let mut first = true;
        let lines: Vec<String> = text.lines().map(|line| self.line(line, &mut first)).collect();
        lines.join("\n")
    }

    fn line(&self, line: &str, first: &mut bool) -> String {
        let digits = line.trim().strip_prefix("0x");
        let Some(address) = digits.and_then(|digits| u64::from_str_radix(digits, 16).ok()) else {
            *first = true;
            return line.to_owned();
        };
        // The call is before its return address, which may be in another function.
        let within = if std::mem::take(first) { address } else { address.saturating_sub(1) };
        let Some(name) = self.name(within) else { return line.to_owned() };
        let places = self.places(within);
        let indent = " ".repeat(line.len());
        match places.split_first() {
            None => format!("{line}  {name}"),
            Some((innermost, outer)) => {
                let more = outer.iter().map(|place| format!("\n{indent}  {place}"));
                format!("{line}  {innermost}{}", more.collect::<String>())
            }
        }
    }
}

/// A place in the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The function, with its path.
    pub function: String,
    /// The file, from the workspace's root on, and the line.
    pub line: Option<(String, u32)>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.line {
            Some((file, line)) => write!(f, "{} ({file}:{line})", self.function),
            None => f.write_str(&self.function),
        }
    }
}

fn place(frame: &Frame<'_, Reader>) -> Option<Place> {
    let function = readable(&frame.function.as_ref()?.raw_name().ok()?);
    let location = frame.location.as_ref();
    let line = location.and_then(|it| Some((short(Path::new(it.file?)), it.line?)));
    Some(Place { function, line })
}

/// The debug information of an ELF.
fn lines(file: &object::File<'_>) -> Result<Context<Reader>> {
    let endian = if file.is_little_endian() { RunTimeEndian::Little } else { RunTimeEndian::Big };
    let section = |id: SectionId| -> Result<Reader> {
        let found = file.section_by_name(id.name());
        let data = found.map(|section| section.uncompressed_data()).transpose()?;
        Ok(EndianArcSlice::new(Arc::from(data.unwrap_or_default().as_ref()), endian))
    };
    Ok(Context::from_dwarf(Dwarf::load(section)?)?)
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
        let functions = vec![(0x100, "start".into()), (0x200, "running".into())];
        let symbols = Symbols { functions, lines: None };
        let text = "kernel panic: at 0x150\nbacktrace:\n  0x0000000000000210\n  0x0000000000000200\n  0x50";
        let expected = "kernel panic: at 0x150\nbacktrace:\n  0x0000000000000210  running+0x10\n  \
            0x0000000000000200  start+0xff\n  0x50";
        assert_eq!(symbols.annotate(text), expected);
    }

    #[test]
    fn functions_are_read_from_a_program_with_readable_names() {
        let symbols = Symbols::load(&std::env::current_exe().unwrap()).unwrap();
        let (address, name) = symbols
            .functions
            .iter()
            .find(|(_, name)| name.ends_with("Symbols>::load") || name.ends_with("Symbols::load"))
            .unwrap();
        assert_eq!(symbols.name(address + 1), Some(format!("{name}+0x1")));
        let text = symbols.annotate(&format!("{address:#x}"));
        assert!(text.contains("load (tools/log/src/symbols.rs:"), "{text}");
    }
}
