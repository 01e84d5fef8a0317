//! Boot archive, first program and command line: damaged ones are refused by name.

use super::bench::{Bench, Check, Outcome};
use super::files::File;
use crate::arch::x86_64::boot::options::Options;
use crate::arch::x86_64::boot::program::{Program, ProgramError};
use archive::{Archive, ArchiveError};

pub(super) const CHECKS: &[Check] = &[
    ("archive-good", archive_good),
    ("archive-garbage", archive_garbage),
    ("archive-without-checksums", archive_without_checksums),
    ("archive-file-missing", archive_file_missing),
    ("archive-file-without-checksum", archive_no_checksum),
    ("archive-file-damaged", archive_damaged),
    ("program-good", program_good),
    ("program-cut-short", program_short),
    ("program-garbage", |bench| refused(bench, &[0x5a; 600], ProgramError::Malformed)),
    ("program-other-machine", program_other_machine),
    ("program-writable-and-executable", |bench| bad(bench, RWX, AT, ProgramError::BadProtection)),
    ("program-unreadable", |bench| bad(bench, X, AT, ProgramError::BadProtection)),
    ("program-in-the-kernel-half", |bench| bad(bench, RX, KERNEL, ProgramError::BadAddress)),
    ("program-not-page-aligned", |bench| bad(bench, RX, AT + 8, ProgramError::BadAddress)),
    ("program-at-null", |bench| bad(bench, RX, 0, ProgramError::BadAddress)),
    ("program-overlapping", program_overlapping),
    ("program-entry-not-executable", program_entry),
    ("program-empty", |bench| {
        refused(bench, File::elf(AT, &[]).as_bytes(), ProgramError::BadCount)
    }),
    ("command-line", command_line),
];

const AT: u64 = 0x40_0000;
const KERNEL: u64 = 0xffff_ffff_8020_0000;
const X: u32 = 1;
const RW: u32 = 6;
const RX: u32 = 5;
const RWX: u32 = 7;

/// CRC-32 of `hello`.
const SUMS: &[u8] = b"3610a686 hello\n00000000 broken\n";

fn archive() -> File {
    File::tar(&[("checksums", SUMS), ("hello", b"hello"), ("broken", b"x"), ("extra", b"y")])
}

fn archive_good(bench: &mut Bench<'_>) -> Outcome {
    let file = archive();
    let archive = Archive::open(file.as_bytes());
    let found = archive.is_ok_and(|archive| archive.file("hello") == Ok(b"hello"));
    bench.hold("a good file is refused", found)
}

fn archive_garbage(bench: &mut Bench<'_>) -> Outcome {
    let garbage = [0x5a; 2048];
    bench.hold("whole blocks", Archive::open(&garbage).is_err())?;
    bench.hold("no whole blocks", Archive::open(&garbage[..100]).is_err())?;
    bench.hold("empty", Archive::open(&[]).is_err())
}

fn archive_without_checksums(bench: &mut Bench<'_>) -> Outcome {
    let file = File::tar(&[("hello", b"hello")]);
    let error = Archive::open(file.as_bytes()).err();
    bench.hold("another answer", error == Some(ArchiveError::NoFile("checksums")))
}

fn file_error(name: &'static str) -> Option<ArchiveError<'static>> {
    let file = archive();
    Archive::open(file.as_bytes()).ok()?.file(name).err()
}

fn archive_file_missing(bench: &mut Bench<'_>) -> Outcome {
    bench.hold("another answer", file_error("nothing") == Some(ArchiveError::NoFile("nothing")))
}

fn archive_no_checksum(bench: &mut Bench<'_>) -> Outcome {
    bench.hold("another answer", file_error("extra") == Some(ArchiveError::NoChecksum("extra")))
}

fn archive_damaged(bench: &mut Bench<'_>) -> Outcome {
    let wanted = Some(ArchiveError::Damaged("broken"));
    bench.hold("another answer", file_error("broken") == wanted)
}

fn refused(bench: &mut Bench<'_>, file: &[u8], wanted: ProgramError) -> Outcome {
    let found = Program::parse(file).err();
    bench.hold("it was accepted", found.is_some())?;
    bench.hold("for another reason", found == Some(wanted))
}

fn bad(bench: &mut Bench<'_>, flags: u32, address: u64, wanted: ProgramError) -> Outcome {
    refused(bench, File::elf(AT, &[(flags, address, 16)]).as_bytes(), wanted)
}

fn program_good(bench: &mut Bench<'_>) -> Outcome {
    let file = File::elf(AT + 4, &[(RX, AT, 16), (RW, AT + 0x1000, 16)]);
    let program = Program::parse(file.as_bytes());
    let found = program.map_or(0, |program| program.segments.len());
    bench.equal("segments", found as u64, 2)
}

fn program_short(bench: &mut Bench<'_>) -> Outcome {
    let file = File::elf(AT, &[(RX, AT, 512)]);
    for len in [0, 3, 20, 63, 64, 100, 300] {
        refused(bench, &file.as_bytes()[..len], ProgramError::Malformed)?;
    }
    Ok(())
}

fn program_other_machine(bench: &mut Bench<'_>) -> Outcome {
    let mut file = File::elf(AT, &[(RX, AT, 16)]);
    file.bytes[18] = 3;
    refused(bench, file.as_bytes(), ProgramError::NotForHere)
}

fn program_overlapping(bench: &mut Bench<'_>) -> Outcome {
    let same = File::elf(AT, &[(RX, AT, 0x1001 - 1), (RW, AT, 16)]);
    refused(bench, same.as_bytes(), ProgramError::Overlap)?;
    let backwards = File::elf(AT, &[(RX, AT + 0x1000, 16), (RW, AT, 16)]);
    refused(bench, backwards.as_bytes(), ProgramError::Overlap)
}

fn program_entry(bench: &mut Bench<'_>) -> Outcome {
    let outside = File::elf(AT + 16, &[(RX, AT, 16)]);
    refused(bench, outside.as_bytes(), ProgramError::BadEntry)?;
    let data = File::elf(AT, &[(RW, AT, 16)]);
    refused(bench, data.as_bytes(), ProgramError::BadEntry)
}

fn command_line(bench: &mut Bench<'_>) -> Outcome {
    let options = Options::parse(" selftest log=warn  inject=a-b other=1 ");
    bench.hold("selftest", options.selftest)?;
    bench.hold("log", options.log == Some("warn"))?;
    bench.hold("inject", options.inject == Some("a-b"))?;
    bench.hold("first program", options.init() == "selftest")?;
    bench.hold("init=", Options::parse("selftest init=shell").init() == "shell")?;
    bench.hold("empty", Options::parse("").init() == "init")
}
