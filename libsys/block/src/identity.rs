//! What a disk is, which part of it a client has, and what was agreed.

use alloc::string::String;

/// What a disk is.
#[service::data]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// Its model, as the device says, or what drives it.
    pub model: String,
    /// Its serial number, as the device says; empty when it has none.
    pub serial: String,
    /// Its size, in sectors of [`SECTOR_BYTES`](crate::SECTOR_BYTES) bytes.
    pub sectors: u64,
    /// First sectors and numbers of sectors are multiples of this.
    pub alignment: u32,
    /// The most sectors of a request.
    pub max_sectors: u32,
    /// The number of requests that the device works on at a time.
    pub depth: u16,
    /// Whether it cannot be written.
    pub read_only: bool,
    /// Whether [`Operation::Discard`](crate::Operation::Discard) does something.
    pub discard: bool,
    /// Changes when writes that were completed and not flushed may have been lost, such as by
    /// another disk in the same slot. A reset that keeps the device's cache does not change it.
    pub generation: u64,
}

/// A part of a disk, and what may be done with it.
#[service::data]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// Its first sector on the disk.
    pub first: u64,
    /// The number of sectors.
    pub sectors: u64,
    /// Whether it may only be read.
    pub read_only: bool,
}

impl Range {
    /// All of a disk.
    #[must_use]
    pub fn whole(identity: &Identity) -> Self {
        Self { first: 0, sectors: identity.sectors, read_only: identity.read_only }
    }

    /// The first sector of a request on the disk, when all of its sectors are in the range.
    #[must_use]
    pub fn locate(&self, lba: u64, sectors: u32) -> Option<u64> {
        let end = lba.checked_add(u64::from(sectors))?;
        (end <= self.sectors).then_some(())?;
        self.first.checked_add(lba)
    }
}

/// What was agreed when a client attached.
#[service::data]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attached {
    /// Stands in all requests and completions of this attachment.
    pub epoch: u32,
    /// The most requests that the client may have in flight.
    pub units: u16,
    /// The disk. `sectors` and `read_only` are those of the client's range.
    pub identity: Identity,
}

#[cfg(test)]
mod tests {
    use super::Range;

    #[test]
    fn requests_stay_inside_of_their_range() {
        let range = Range { first: 100, sectors: 50, read_only: false };
        assert_eq!(range.locate(0, 50), Some(100));
        assert_eq!(range.locate(49, 1), Some(149));
        assert_eq!(range.locate(49, 2), None);
        assert_eq!(range.locate(u64::MAX, 1), None);
        assert_eq!(range.locate(u64::MAX, 0), None);
    }
}
