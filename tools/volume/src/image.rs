//! An image as a volume, whatever its format.

use crate::ext4::Ext4Image;
use crate::fat::{self, FatImage};
use crate::volume::{Item, Operations};
use anyhow::Result;
use std::path::Path;

/// How an image keeps files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// With a journal: files survive power cuts.
    #[default]
    Ext4,
    /// FAT16 or FAT32, by size: other systems read it.
    Fat,
}

/// An open image.
pub struct Image(Box<dyn Operations>);

impl std::fmt::Debug for Image {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Image").finish_non_exhaustive()
    }
}

impl Image {
    /// Makes a file of this size, or empties one, and makes it an empty volume in ext4.
    ///
    /// # Errors
    /// What the host or the file system says.
    pub fn format(file: &Path, bytes: u64) -> Result<()> {
        Self::format_as(file, bytes, Format::Ext4)
    }

    /// The same in any format.
    ///
    /// # Errors
    /// As for [`Image::format`].
    pub fn format_as(file: &Path, bytes: u64, format: Format) -> Result<()> {
        match format {
            Format::Ext4 => Ext4Image::format(file, bytes),
            Format::Fat => FatImage::format(file, bytes),
        }
    }

    /// The format of an image; what is none of them counts as ext4.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn kind(file: &Path) -> Result<Format> {
        Ok(if fat::looks_like(file)? { Format::Fat } else { Format::Ext4 })
    }

    /// Opens an image; a journal is replayed.
    ///
    /// # Errors
    /// When it is no volume, or damaged.
    pub fn open(file: &Path) -> Result<Self> {
        Ok(Self(match Self::kind(file)? {
            Format::Fat => Box::new(FatImage::open(file)?),
            Format::Ext4 => Box::new(Ext4Image::open(file)?),
        }))
    }

    /// Writes everything and marks the volume clean.
    ///
    /// # Errors
    /// What the file system says.
    pub fn close(self) -> Result<()> {
        self.0.close()
    }

    /// What is in a directory, sorted; or the file itself.
    ///
    /// # Errors
    /// When it is not there.
    pub fn list(&mut self, path: &str) -> Result<Vec<Item>> {
        self.0.list(path)
    }

    /// The content of a file.
    ///
    /// # Errors
    /// When it is not there, or a directory.
    pub fn read(&mut self, path: &str) -> Result<Vec<u8>> {
        self.0.read(path)
    }

    /// Replaces or makes a file: on ext4, a crash leaves the old content or the new one.
    ///
    /// # Errors
    /// When its directory is not there, or the volume is full.
    pub fn write(&mut self, path: &str, content: &[u8]) -> Result<()> {
        self.0.write(path, content)
    }

    /// Removes a file or an empty directory.
    ///
    /// # Errors
    /// When it is not there, or a directory with something in it.
    pub fn remove(&mut self, path: &str) -> Result<()> {
        self.0.remove(path)
    }

    /// Makes a directory and those above it, where they are not there.
    ///
    /// # Errors
    /// When one of them is a file.
    pub fn make_directories(&mut self, path: &str) -> Result<()> {
        self.0.make_directories(path)
    }

    /// Free and all bytes.
    ///
    /// # Errors
    /// What the file system says.
    pub fn space(&mut self) -> Result<(u64, u64)> {
        self.0.space()
    }

    /// Reads every file: the number of files and directories.
    ///
    /// # Errors
    /// What is damaged, with its path.
    pub fn check(&mut self) -> Result<u64> {
        self.0.check()
    }
}
