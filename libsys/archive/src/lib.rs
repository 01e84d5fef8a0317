//! The boot archive: a ustar file whose first entry, `checksums`, has a line
//! `CRC32-hex name` for each other entry.
//!
//! The kernel reads its words and the first program, init and `proc` read all others. Files
//! are slices of the archive: nothing is copied, nothing allocated.
//!
//! ```
//! use archive::{Archive, ArchiveError};
//! assert_eq!(Archive::open(b"no archive").err(), Some(ArchiveError::Malformed));
//! ```
//!
//! **Errors.** [`ArchiveError`] names the file, and its text says what to do.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

use core::fmt;
use tar_no_std::TarArchiveRef;

/// The entry with the checksums.
const CHECKSUMS: &str = "checksums";

/// A boot archive in memory.
#[derive(Clone, Debug)]
pub struct Archive<'a> {
    tar: TarArchiveRef<'a>,
}

/// What is wrong with the archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArchiveError<'n> {
    /// The boot brought none.
    Absent,
    /// It is no tar file, or cut short.
    Malformed,
    /// It has no such file.
    NoFile(&'n str),
    /// Its list of checksums does not have the file.
    NoChecksum(&'n str),
    /// The file does not match its checksum.
    Damaged(&'n str),
}

impl fmt::Display for ArchiveError<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("boot archive: ")?;
        match self {
            Self::Absent => f.write_str("there is none; start QEMU with -initrd, or ")?,
            Self::Malformed => f.write_str("it is no tar file, or cut short; ")?,
            Self::NoFile(name) => write!(f, "{name}: not in the archive; ")?,
            Self::NoChecksum(name) => {
                write!(f, "{name}: no checksum, the archive is damaged; ")?;
            }
            Self::Damaged(name) => {
                write!(f, "{name}: checksum differs, the archive is damaged; ")?;
            }
        }
        f.write_str("build it again with cargo xtask run")
    }
}

impl<'a> Archive<'a> {
    /// The archive in these bytes.
    ///
    /// # Errors
    /// [`ArchiveError::Malformed`], or [`ArchiveError::NoFile`] without checksums.
    pub fn open(bytes: &'a [u8]) -> Result<Self, ArchiveError<'static>> {
        let tar = TarArchiveRef::new(bytes).map_err(|_| ArchiveError::Malformed)?;
        let archive = Self { tar };
        archive.find(CHECKSUMS)?;
        Ok(archive)
    }

    /// A file, after its checksum was compared.
    ///
    /// # Errors
    /// When it is missing, not listed, or damaged.
    pub fn file<'n>(&self, name: &'n str) -> Result<&'a [u8], ArchiveError<'n>> {
        let data = self.find(name)?;
        let expected = self.checksum(name).ok_or(ArchiveError::NoChecksum(name))?;
        if crc32fast::hash(data) == expected { Ok(data) } else { Err(ArchiveError::Damaged(name)) }
    }

    /// A text file, if it is there and good.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&'a str> {
        core::str::from_utf8(self.file(name).ok()?).ok()
    }

    /// Shows the name and the bytes of each file but the list of checksums. The bytes are not
    /// compared with their checksum.
    pub fn each(&self, mut show: impl FnMut(&str, &'a [u8])) {
        for entry in self.tar.entries() {
            if let Ok(name) = entry.filename().as_str()
                && name != CHECKSUMS
            {
                show(name, entry.data());
            }
        }
    }

    fn find<'n>(&self, name: &'n str) -> Result<&'a [u8], ArchiveError<'n>> {
        let mut entries = self.tar.entries();
        let entry = entries.find(|entry| entry.filename().as_str() == Ok(name));
        entry.map(|entry| entry.data()).ok_or(ArchiveError::NoFile(name))
    }

    fn checksum(&self, name: &str) -> Option<u32> {
        let list = core::str::from_utf8(self.find(CHECKSUMS).ok()?).ok()?;
        let mut lines = list.lines().filter_map(|line| line.split_once(' '));
        let (number, _) = lines.find(|(_, listed)| listed.trim() == name)?;
        u32::from_str_radix(number, 16).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::{Archive, ArchiveError};
    use std::format;
    use std::string::ToString;
    use std::vec::Vec;

    /// A ustar entry, made by hand: the format is the test's subject.
    fn entry(name: &str, data: &[u8]) -> Vec<u8> {
        let mut header = [0u8; 512];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[100..107].copy_from_slice(b"0000644");
        header[124..135].copy_from_slice(format!("{:011o}", data.len()).as_bytes());
        header[136..147].copy_from_slice(b"00000000000");
        header[148..156].fill(b' ');
        header[156] = b'0';
        header[257..265].copy_from_slice(b"ustar\x0000");
        let sum: u32 = header.iter().copied().map(u32::from).sum();
        header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        let mut bytes = header.to_vec();
        bytes.extend_from_slice(data);
        bytes.resize(bytes.len().next_multiple_of(512), 0);
        bytes
    }

    fn archive() -> Vec<u8> {
        let sums = format!("{:08x} shell\n00000000 proc\n", crc32fast::hash(b"code"));
        let parts = [
            entry("checksums", sums.as_bytes()),
            entry("shell", b"code"),
            entry("proc", b"other"),
            entry("extra", b""),
        ];
        let mut bytes = parts.concat();
        bytes.resize(bytes.len() + 1024, 0);
        bytes
    }

    #[test]
    fn a_good_file_is_read() {
        let bytes = archive();
        assert_eq!(Archive::open(&bytes).unwrap().file("shell"), Ok(b"code".as_slice()));
    }

    #[test]
    fn errors_name_the_file() {
        let bytes = archive();
        let archive = Archive::open(&bytes).unwrap();
        assert_eq!(archive.file("proc"), Err(ArchiveError::Damaged("proc")));
        assert_eq!(archive.file("extra"), Err(ArchiveError::NoChecksum("extra")));
        assert_eq!(
            archive.file("hello").unwrap_err().to_string(),
            "boot archive: hello: not in the archive; build it again with cargo xtask run"
        );
    }

    #[test]
    fn an_archive_without_checksums_is_refused() {
        let mut bytes = entry("shell", b"code");
        bytes.resize(bytes.len() + 1024, 0);
        assert_eq!(Archive::open(&bytes).err(), Some(ArchiveError::NoFile("checksums")));
    }

    #[test]
    fn a_cut_archive_is_refused() {
        let bytes = archive();
        assert!(matches!(Archive::open(&bytes[..1536]), Err(ArchiveError::Malformed)));
        assert!(matches!(Archive::open(b"x"), Err(ArchiveError::Malformed)));
    }
}
