//! The strings of programs, for decoders that run on the machine itself.

use anyhow::{Context as _, Result};
use defmt_decoder::Table;
use logtext::Strings;
use serde::Deserialize;
use std::collections::BTreeMap;

/// What a table is as data: its fields are private, and it can be serialized.
#[derive(Deserialize)]
struct Entries {
    entries: BTreeMap<u16, Entry>,
}

#[derive(Deserialize)]
struct Entry {
    string: Tagged,
}

#[derive(Deserialize)]
struct Tagged {
    tag: String,
    string: String,
}

/// Adds the strings of a program, which has none if it logs nothing.
///
/// # Errors
/// When the bytes are no ELF, or their log strings cannot be read.
pub fn add_strings(strings: &mut Strings, program: &str, elf: &[u8]) -> Result<()> {
    let Some(table) = Table::parse(elf)? else { return Ok(()) };
    let data = serde_json::to_value(&table).context("a table of log strings as data")?;
    let Entries { entries } = serde_json::from_value(data)?;
    for (number, Entry { string }) in entries {
        strings.insert(program, number, &string.tag, &string.string);
    }
    Ok(())
}
