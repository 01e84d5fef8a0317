//! The strings of one program and the stream of one process.

use anyhow::Context as _;
use defmt_decoder::{DecodeError, Frame, Locations, StreamDecoder, Table};
use std::path::Path;

/// The log statements of a program, from its ELF.
pub(crate) struct Program {
    table: Table,
    locations: Locations,
}

impl Program {
    /// Reads the ELF. The result is leaked: there are a handful of programs, each read once, and
    /// all their streams borrow it.
    pub(crate) fn load(elf: &Path) -> anyhow::Result<&'static Self> {
        let bytes = fs_err::read(elf)?;
        let table = Table::parse(&bytes)?
            .with_context(|| format!("{} holds no log strings", elf.display()))?;
        let locations = table.get_locations(&bytes)?;
        Ok(Box::leak(Box::new(Self { table, locations })))
    }

    /// Starts decoding one process of this program.
    pub(crate) fn stream(&'static self) -> Stream {
        Stream { program: self, decoder: self.table.new_stream_decoder() }
    }

    fn place(&self, frame: &Frame<'_>) -> Option<String> {
        let location = self.locations.get(&frame.index())?;
        Some(format!("{}:{}", short(&location.file), location.line))
    }
}

/// The path from the workspace's root on: what comes before is the builder's own.
pub(crate) fn short(file: &Path) -> String {
    let text = file.to_string_lossy();
    ["microkernel/", "libsys/", "init/", "servers/", "tests/", "tools/", "library/"]
        .into_iter()
        .find_map(|folder| text.rfind(&format!("/{folder}")).map(|at| text[at + 1..].to_owned()))
        .unwrap_or_else(|| text.into_owned())
}

/// The defmt stream of one process.
pub(crate) struct Stream {
    program: &'static Program,
    decoder: Box<dyn StreamDecoder + Send + Sync>,
}

/// A decoded log statement.
pub(crate) struct Statement {
    pub(crate) level: &'static str,
    pub(crate) text: String,
    pub(crate) place: Option<String>,
}

impl Stream {
    /// Takes the next bytes of the stream. Returns the statements that they complete, or errors.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Vec<Statement> {
        self.decoder.received(bytes);
        let mut statements = Vec::new();
        loop {
            match self.decoder.decode() {
                Ok(frame) => statements.push(statement(self.program, &frame)),
                Err(DecodeError::UnexpectedEof) => return statements,
                Err(DecodeError::Malformed) => {
                    statements.push(malformed());
                    if !self.program.table.encoding().can_recover() {
                        self.decoder = self.program.table.new_stream_decoder();
                        return statements;
                    }
                }
            }
        }
    }
}

fn statement(program: &Program, frame: &Frame<'_>) -> Statement {
    let level = frame.level().map_or("", |level| match level.as_str() {
        "trace" => "TRACE",
        "debug" => "DEBUG",
        "info" => "INFO",
        "warn" => "WARN",
        _ => "ERROR",
    });
    Statement { level, text: frame.display_message().to_string(), place: program.place(frame) }
}

fn malformed() -> Statement {
    Statement {
        level: "WARN",
        text: "<a log frame that does not decode: was the program rebuilt since?>".to_owned(),
        place: None,
    }
}
