//! The system log, as the host decodes it: any program writes what it likes into it.

use crate::Target;
use abi::{LogHeader, LogKind};
use log_decoder::LogDecoder;
use qemu_harness::Images;
use std::cell::RefCell;

fn record(kind: LogKind, source: u32, payload: &[u8]) -> Vec<u8> {
    let len = u16::try_from(payload.len()).expect("a short record");
    let header = LogHeader { kind, source, time_ns: 5_000_000, len };
    [header.encode().as_slice(), payload].concat()
}

pub(super) fn target(images: Option<&Images>) -> Target {
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
    // The strings of real programs are read once, and stay with the decoder.
    let real = images.map(|images| {
        let mut decoder = LogDecoder::new(images.elfs().finder());
        seeds.iter().for_each(|seed| drop(decoder.push(seed)));
        RefCell::new(decoder)
    });
    let read = move |bytes: &[u8]| {
        let mut own = LogDecoder::new(Box::new(|_: &str| None));
        let mut kept = real.as_ref().map(RefCell::borrow_mut);
        let decoder = kept.as_deref_mut().unwrap_or(&mut own);
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
