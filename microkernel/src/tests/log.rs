//! What programs may write to the system log.

use super::kit::{BYTES, boot};
use crate::Backlog;
use crate::hosted::Driver;
use crate::object::ProcessId;
use crate::object::ProcessLog;
use abi::{Error, LOG_BURST, LOG_RATE, LogHeader, LogKind, Rights, Syscall};

/// The handle of the resource in the first program.
const RESOURCE: u64 = 1;
const SECOND: u64 = 1_000_000_000;

/// The records in the log: kind, source, payload.
fn records(driver: &Driver) -> Vec<(LogKind, u32, Vec<u8>)> {
    let (mut log, mut all) = (driver.kernel.machine.log.as_slice(), Vec::new());
    while let Some(header) = log.first_chunk().and_then(LogHeader::decode) {
        let end = LogHeader::SIZE + usize::from(header.len);
        all.push((header.kind, header.source, log[LogHeader::SIZE..end].to_vec()));
        log = &log[end..];
    }
    assert!(log.is_empty(), "only records");
    all
}

/// A machine on which a child runs that has a page to log from.
fn in_child() -> (Driver, ProcessId) {
    let mut driver = boot();
    let (child, id) = driver.child(0);
    driver.give_page(child);
    driver.start_urgent(child);
    (driver, id)
}

fn write(driver: &mut Driver, frame: &[u8]) -> Result<(), Error> {
    driver.poke(BYTES, frame);
    driver.call(Syscall::LogWrite, &[BYTES, frame.len() as u64]).map(|_| ())
}

/// Writes frames until they are refused: how many were not.
fn flood(driver: &mut Driver, frames: usize) -> usize {
    let frame = [[7; 99].as_slice(), &[0]].concat();
    (0..frames).filter(|_| write(driver, &frame).is_ok()).count()
}

#[test]
fn a_flood_is_cut_off_and_counted_in_one_record() {
    let (mut driver, id) = in_child();
    let pid = driver.kernel.objects.processes[id].pid;
    driver.kernel.machine.log.clear();
    let written = flood(&mut driver, 20_000);
    let size = LogHeader::SIZE + 100;
    assert_eq!(written, usize::try_from(LOG_BURST).unwrap() / size);
    assert!(driver.kernel.machine.log.len() as u64 <= LOG_BURST);
    driver.advance(SECOND);
    assert_eq!(write(&mut driver, &[1, 0]), Ok(()));
    let all = records(&driver);
    let dropped = 20_000 - written as u64;
    let told = (LogKind::Dropped, pid, dropped.to_le_bytes().to_vec());
    assert_eq!(all[written..], [told, (LogKind::Defmt, pid, vec![1, 0])]);
    let written = flood(&mut driver, 20_000);
    let most = usize::try_from(LOG_RATE).unwrap() + size;
    assert!(written * size <= most, "{written} in a second");
}

#[test]
fn a_frame_is_dropped_as_a_whole_and_the_next_one_decodes() {
    let (mut driver, id) = in_child();
    let pid = driver.kernel.objects.processes[id].pid;
    assert_eq!(write(&mut driver, &[5; 300]), Ok(()), "the first piece of a frame");
    while write(&mut driver, &[5; 300]).is_ok() {}
    driver.advance(SECOND);
    assert_eq!(write(&mut driver, &[6; 300]), Err(Error::QuotaExceeded), "the same frame");
    assert_eq!(write(&mut driver, &[6, 0]), Err(Error::QuotaExceeded), "its end");
    driver.kernel.machine.log.clear();
    assert_eq!(write(&mut driver, &[8, 0]), Ok(()));
    let wanted = [
        (LogKind::Defmt, pid, vec![0]),
        (LogKind::Dropped, pid, 1_u64.to_le_bytes().to_vec()),
        (LogKind::Defmt, pid, vec![8, 0]),
    ];
    assert_eq!(records(&driver), wanted);
}

#[test]
fn the_count_of_a_process_that_dies_is_told() {
    let (mut driver, id) = in_child();
    let pid = driver.kernel.objects.processes[id].pid;
    let written = flood(&mut driver, 20_000);
    driver.raw(Syscall::ProcessKill as u64, &[0, 3], 0);
    let dropped = 20_000 - written as u64;
    let told = (LogKind::Dropped, pid, dropped.to_le_bytes().to_vec());
    assert_eq!(records(&driver).iter().filter(|record| **record == told).count(), 1);
}

#[test]
fn the_first_program_is_not_limited() {
    let mut driver = boot();
    assert_eq!(flood(&mut driver, 20_000), 20_000);
}

#[test]
fn descendants_share_the_bucket_of_a_program() {
    let mut driver = boot();
    let (_, server) = driver.child(0);
    let (_, program) = driver.child(0);
    let (_, first) = driver.child(0);
    let (_, second) = driver.child(0);
    let processes = &mut driver.kernel.objects.processes;
    processes[program].log = ProcessLog::of_child(server, &processes[server].log);
    for descendant in [first, second] {
        processes[descendant].log = ProcessLog::of_child(program, &processes[program].log);
    }
    let log = |driver: &mut Driver, id| {
        let frame = [[7; 99].as_slice(), &[0]].concat();
        (0..10_000)
            .filter(|_| driver.kernel.log_of_process(id, LogKind::Defmt, &frame).is_ok())
            .count()
    };
    assert!(log(&mut driver, first) > 0);
    assert_eq!((log(&mut driver, second), log(&mut driver, program)), (0, 0));
    assert!(log(&mut driver, server) > 0, "whoever started the program has its own");
}

#[test]
fn records_of_watched_calls_count_too() {
    let (mut driver, id) = in_child();
    driver.kernel.machine.log.clear();
    let audit = [0; 48];
    let written = (0..10_000)
        .filter(|_| driver.kernel.log_of_process(id, LogKind::Audit, &audit).is_ok())
        .count();
    assert!(written * (LogHeader::SIZE + 48) <= usize::try_from(LOG_BURST).unwrap());
}

#[test]
fn a_reader_gets_the_log_in_pieces_and_sees_a_gap() {
    let mut backlog = Backlog::<16>::new();
    let mut into = [0; 7];
    assert_eq!(backlog.read(0, &mut into), (0, 0));
    backlog.push(b"0123456789");
    assert_eq!(backlog.read(0, &mut into), (7, 7));
    assert_eq!(&into, b"0123456");
    assert_eq!((backlog.read(7, &mut into), &into[..3]), ((3, 10), &b"789"[..]));
    backlog.push(b"abcdefghij");
    assert_eq!((backlog.read(0, &mut into), &into), ((7, 11), b"456789a"), "the oldest left");
    assert_eq!((backlog.read(15, &mut into), &into[..5]), ((5, 20), &b"fghij"[..]));
    assert_eq!(backlog.read(u64::MAX, &mut into), (0, 20));
    backlog.push(&[b'x'; 40]);
    backlog.push(b"end");
    let mut all = [0; 20];
    assert_eq!((backlog.read(0, &mut all), &all[..16]), ((16, 63), &b"xxxxxxxxxxxxxend"[..]));
}

#[test]
fn the_log_is_read_with_a_right_of_its_own() {
    let mut driver = boot();
    let rights = u64::from(Rights::READ.bits());
    let reader = driver.make(Syscall::HandleCopy, &[RESOURCE, rights, 0]);
    let log = driver.kernel.machine.log.clone();
    let end = log.len() as u64;
    assert!(end > 8, "the boot is logged");
    let read = driver.call(Syscall::LogRead, &[reader, 4, BYTES, 4]);
    assert_eq!(read.map(|read| read.values), Ok((4, 8)));
    assert_eq!(driver.peek(BYTES, 4), log[4..8]);
    let read = driver.call(Syscall::LogRead, &[reader, end, BYTES, 4]);
    assert_eq!(read.map(|read| read.values), Ok((0, end)));
    let kernel = 1 << 47;
    let bad = driver.call(Syscall::LogRead, &[reader, 0, kernel, 4]);
    assert_eq!(bad, Err(Error::BadAddress));
    let other = u64::from(Rights::MANAGE.bits());
    let other = driver.make(Syscall::HandleCopy, &[RESOURCE, other, 0]);
    assert_eq!(driver.call(Syscall::LogRead, &[other, 0, BYTES, 4]), Err(Error::NoRight));
    assert_eq!(driver.call(Syscall::Shutdown, &[reader, 0]), Err(Error::NoRight));
}
