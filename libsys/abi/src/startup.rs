//! The startup block: what a new process is told.
//!
//! UTF-8 text, one `key value…` pair a line, ended by the first zero byte; mapped
//! read-only at [`STARTUP_ADDRESS`](crate::STARTUP_ADDRESS). Keys: `name NAME`,
//! `arg TEXT` (in order), `handle NAME NUMBER`, `cmdline TEXT`, `archive BYTES`.

use crate::Handle;
use core::fmt::{self, Write};

/// Reads a startup block.
#[derive(Clone, Copy, Debug)]
pub struct Startup<'a> {
    text: &'a str,
}

impl<'a> Startup<'a> {
    /// The block in these bytes; empty when they are not UTF-8.
    pub fn parse(bytes: &'a [u8]) -> Self {
        let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
        Self { text: core::str::from_utf8(&bytes[..end]).unwrap_or("") }
    }

    /// The values of all lines with this key, in order.
    pub fn values(self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.text.lines().filter_map(move |line| match line.split_once(' ') {
            Some((found, value)) if found == key => Some(value),
            None if line == key => Some(""),
            _ => None,
        })
    }

    /// The program's name.
    pub fn name(self) -> &'a str {
        self.values("name").next().unwrap_or("")
    }

    /// The handle with this name.
    pub fn handle(self, name: &str) -> Option<Handle> {
        self.values("handle").find_map(|value| {
            let (found, number) = value.split_once(' ')?;
            (found == name).then(|| number.parse().ok().map(Handle))?
        })
    }
}

/// Writes a startup block.
#[derive(Debug)]
pub struct StartupWriter<'a> {
    buffer: &'a mut [u8],
    used: usize,
}

impl<'a> StartupWriter<'a> {
    /// Starts an empty block; one byte is kept for the end mark.
    pub fn new(buffer: &'a mut [u8]) -> Self {
        buffer.fill(0);
        Self { buffer, used: 0 }
    }

    /// Adds a line. Line breaks and zeros in the value become spaces.
    ///
    /// # Errors
    /// When the block is full; a part of the line may have been written.
    pub fn line(&mut self, key: &str, value: &str) -> fmt::Result {
        self.write_str(key)?;
        self.write_str(" ")?;
        for character in value.chars() {
            self.write_char(if matches!(character, '\n' | '\r' | '\0') { ' ' } else { character })?;
        }
        self.write_str("\n")
    }

    /// Adds a line with a number.
    ///
    /// # Errors
    /// When the block is full.
    pub fn number(&mut self, key: &str, value: u64) -> fmt::Result {
        writeln!(self, "{key} {value}")
    }

    /// Adds a handle.
    ///
    /// # Errors
    /// When the block is full.
    pub fn handle(&mut self, name: &str, handle: Handle) -> fmt::Result {
        writeln!(self, "handle {name} {}", handle.0)
    }
}

impl Write for StartupWriter<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.used + text.len();
        if end >= self.buffer.len() {
            return Err(fmt::Error);
        }
        self.buffer[self.used..end].copy_from_slice(text.as_bytes());
        self.used = end;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Startup, StartupWriter};
    use crate::Handle;

    #[test]
    fn what_is_written_is_read() {
        let mut block = [0; 128];
        let mut writer = StartupWriter::new(&mut block);
        writer.line("name", "echo").unwrap();
        writer.line("arg", "two words").unwrap();
        writer.line("arg", "a\nb").unwrap();
        writer.handle("names", Handle(65537)).unwrap();
        let read = Startup::parse(&block);
        assert_eq!(read.name(), "echo");
        assert!(read.values("arg").eq(["two words", "a b"]));
        assert_eq!(read.handle("names"), Some(Handle(65537)));
        assert_eq!(read.handle("other"), None);
    }

    #[test]
    fn a_full_block_is_an_error() {
        let mut block = [0; 8];
        let mut writer = StartupWriter::new(&mut block);
        assert!(writer.line("name", "much too long").is_err());
        assert_eq!(block[7], 0, "the end mark stays");
    }
}
