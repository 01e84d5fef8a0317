//! Reads Postern's system log.
//!
//! The kernel writes records ([`abi::LogHeader`] and bytes) to QEMU's debug console,
//! which is a file on the host. A record names its source by process id; most hold a
//! piece of that program's defmt stream, which only the strings in its ELF can turn
//! into text. [`Records`] finds the records, [`LogDecoder`] makes [`Line`]s of them.
#![forbid(unsafe_code)]

mod decoder;
mod program;
mod strings;
mod symbols;

pub use decoder::LogDecoder;
pub use logtext::{CHECKED_KERNEL, KERNEL, Line, Record, Records, Strings};
pub use strings::add_strings;
pub use symbols::{Place, Symbols};

use std::path::{Path, PathBuf};

/// Finds the ELF of a program by its name; `kernel` is the kernel.
pub type FindElf = Box<dyn Fn(&str) -> Option<PathBuf> + Send>;

/// Decodes a whole log file.
///
/// # Errors
/// When the file can't be read.
pub fn decode_file(file: &Path, find_elf: FindElf) -> anyhow::Result<Vec<Line>> {
    let mut decoder = LogDecoder::new(find_elf);
    let mut lines = decoder.push(&fs_err::read(file)?);
    lines.extend(decoder.finish());
    Ok(lines)
}
