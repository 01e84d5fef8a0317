//! Turns records into lines: one text or defmt stream for each source.

use crate::program::{Program, Statement, Stream};
use crate::symbols::Symbols;
use crate::{FindElf, KERNEL, Line, Record, Records};
use abi::{LOG_RATE, LogKind};
use std::collections::{HashMap, VecDeque};

/// The line before the addresses in the kernel's report of a panic.
const BACKTRACE: &str = "backtrace:";
/// The words before the server's name in init's report of a server's fault.
const BACKTRACE_OF: &str = "backtrace of ";
/// Number of a server's last lines that are shown with its fault.
const LAST_LINES: usize = 8;

/// Decodes a log piece by piece.
pub struct LogDecoder {
    find_elf: FindElf,
    records: Records,
    programs: HashMap<String, Result<&'static Program, String>>,
    sources: HashMap<u32, Source>,
    symbols: HashMap<String, Option<Symbols>>,
    /// The last lines of each program's last process.
    last: HashMap<String, VecDeque<String>>,
}

/// A process that writes to the log.
struct Source {
    name: String,
    /// `None`: its strings are not found, which is reported once.
    stream: Option<Stream>,
}

impl LogDecoder {
    /// A decoder that finds the programs' ELFs by this function.
    pub fn new(find_elf: FindElf) -> Self {
        Self {
            find_elf,
            records: Records::new(),
            programs: HashMap::new(),
            sources: HashMap::new(),
            symbols: HashMap::new(),
            last: HashMap::new(),
        }
    }

    /// Takes the next bytes of the log. Returns the lines that they complete.
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

    /// The lines at the end of a log.
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
                self.last.remove(&name);
                self.add_source(record, name, lines);
            }
            LogKind::Text => {
                let name = self.source(record, lines).name.clone();
                let text = String::from_utf8_lossy(&record.payload).trim_end().to_owned();
                let text = if name == KERNEL { self.panic_with_names(&text) } else { text };
                let statement = Statement { level: "", text, place: None };
                lines.push(self.remembered(line(record, &name, statement)));
            }
            LogKind::Dropped => {
                let name = self.source(record, lines).name.clone();
                let count =
                    record.payload.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
                let text = format!(
                    "{count} records dropped: it writes faster than {LOG_RATE} bytes a second"
                );
                let statement = Statement { level: "WARN", text, place: None };
                lines.push(self.remembered(line(record, &name, statement)));
            }
            LogKind::Audit => {
                let name = self.source(record, lines).name.clone();
                let text = logtext::audit::text(&record.payload);
                lines.push(line(record, &name, Statement { level: "AUDIT", text, place: None }));
            }
            LogKind::Defmt => {
                let source = self.source(record, lines);
                let statements = source.stream.as_mut().map(|stream| stream.push(&record.payload));
                let name = source.name.clone();
                for mut statement in statements.into_iter().flatten() {
                    statement.text = self.fault_with_names(statement.text);
                    lines.push(self.remembered(line(record, &name, statement)));
                }
            }
        }
    }

    /// The kernel's text, with the names of functions in its backtrace.
    fn panic_with_names(&mut self, text: &str) -> String {
        if text.contains(BACKTRACE) { self.with_names(KERNEL, text) } else { text.to_owned() }
    }

    /// The text of a server's fault, with names, and the last lines of the server.
    fn fault_with_names(&mut self, text: String) -> String {
        let found = text.split_once(BACKTRACE_OF).and_then(|(_, rest)| rest.split_once(':'));
        let Some(name) = found.map(|(name, _)| name.to_owned()) else { return text };
        let named = self.with_names(&name, &text);
        match self.last.get(&name) {
            Some(last) if !last.is_empty() => {
                let lines: Vec<&str> = last.iter().map(String::as_str).collect();
                format!("{named}\nlast lines of {name}:\n  {}", lines.join("\n  "))
            }
            _ => named,
        }
    }

    fn with_names(&mut self, program: &str, text: &str) -> String {
        let find_elf = &self.find_elf;
        let load = || find_elf(program).and_then(|elf| Symbols::load(&elf).ok());
        let symbols = self.symbols.entry(program.to_owned()).or_insert_with(load);
        symbols.as_ref().map_or_else(|| text.to_owned(), |symbols| symbols.annotate(text))
    }

    /// Keeps the line for the report of its source's fault.
    fn remembered(&mut self, line: Line) -> Line {
        if line.source != KERNEL {
            let last = self.last.entry(line.source.clone()).or_default();
            if last.len() == LAST_LINES {
                last.pop_front();
            }
            last.push_back(line.to_string());
        }
        line
    }

    /// The source of a record; an unannounced one is called by its number.
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
    use abi::{LogHeader, LogKind};

    fn record(kind: LogKind, source: u32, time_ns: u64, payload: &[u8]) -> Vec<u8> {
        let len = u16::try_from(payload.len()).unwrap();
        let mut bytes = LogHeader { kind, source, time_ns, len }.encode().to_vec();
        bytes.extend_from_slice(payload);
        bytes
    }

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
    fn a_fault_is_shown_with_the_last_lines_of_its_server() {
        let mut decoder = LogDecoder::new(Box::new(|_| None));
        decoder.push(&record(LogKind::Source, 7, 5, b"disk"));
        for number in 0..10 {
            decoder.push(&record(LogKind::Text, 7, 5, format!("line {number}").as_bytes()));
        }
        let text = decoder.fault_with_names("fault\nbacktrace of disk:\n  0x12".into());
        let shown: Vec<&str> = text.lines().collect();
        assert_eq!(shown[..4], ["fault", "backtrace of disk:", "  0x12", "last lines of disk:"]);
        assert_eq!(shown.len(), 4 + 8);
        assert!(shown[4].ends_with("line 2") && shown[11].ends_with("line 9"), "{text}");
        decoder.push(&record(LogKind::Source, 8, 5, b"disk"));
        let text = decoder.fault_with_names("backtrace of disk:".into());
        assert_eq!(text, "backtrace of disk:", "a new life has no lines yet");
    }

    #[test]
    fn dropped_records_are_told_of() {
        let mut decoder = LogDecoder::new(Box::new(|_| None));
        decoder.push(&record(LogKind::Source, 7, 5, b"noisy"));
        let lines = decoder.push(&record(LogKind::Dropped, 7, 5, &700_u64.to_le_bytes()));
        assert_eq!(lines.len(), 1);
        let text = lines[0].to_string();
        assert!(text.contains("noisy WARN  700 records dropped"), "{text}");
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
