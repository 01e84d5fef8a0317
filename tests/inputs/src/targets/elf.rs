//! Programs: the loader's reader of ELF files.

use super::kind;
use crate::Target;
use abi::PAGE_SIZE;
use loader::{Plan, Segment};
use qemu_harness::Images;

/// So much of a real file is of interest.
const HEAD: usize = 16 << 10;

pub(super) fn target(images: Option<&Images>) -> Target {
    let mut seeds = vec![program(2), program(1)];
    let files = images.and_then(|images| std::fs::read_dir(&images.programs).ok());
    let files = files.into_iter().flatten();
    let mut files: Vec<_> = files.flatten().map(|file| file.path()).collect();
    files.sort();
    for file in files.iter().filter(|file| file.is_file()).take(8) {
        let bytes = std::fs::read(file).expect("a program can be read");
        seeds.push(bytes[..bytes.len().min(HEAD)].to_vec());
    }
    Target { name: "elf", seeds, read: Box::new(read) }
}

/// A small good program of a class: 1 is 32 bits, 2 is 64.
fn program(class: u8) -> Vec<u8> {
    let mut bytes = vec![0; 0x420];
    let mut put = |at: usize, number: u64, len: usize| {
        bytes[at..at + len].copy_from_slice(&number.to_le_bytes()[..len]);
    };
    put(0, u64::from_le_bytes([0x7f, b'E', b'L', b'F', class, 1, 1, 0]), 8);
    put(16, 2, 2);
    put(20, 1, 4);
    let wide = class == 2;
    // The word size, the header's, and that of an entry.
    let (word, header, entry) = if wide { (8, 64, 56) } else { (4, 52, 32) };
    put(18, if wide { 62 } else { 3 }, 2);
    put(24, 0x40_0008, word);
    put(24 + word, header as u64, word);
    put(header - 12, header as u64, 2);
    put(header - 10, entry as u64, 2);
    put(header - 8, 2, 2);
    for (index, (flags, offset, address, in_file, in_memory)) in
        [(5, 0x400, 0x40_0000, 16, 16), (6, 0x410, 0x40_1010, 8, 0x2000)].into_iter().enumerate()
    {
        let at = header + index * entry;
        put(at, 1, 4);
        put(if wide { at + 4 } else { at + 24 }, flags, 4);
        let first = if wide { at + 8 } else { at + 4 };
        let numbers = [offset, address, address, in_file, in_memory];
        for (place, number) in numbers.into_iter().enumerate() {
            put(first + place * word, number, word);
        }
    }
    bytes
}

fn read(bytes: &[u8]) -> String {
    match Plan::read(bytes) {
        Ok(plan) => {
            check(&plan);
            format!("{} segments of {:?}", plan.segments.len(), plan.mode)
        }
        Err(error) => kind(&error),
    }
}

/// What the loader rests on when it maps a plan.
fn check(plan: &Plan<'_>) {
    let end = |segment: &Segment<'_>| segment.address + segment.pages * PAGE_SIZE;
    for segment in &plan.segments {
        assert!(segment.address >= PAGE_SIZE && segment.address.is_multiple_of(PAGE_SIZE));
        assert!(segment.pages > 0 && end(segment) <= plan.layout().heap_base, "{segment:?}");
        let bytes = segment.offset as u64 + segment.bytes.len() as u64;
        assert!(bytes <= segment.pages * PAGE_SIZE, "its bytes fit into its pages");
        assert!(!(segment.protection.writable() && segment.protection.executable()));
    }
    for pair in plan.segments.windows(2) {
        assert!(end(&pair[0]) <= pair[1].address, "{pair:?} overlap");
    }
    let code = |segment: &&Segment<'_>| segment.protection.executable();
    let mut code = plan.segments.iter().filter(code);
    assert!(code.any(|segment| (segment.address..end(segment)).contains(&plan.entry)));
}
