//! Turns records into lines: one text or defmt stream for each source.

use crate::audit;
use crate::program::{Program, Statement, Stream};
use crate::symbols::Symbols;
use crate::{FindElf, KERNEL, Line, Record, Records};
use abi::LogKind;
use std::collections::HashMap;

/// What stands before the addresses in the report of a panic.
const BACKTRACE: &str = "backtrace:";

/// Decodes the log as it comes.
pub struct LogDecoder {
    find_elf: FindElf,
    records: Records,
    programs: HashMap<String, Result<&'static Program, String>>,
    sources: HashMap<u32, Source>,
}

/// A process that writes to the log.
struct Source {
    name: String,
    /// `None`: its strings can't be found; said once when the source appeared.
    stream: Option<Stream>,
}

impl LogDecoder {
    /// A decoder that finds the programs' ELFs so.
    pub fn new(find_elf: FindElf) -> Self {
        Self {
            find_elf,
            records: Records::new(),
            programs: HashMap::new(),
            sources: HashMap::new(),
        }
    }

    /// Takes the next bytes of the log; the lines that they complete.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Line> {
        self.records.push(bytes);
        let mut lines = Vec::new();
        while let Some(record) = self.records.next_record() {
            let skipped = self.records.take_skipped();
            if skipped > 0 {
                lines.push(note(record.header.time_ns, skipped, "bytes that are no record"));
            }
            self.record(&record, &mut lines);
        }
        lines
    }

    /// What is to be said at the end of a log.
    pub fn finish(&mut self) -> Vec<Line> {
        match self.records.unfinished() + self.records.take_skipped() {
            0 => Vec::new(),
            left => vec![note(0, left, "bytes at the end of the log, cut off in a record")],
        }
    }

    fn record(&mut self, record: &Record, lines: &mut Vec<Line>) {
        match record.header.kind {
            LogKind::Source => {
                let name = String::from_utf8_lossy(&record.payload);
                let name = name.trim_end_matches('\0').to_owned();
                self.add_source(record, name, lines);
            }
            LogKind::Text => {
                let name = self.source(record, lines).name.clone();
                let text = String::from_utf8_lossy(&record.payload).trim_end().to_owned();
                let text = if name == KERNEL { self.with_names(&text) } else { text };
                lines.push(line(record, &name, Statement { level: "", text, place: None }));
            }
            LogKind::Audit => {
                let name = self.source(record, lines).name.clone();
                let text = audit::text(&record.payload);
                lines.push(line(record, &name, Statement { level: "AUDIT", text, place: None }));
            }
            LogKind::Defmt => {
                let source = self.source(record, lines);
                let statements = source.stream.as_mut().map(|stream| stream.push(&record.payload));
                let name = source.name.clone();
                lines.extend(statements.into_iter().flatten().map(|s| line(record, &name, s)));
            }
        }
    }

    /// The kernel's text, with the names of functions in its backtrace.
    fn with_names(&self, text: &str) -> String {
        if !text.contains(BACKTRACE) {
            return text.to_owned();
        }
        match (self.find_elf)(KERNEL).and_then(|elf| Symbols::load(&elf).ok()) {
            Some(symbols) => symbols.annotate(text),
            None => text.to_owned(),
        }
    }

    /// The source of a record; one that was never announced goes by its number.
    fn source(&mut self, record: &Record, lines: &mut Vec<Line>) -> &mut Source {
        let number = record.header.source;
        if !self.sources.contains_key(&number) {
            let name = if number == 0 { KERNEL.to_owned() } else { format!("process-{number}") };
            self.add_source(record, name, lines);
        }
        self.sources.entry(number).or_insert_with(|| Source { name: String::new(), stream: None })
    }

    fn add_source(&mut self, record: &Record, name: String, lines: &mut Vec<Line>) {
        let program = self
            .programs
            .entry(name.clone())
            .or_insert_with(|| load(&self.find_elf, &name).map_err(|error| format!("{error:#}")));
        let stream = match program {
            Ok(program) => Some(program.stream()),
            Err(why) => {
                let text = format!("<its log can't be decoded: {why}>");
                lines.push(line(record, &name, Statement { level: "WARN", text, place: None }));
                None
            }
        };
        self.sources.insert(record.header.source, Source { name, stream });
    }
}

fn load(find_elf: &FindElf, name: &str) -> anyhow::Result<&'static Program> {
    match find_elf(name) {
        Some(elf) => Program::load(&elf),
        None => anyhow::bail!("no program file of this name"),
    }
}

fn line(record: &Record, source: &str, statement: Statement) -> Line {
    Line {
        time_ns: record.header.time_ns,
        source: source.to_owned(),
        level: statement.level,
        text: statement.text,
        place: statement.place,
    }
}

fn note(time_ns: u64, count: usize, what: &str) -> Line {
    Line {
        time_ns,
        source: "log".to_owned(),
        level: "WARN",
        text: format!("<{count} {what}>"),
        place: None,
    }
}

#[cfg(test)]
mod tests {
    use super::LogDecoder;
    use crate::records::tests::record;
    use abi::LogKind;

    #[test]
    fn text_goes_by_the_name_of_its_source() {
        let mut decoder = LogDecoder::new(Box::new(|_| None));
        let lines = decoder.push(
            &[
                record(LogKind::Source, 7, 5, b"hello"),
                record(LogKind::Text, 7, 2_000_000_000, b"panicked\n"),
                record(LogKind::Text, 9, 3_000_000_000, b"who?"),
            ]
            .concat(),
        );
        let shown: Vec<String> = lines.iter().map(ToString::to_string).collect();
        assert!(shown[0].contains("hello WARN  <its log can't be decoded: no program file"));
        assert_eq!(shown[1], "[   2.000000] hello       panicked");
        assert!(shown[3].ends_with("process-9       who?"));
        assert_eq!(shown.len(), 4);
    }

    #[test]
    fn an_undecodable_source_is_reported_once() {
        let mut decoder = LogDecoder::new(Box::new(|_| None));
        let defmt = record(LogKind::Defmt, 0, 1, &[1, 2, 3]);
        assert_eq!(decoder.push(&defmt).len(), 1);
        assert_eq!(decoder.push(&defmt).len(), 0);
    }

    #[test]
    fn what_is_cut_off_at_the_end_is_told() {
        let mut decoder = LogDecoder::new(Box::new(|_| None));
        decoder.push(&record(LogKind::Source, 1, 1, b"init")[..20]);
        assert!(decoder.finish()[0].text.contains("20 bytes at the end"));
    }
}
