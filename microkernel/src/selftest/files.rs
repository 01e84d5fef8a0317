//! Small tar and ELF files, made in memory to be damaged.

/// Bytes of a tar block.
const BLOCK: usize = 512;
/// Bytes of the largest test file.
pub(super) const LARGEST: usize = 16 * BLOCK;

/// A file being made.
pub(super) struct File {
    /// Its bytes.
    pub(super) bytes: [u8; LARGEST],
    /// How many of them are used.
    pub(super) used: usize,
}

impl File {
    fn empty() -> Self {
        Self { bytes: [0; LARGEST], used: 0 }
    }

    /// What is used.
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.used]
    }

    fn put(&mut self, at: usize, bytes: &[u8]) {
        self.bytes[at..at + bytes.len()].copy_from_slice(bytes);
        self.used = self.used.max(at + bytes.len());
    }

    /// A ustar file with these entries and the two empty blocks at its end.
    pub(super) fn tar(entries: &[(&str, &[u8])]) -> Self {
        let mut file = Self::empty();
        for (name, data) in entries {
            file.add_entry(name, data);
        }
        file.used += 2 * BLOCK;
        file
    }

    /// Source: POSIX pax, "ustar Interchange Format".
    fn add_entry(&mut self, name: &str, data: &[u8]) {
        let start = self.used;
        self.put(start, name.as_bytes());
        self.put(start + 100, b"0000644\0");
        self.put(start + 124, &octal(data.len()));
        self.put(start + 148, b"        ");
        self.put(start + 156, b"0");
        self.put(start + 257, b"ustar\x0000");
        let sum: usize =
            self.bytes[start..start + BLOCK].iter().map(|byte| usize::from(*byte)).sum();
        self.put(start + 148, &octal(sum)[4..11]);
        self.put(start + 155, b" ");
        self.used = start + BLOCK;
        self.put(start + BLOCK, data);
        self.used = self.used.next_multiple_of(BLOCK);
    }

    /// An ELF program with these segments: flags, address, bytes.
    ///
    /// Source: System V ABI, "ELF Header", "Program Header".
    pub(super) fn elf(entry: u64, segments: &[(u32, u64, u64)]) -> Self {
        const HEADER: usize = 64;
        const SEGMENT: usize = 56;
        let mut file = Self::empty();
        file.put(0, b"\x7fELF\x02\x01\x01");
        let count = segments.len().to_le_bytes();
        // Type, machine, version; entry; program headers at 64, of 56 bytes.
        file.put(16, &[2, 0, 62, 0, 1, 0, 0, 0]);
        file.put(24, &entry.to_le_bytes());
        file.put(32, &64_u64.to_le_bytes());
        file.put(52, &[64, 0, 56, 0, count[0], count[1]]);
        for (position, (flags, address, bytes)) in segments.iter().enumerate() {
            let at = HEADER + position * SEGMENT;
            file.put(at, &1_u32.to_le_bytes());
            file.put(at + 4, &flags.to_le_bytes());
            file.put(at + 16, &address.to_le_bytes());
            file.put(at + 32, &bytes.to_le_bytes());
            file.put(at + 40, &bytes.to_le_bytes());
        }
        file.used = LARGEST;
        file
    }
}

/// Eleven octal digits and a zero.
fn octal(mut value: usize) -> [u8; 12] {
    let mut digits = *b"00000000000\0";
    for digit in digits[..11].iter_mut().rev() {
        *digit = b'0' + (value % 8).to_le_bytes()[0];
        value /= 8;
    }
    digits
}
