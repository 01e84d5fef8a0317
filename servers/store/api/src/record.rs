//! A record that says itself whether it is whole.

/// A value under a key, with its version.
#[service::data]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// Where it belongs.
    pub key: u32,
    /// Counts up with every new value of the key.
    pub version: u64,
    /// The value.
    pub value: u64,
    seal: u32,
}

impl Record {
    /// Returns a sealed record.
    #[must_use]
    pub fn new(key: u32, version: u64, value: u64) -> Self {
        Self { key, version, value, seal: seal(key, version, value) }
    }

    /// Whether it is as its writer wrote it.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.seal == seal(self.key, self.version, self.value)
    }
}

fn seal(key: u32, version: u64, value: u64) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&key.to_le_bytes());
    hasher.update(&version.to_le_bytes());
    hasher.update(&value.to_le_bytes());
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::Record;

    #[test]
    fn a_changed_record_is_not_whole() {
        let record = Record::new(3, 7, 99);
        assert!(record.is_whole());
        for bit in 0..64 {
            assert!(!Record { value: record.value ^ 1 << bit, ..record }.is_whole());
            assert!(!Record { version: record.version ^ 1 << bit, ..record }.is_whole());
        }
        assert!(!Record { key: 4, ..record }.is_whole());
    }
}
