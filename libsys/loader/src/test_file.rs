//! ELF files made for tests.

pub(crate) const HEADER: usize = 64;
pub(crate) const ENTRY_LEN: usize = 56;

pub(crate) struct Header {
    pub(crate) kind: u32,
    pub(crate) flags: u32,
    pub(crate) offset: u64,
    pub(crate) address: u64,
    pub(crate) in_file: u64,
    pub(crate) in_memory: u64,
}

pub(crate) const CODE: Header =
    Header { kind: 1, flags: 5, offset: 0x400, address: 0x40_0000, in_file: 16, in_memory: 16 };
pub(crate) const DATA: Header =
    Header { kind: 1, flags: 6, offset: 0x410, address: 0x40_1010, in_file: 8, in_memory: 0x2000 };

pub(crate) fn file(kind: u16, machine: u16, entry: u64, headers: &[Header]) -> Vec<u8> {
    let mut bytes = vec![0; 0x420];
    bytes[..7].copy_from_slice(&[0x7f, b'E', b'L', b'F', 2, 1, 1]);
    bytes[16..18].copy_from_slice(&kind.to_le_bytes());
    bytes[18..20].copy_from_slice(&machine.to_le_bytes());
    bytes[20] = 1;
    bytes[24..32].copy_from_slice(&entry.to_le_bytes());
    bytes[32..40].copy_from_slice(&(HEADER as u64).to_le_bytes());
    bytes[52..54].copy_from_slice(&64u16.to_le_bytes());
    bytes[54..56].copy_from_slice(&56u16.to_le_bytes());
    bytes[56] = u8::try_from(headers.len()).unwrap();
    for (index, header) in headers.iter().enumerate() {
        let at = HEADER + index * ENTRY_LEN;
        bytes[at..at + 4].copy_from_slice(&header.kind.to_le_bytes());
        bytes[at + 4..at + 8].copy_from_slice(&header.flags.to_le_bytes());
        let numbers =
            [header.offset, header.address, header.address, header.in_file, header.in_memory, 1];
        for (place, number) in numbers.iter().enumerate() {
            let start = at + 8 + place * 8;
            bytes[start..start + 8].copy_from_slice(&number.to_le_bytes());
        }
    }
    for (place, byte) in bytes[0x400..].iter_mut().enumerate() {
        *byte = u8::try_from(place).unwrap() + 1;
    }
    bytes
}
