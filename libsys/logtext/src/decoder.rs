//! From records to lines.

use crate::{KERNEL, Line, Record, Records, Strings, audit, frame};
use abi::{LOG_RATE, LogKind};
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// Sources that are remembered; of more, those that wrote last.
const SOURCES: usize = 160;
/// The longest frame that is put together.
const FRAME_BYTES: usize = 8 << 10;
/// The longest text of a line.
const TEXT_BYTES: usize = 2 << 10;

/// A process that writes to the log.
#[derive(Clone, Debug, Default)]
struct Source {
    name: String,
    /// The start of a frame.
    begun: Vec<u8>,
    /// Whether the rest of a frame is passed over.
    is_cut: bool,
    /// When it wrote last, by the count of records.
    last: u64,
}

/// Decodes a log piece by piece.
#[derive(Debug, Default)]
pub struct Decoder {
    records: Records,
    strings: Strings,
    sources: BTreeMap<u32, Source>,
    count: u64,
}

impl Decoder {
    /// A decoder with these strings.
    #[must_use]
    pub fn new(strings: Strings) -> Self {
        Self { strings, ..Self::default() }
    }

    /// Names of processes that are known from elsewhere.
    pub fn name(&mut self, sources: impl IntoIterator<Item = (u32, String)>) {
        for (pid, name) in sources {
            self.source(pid).name = name;
        }
    }

    /// The names of processes, for [`Decoder::name`].
    pub fn names(&self) -> impl Iterator<Item = (u32, &str)> {
        self.sources.iter().map(|(pid, source)| (*pid, source.name.as_str()))
    }

    /// The bytes of an incomplete record.
    #[must_use]
    pub fn unfinished(&self) -> usize {
        self.records.unfinished()
    }

    /// Takes the next bytes of the log. Returns the lines that they complete.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Line> {
        self.records.push(bytes);
        let mut lines = Vec::new();
        while let Some(record) = self.records.next_record() {
            self.record(&record, &mut lines);
        }
        lines
    }

    fn record(&mut self, record: &Record, lines: &mut Vec<Line>) {
        self.count = self.count.wrapping_add(1);
        let pid = record.header.source;
        let mut tell = |name: &str, level, text: &str| {
            let text = text[..text.floor_char_boundary(TEXT_BYTES)].trim_end().to_string();
            let time_ns = record.header.time_ns;
            lines.push(Line { time_ns, source: name.into(), level, text, place: None });
        };
        if record.header.kind == LogKind::Source {
            let name = String::from_utf8_lossy(&record.payload);
            let name = name.trim_end_matches('\0').to_string();
            *self.source(pid) = Source { name, last: self.count, ..Source::default() };
            return;
        }
        let strings = core::mem::take(&mut self.strings);
        let source = self.source(pid);
        match record.header.kind {
            LogKind::Text => tell(&source.name, "", &String::from_utf8_lossy(&record.payload)),
            LogKind::Audit => tell(&source.name, "AUDIT", &audit::text(&record.payload)),
            LogKind::Dropped => {
                let count = record.payload.first_chunk().map_or(0, |it| u64::from_le_bytes(*it));
                let why = format!("it writes faster than {LOG_RATE} bytes a second");
                tell(&source.name, "WARN", &format!("{count} records dropped: {why}"));
            }
            LogKind::Source | LogKind::Defmt => {
                for frame in source.frames(&record.payload) {
                    let (level, text) = statement(&strings, &source.name, &frame);
                    tell(&source.name, level, &text);
                }
            }
        }
        self.strings = strings;
    }

    /// The source of a record; an unannounced one is called by its number.
    fn source(&mut self, pid: u32) -> &mut Source {
        if !self.sources.contains_key(&pid) && self.sources.len() >= SOURCES {
            let oldest = self.sources.iter().min_by_key(|(_, source)| source.last);
            if let Some(oldest) = oldest.map(|(pid, _)| *pid) {
                self.sources.remove(&oldest);
            }
        }
        let source = self.sources.entry(pid).or_insert_with(|| Source {
            name: if pid == 0 { KERNEL.into() } else { format!("process-{pid}") },
            ..Source::default()
        });
        source.last = self.count;
        source
    }
}

impl Source {
    /// The frames that these bytes complete.
    fn frames(&mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut whole = Vec::new();
        for byte in bytes {
            match byte {
                0 => {
                    let frame = core::mem::take(&mut self.begun);
                    if !core::mem::take(&mut self.is_cut) && !frame.is_empty() {
                        whole.push(frame);
                    }
                }
                _ if self.begun.len() < FRAME_BYTES => self.begun.push(*byte),
                _ => self.is_cut = true,
            }
        }
        whole
    }
}

fn statement(strings: &Strings, program: &str, encoded: &[u8]) -> (&'static str, String) {
    let bytes = frame::decode(encoded);
    let split = bytes.as_deref().and_then(frame::split);
    let known = split.and_then(|(number, arguments)| {
        let (level, format) = strings.get(program, number)?;
        Some((level, frame::text(format, arguments)?))
    });
    known.unwrap_or_else(|| ("", format!("<{} bytes of unknown text>", encoded.len())))
}

#[cfg(test)]
mod tests {
    use super::{Decoder, SOURCES};
    use crate::Strings;
    use crate::records::tests::record;
    use abi::LogKind;

    fn shown(decoder: &mut Decoder, bytes: &[u8]) -> Vec<String> {
        decoder.push(bytes).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn all_kinds_of_records_are_lines() {
        let mut decoder = Decoder::new(Strings::parse("= hello\n3 WARN so {=u8}\n"));
        let log = [
            record(LogKind::Source, 7, 1, b"hello\0\0"),
            // A frame in two pieces, then one that is none.
            record(LogKind::Defmt, 7, 1_000_000_000, &[3, 2]),
            record(LogKind::Defmt, 7, 2_000_000_000, &[0x7a, 0, 9, 0]),
            record(LogKind::Text, 7, 3_000_000_000, b"panicked\n"),
            record(LogKind::Dropped, 0, 4_000_000_000, &5_u64.to_le_bytes()),
            record(LogKind::Text, 9, 5_000_000_000, b"who?"),
        ]
        .concat();
        let lines = shown(&mut decoder, &log);
        assert_eq!(
            lines,
            [
                "[   2.000000] hello WARN  so 2",
                "[   2.000000] hello       <1 bytes of unknown text>",
                "[   3.000000] hello       panicked",
                "[   4.000000] kernel WARN  5 records dropped: it writes faster than 32768 bytes a second",
                "[   5.000000] process-9       who?",
            ]
        );
        assert_eq!(decoder.names().collect::<Vec<_>>()[1], (7, "hello"));
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut decoder = Decoder::default();
        decoder.push(&record(LogKind::Source, 1, 0, b"first"));
        for pid in 2..2000 {
            decoder.push(&record(LogKind::Source, pid, 0, b"program"));
            decoder.push(&record(LogKind::Text, 1, 0, b"alive"));
        }
        assert_eq!(decoder.names().count(), SOURCES);
        assert!(decoder.names().any(|named| named == (1, "first")), "it writes all the time");
        for _ in 0..20 {
            assert!(shown(&mut decoder, &record(LogKind::Defmt, 1, 0, &[7; 1000])).is_empty());
        }
        assert!(shown(&mut decoder, &record(LogKind::Defmt, 1, 0, &[0])).is_empty(), "it was cut");
        assert_eq!(shown(&mut decoder, &record(LogKind::Defmt, 1, 0, &[9, 0])).len(), 1);
    }
}
