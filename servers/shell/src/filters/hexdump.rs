//! `hexdump`.

use crate::options::Options;
use crate::stream::{Filter, Output, Sieve};
use crate::trouble::{Outcome, Trouble};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

const ROW: usize = 16;

#[derive(Default)]
struct Hexdump {
    offset: u64,
    row: Vec<u8>,
}

pub(crate) fn hexdump(words: &[&str]) -> Result<Sieve, Trouble> {
    let options = Options::read("C", "", words)?;
    Ok(Sieve::new(Hexdump::default(), &options.words))
}

impl Hexdump {
    fn write_row(&mut self, out: &mut dyn Output) -> Result<(), Trouble> {
        let row = core::mem::take(&mut self.row);
        let mut hex = String::new();
        for place in 0..ROW {
            let gap = if place == ROW / 2 { " " } else { "" };
            match row.get(place) {
                Some(byte) => hex.push_str(&format!("{gap} {byte:02x}")),
                None => hex.push_str(&format!("{gap}   ")),
            }
        }
        let shown = |byte: &u8| match byte {
            b' '..=b'~' => char::from(*byte),
            _ => '.',
        };
        let text: String = row.iter().map(shown).collect();
        let line = format!("{:08x} {hex}  |{text}|\n", self.offset);
        self.offset = self.offset.saturating_add(row.len() as u64);
        out.write(line.as_bytes())
    }
}

impl Filter for Hexdump {
    fn take(&mut self, bytes: &[u8], out: &mut dyn Output) -> Result<(), Trouble> {
        for byte in bytes {
            self.row.push(*byte);
            if self.row.len() == ROW {
                self.write_row(out)?;
            }
        }
        Ok(())
    }

    fn end(&mut self, out: &mut dyn Output) -> Outcome {
        if !self.row.is_empty() {
            self.write_row(out)?;
        }
        out.write(format!("{:08x}\n", self.offset).as_bytes())?;
        Ok(0)
    }
}
