//! The boot archive: a tar file whose first entry has the checksums of the others.

use core::fmt;
use tar_no_std::{ArchiveEntry, TarArchiveRef};

/// The entry with the checksums: lines of `CRC32-hex name`.
const CHECKSUMS: &str = "checksums";

/// What is wrong with the archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ArchiveError<'n> {
    /// The boot brought none.
    Missing,
    /// It is no tar file.
    NoTar,
    /// It has no such file.
    NoFile(&'n str),
    /// Its list of checksums does not have the file.
    NoChecksum(&'n str),
    /// The file is not what the checksum was made of.
    ChecksumDiffers(&'n str),
}

impl fmt::Display for ArchiveError<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const AGAIN: &str = "build it again with cargo xtask run";
        write!(f, "boot archive: ")?;
        match self {
            Self::Missing => write!(f, "there is none; start QEMU with -initrd, or {AGAIN}"),
            Self::NoTar => write!(f, "it is no tar file, the archive is damaged; {AGAIN}"),
            Self::NoFile(name) => write!(f, "{name}: not in the archive; {AGAIN}"),
            Self::NoChecksum(name) => {
                write!(f, "{name}: no checksum, the archive is damaged; {AGAIN}")
            }
            Self::ChecksumDiffers(name) => {
                write!(f, "{name}: checksum differs, the archive is damaged; {AGAIN}")
            }
        }
    }
}

/// An archive in memory.
pub(crate) struct Archive<'a> {
    tar: TarArchiveRef<'a>,
}

impl<'a> Archive<'a> {
    /// The archive in these bytes.
    pub(crate) fn open(bytes: Option<&'a [u8]>) -> Result<Self, ArchiveError<'static>> {
        let bytes = bytes.ok_or(ArchiveError::Missing)?;
        let tar = TarArchiveRef::new(bytes).map_err(|_| ArchiveError::NoTar)?;
        let archive = Self { tar };
        archive.entry(CHECKSUMS)?;
        Ok(archive)
    }

    fn entry<'n>(&self, name: &'n str) -> Result<ArchiveEntry<'a>, ArchiveError<'n>> {
        self.tar
            .entries()
            .find(|entry| entry.filename().as_str() == Ok(name))
            .ok_or(ArchiveError::NoFile(name))
    }

    fn checksum<'n>(&self, name: &'n str) -> Result<u32, ArchiveError<'n>> {
        let entry = self.entry(CHECKSUMS).map_err(|_| ArchiveError::NoChecksum(name))?;
        let lines = entry.data_as_str().unwrap_or_default().lines();
        lines
            .filter_map(|line| line.split_once(' '))
            .find(|(_, found)| found.trim() == name)
            .and_then(|(sum, _)| u32::from_str_radix(sum, 16).ok())
            .ok_or(ArchiveError::NoChecksum(name))
    }

    /// A file, after its checksum was compared.
    pub(crate) fn file<'n>(&self, name: &'n str) -> Result<&'a [u8], ArchiveError<'n>> {
        let data = self.entry(name)?.data();
        if crc32fast::hash(data) == self.checksum(name)? {
            Ok(data)
        } else {
            Err(ArchiveError::ChecksumDiffers(name))
        }
    }

    /// A text file, or nothing.
    pub(crate) fn text(&self, name: &str) -> Option<&'a str> {
        core::str::from_utf8(self.file(name).ok()?).ok()
    }
}
