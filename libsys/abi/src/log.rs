//! The system log: one stream of records, written by the kernel to QEMU's debug console.

/// The first bytes of every record.
pub const LOG_MAGIC: u16 = 0x4c50;

/// Bytes of records, headers included, that a program may write to the log at once.
pub const LOG_BURST: u64 = 128 << 10;
/// Bytes that it may write in a second after that. What is more is dropped and counted.
pub const LOG_RATE: u64 = 32 << 10;

/// What a record holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum LogKind {
    /// The name of the program that the source number stands for from here on.
    Source = 0,
    /// A piece of the source's defmt stream.
    Defmt = 1,
    /// UTF-8 text (panics, self-tests).
    Text = 2,
    /// A [`TraceRecord`](crate::TraceRecord) of a watched system call.
    Audit = 3,
    /// The number of records, a `u64`, that the source wrote too fast: they are not in the log.
    Dropped = 4,
}

/// The header of a record, little endian, followed by `len` bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LogHeader {
    /// What follows.
    pub kind: LogKind,
    /// Process id of the writer; 0 is the kernel.
    pub source: u32,
    /// Time since boot in nanoseconds.
    pub time_ns: u64,
    /// Bytes that follow.
    pub len: u16,
}

impl LogHeader {
    /// Bytes of an encoded header.
    pub const SIZE: usize = 18;

    /// Magic (2), kind (1), 0 (1), source (4), time (8), len (2).
    pub fn encode(&self) -> [u8; Self::SIZE] {
        let mut bytes = [0; Self::SIZE];
        bytes[0..2].copy_from_slice(&LOG_MAGIC.to_le_bytes());
        bytes[2] = self.kind as u8;
        bytes[4..8].copy_from_slice(&self.source.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.time_ns.to_le_bytes());
        bytes[16..18].copy_from_slice(&self.len.to_le_bytes());
        bytes
    }

    /// The header in these bytes, if they hold one.
    pub fn decode(bytes: &[u8; Self::SIZE]) -> Option<Self> {
        let [m0, m1, kind, _, s0, s1, s2, s3, t0, t1, t2, t3, t4, t5, t6, t7, l0, l1] = *bytes;
        let kind = match kind {
            0 => LogKind::Source,
            1 => LogKind::Defmt,
            2 => LogKind::Text,
            3 => LogKind::Audit,
            4 => LogKind::Dropped,
            _ => return None,
        };
        (u16::from_le_bytes([m0, m1]) == LOG_MAGIC).then_some(Self {
            kind,
            source: u32::from_le_bytes([s0, s1, s2, s3]),
            time_ns: u64::from_le_bytes([t0, t1, t2, t3, t4, t5, t6, t7]),
            len: u16::from_le_bytes([l0, l1]),
        })
    }
}
