//! The system log, as the host decodes it: any program writes what it likes into it.

use crate::Target;
use abi::{LogHeader, LogKind};
use log_decoder::LogDecoder;
use std::path::{Path, PathBuf};

fn record(kind: LogKind, source: u32, payload: &[u8]) -> Vec<u8> {
    let len = u16::try_from(payload.len()).expect("a short record");
    let header = LogHeader { kind, source, time_ns: 5_000_000, len };
    [header.encode().as_slice(), payload].concat()
}

pub(super) fn target(programs: Option<&Path>) -> Target {
    let named = |source, name: &[u8]| record(LogKind::Source, source, name);
    let seeds = vec![
        [
            named(1, b"init"),
            record(LogKind::Text, 1, b"fault\nbacktrace of init:\n  0x400010\n  0x12\n"),
            record(LogKind::Audit, 1, &[7; 64]),
        ]
        .concat(),
        [named(2, b"hello"), record(LogKind::Defmt, 2, &[1, 0, 0, 5, 1, 2, 3])].concat(),
        // Frames as a program writes them: rzcobs, each with a zero behind it.
        [
            named(2, b"shell"),
            record(LogKind::Defmt, 2, &[0x11, 0x22, 0xf8, 0, 0x01, 0x09, 0x80, 0, 3, 0, 0]),
            record(LogKind::Text, 0, b"panicked\nbacktrace:\n  0xffffffff80001000\n"),
        ]
        .concat(),
    ];
    let folder: Option<PathBuf> = programs.map(Path::to_owned);
    let read = move |bytes: &[u8]| {
        let folder = folder.clone();
        // Names come from the log: one that leaves the folder is none of a program.
        let find = move |name: &str| {
            let plain = !name.is_empty() && !name.contains(['/', '\\', '\0', '.']);
            folder.as_ref().filter(|_| plain).map(|folder| folder.join(name))
        };
        let mut decoder = LogDecoder::new(Box::new(find));
        // In two pieces, as a file that grows is read.
        let (first, rest) = bytes.split_at(bytes.len() / 2);
        let mut lines = decoder.push(first);
        lines.extend(decoder.push(rest));
        lines.extend(decoder.finish());
        let shown: usize = lines.iter().map(|line| line.to_string().len().min(1)).sum();
        format!("{shown} lines")
    };
    Target { name: "log", seeds, read: Box::new(read) }
}
