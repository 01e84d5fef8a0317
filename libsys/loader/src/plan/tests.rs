//! Files made for the test, each with one thing wrong.

use super::{Plan, Segment};
use crate::FileError;
use crate::test_file::{CODE, DATA, ENTRY_LEN, HEADER, Header, file};
use abi::{HEAP_BASE, Layout, Protection, ThreadMode};

fn error(headers: &[Header]) -> FileError {
    Plan::read(&file(2, 62, 0x40_0000, headers)).unwrap_err()
}

#[test]
fn a_good_file_is_planned() {
    let bytes = file(2, 62, 0x40_0008, &[DATA, CODE]);
    let plan = Plan::read(&bytes).unwrap();
    assert_eq!(plan.entry, 0x40_0008);
    assert_eq!(plan.pages(), 4);
    let code = Segment {
        address: 0x40_0000,
        pages: 1,
        protection: Protection::ReadExecute,
        bytes: &bytes[0x400..0x410],
        offset: 0,
    };
    let data = Segment {
        address: 0x40_1000,
        pages: 3,
        protection: Protection::ReadWrite,
        bytes: &bytes[0x410..0x418],
        offset: 0x10,
    };
    assert_eq!(plan.segments, [code, data]);
}

/// A 32-bit file: one code segment at this address.
fn file_32(machine: u16, address: u32) -> Vec<u8> {
    let mut bytes = vec![0; 0x420];
    bytes[..7].copy_from_slice(&[0x7f, b'E', b'L', b'F', 1, 1, 1]);
    bytes[16..18].copy_from_slice(&2u16.to_le_bytes());
    bytes[18..20].copy_from_slice(&machine.to_le_bytes());
    bytes[20] = 1;
    bytes[24..28].copy_from_slice(&address.to_le_bytes());
    bytes[28..32].copy_from_slice(&52u32.to_le_bytes());
    bytes[40..42].copy_from_slice(&52u16.to_le_bytes());
    bytes[42..44].copy_from_slice(&32u16.to_le_bytes());
    bytes[44] = 1;
    let header = [1, 0x400, address, address, 16, 16, 5, 1];
    for (place, number) in bytes[52..84].chunks_exact_mut(4).zip(header) {
        place.copy_from_slice(&number.to_le_bytes());
    }
    bytes
}

#[test]
fn a_32_bit_file_lies_where_32_bits_reach() {
    let bytes = file_32(3, 0x40_0000);
    let plan = Plan::read(&bytes).unwrap();
    assert_eq!((plan.mode, plan.layout()), (ThreadMode::Bits32, &Layout::BITS_32));
    assert_eq!((plan.entry, plan.segments[0].address), (0x40_0000, 0x40_0000));
    let above = u32::try_from(Layout::BITS_32.heap_base).unwrap();
    assert_eq!(Plan::read(&file_32(3, above)), Err(FileError::OutOfRange(0)));
    for machine in [62, 40] {
        let bytes = file_32(machine, 0x40_0000);
        assert_eq!(
            Plan::read(&bytes),
            Err(FileError::OtherMachine),
            "the class and the machine must fit"
        );
    }
    assert_eq!(Plan::read(&file(2, 3, 0x40_0000, &[CODE])), Err(FileError::OtherMachine));
}

#[test]
fn each_wrong_is_named() {
    assert_eq!(error(&[]), FileError::Empty);
    assert_eq!(error(&[Header { flags: 7, ..CODE }]), FileError::WritableCode(0));
    assert_eq!(error(&[CODE, Header { flags: 7, ..DATA }]), FileError::WritableCode(1));
    assert_eq!(error(&[Header { in_file: 17, ..CODE }]), FileError::Shrinks(0));
    assert_eq!(error(&[CODE, Header { in_file: 0x11, ..DATA }]), FileError::Truncated(1));
    assert_eq!(error(&[Header { offset: u64::MAX, ..CODE }]), FileError::Truncated(0));
    assert_eq!(error(&[Header { address: 0, ..CODE }]), FileError::OutOfRange(0));
    assert_eq!(error(&[Header { address: 0xf000, ..CODE }]), FileError::OutOfRange(0));
    assert_eq!(error(&[Header { address: HEAP_BASE - 8, ..CODE }]), FileError::OutOfRange(0));
    assert_eq!(error(&[Header { address: u64::MAX - 8, ..CODE }]), FileError::OutOfRange(0));
    assert_eq!(error(&[CODE, Header { address: 0x40_0ff0, ..DATA }]), FileError::Overlap(1));
    assert_eq!(error(&[Header { flags: 4, ..CODE }]), FileError::BadEntry);
    assert_eq!(error(&[CODE, Header { kind: 3, ..DATA }]), FileError::NotStatic);
    assert_eq!(error(&[CODE, Header { kind: 2, ..DATA }]), FileError::NotStatic);
    assert_eq!(error(&[CODE, Header { kind: 7, ..DATA }]), FileError::ThreadLocal);
    let many: Vec<Header> =
        (0..17).map(|n| Header { address: 0x40_0000 + n * 0x1000, ..CODE }).collect();
    assert_eq!(error(&many), FileError::TooManySegments);
}

#[test]
fn other_files_are_refused() {
    let good = [CODE];
    assert_eq!(Plan::read(b"#!/bin/sh\n"), Err(FileError::NotElf));
    assert_eq!(Plan::read(&file(3, 62, 0x40_0000, &good)), Err(FileError::NotStatic));
    assert_eq!(Plan::read(&file(2, 40, 0x40_0000, &good)), Err(FileError::OtherMachine));
    assert_eq!(Plan::read(&file(2, 62, 0x50_0000, &good)), Err(FileError::BadEntry));
}

#[test]
fn a_file_cut_anywhere_is_an_error_or_a_shorter_program() {
    let whole = file(2, 62, 0x40_0000, &[CODE, DATA]);
    for len in 0..0x418 {
        assert!(Plan::read(&whole[..len]).is_err(), "cut at {len}");
    }
}

#[test]
fn no_single_changed_byte_makes_it_panic() {
    let whole = file(2, 62, 0x40_0000, &[CODE, DATA]);
    for at in 0..HEADER + 2 * ENTRY_LEN {
        for value in [0, 1, 0x7f, 0x80, 0xff] {
            let mut changed = whole.clone();
            changed[at] = value;
            if let Ok(plan) = Plan::read(&changed) {
                for segment in &plan.segments {
                    let room = usize::try_from(segment.pages).unwrap() * 4096;
                    assert!(segment.offset + segment.bytes.len() <= room);
                }
            }
        }
    }
}
