//! The boot archive: a ustar file whose first entry holds the checksums of the others.
//!
//! The same entries give the same bytes: no times, no owners.

use anyhow::{Context as _, Result, bail};
use std::io::Read as _;
use std::path::Path;

/// The name of the first entry.
const CHECKSUMS: &str = "checksums";

/// The entries of a boot archive, in order, without the checksums.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Archive {
    entries: Vec<(String, Vec<u8>)>,
}

impl Archive {
    /// No entries.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads an archive from a file.
    ///
    /// # Errors
    /// When it can't be read or is no tar file.
    pub fn read(file: &Path) -> Result<Self> {
        Self::from_bytes(&fs_err::read(file)?)
            .with_context(|| format!("{} is no boot archive", file.display()))
    }

    /// Reads an archive; its checksums are not checked.
    ///
    /// # Errors
    /// When the bytes are no tar file.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let mut archive = Self::new();
        for entry in tar::Archive::new(bytes).entries()? {
            let mut entry = entry?;
            let name = entry.path()?.to_string_lossy().into_owned();
            let mut content = Vec::new();
            entry.read_to_end(&mut content)?;
            if name != CHECKSUMS {
                archive.set(&name, content);
            }
        }
        Ok(archive)
    }

    /// The content of an entry.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.entries.iter().find(|entry| entry.0 == name).map(|entry| entry.1.as_slice())
    }

    /// Replaces an entry, or adds one at the end.
    pub fn set(&mut self, name: &str, content: Vec<u8>) -> &mut Self {
        match self.entries.iter_mut().find(|entry| entry.0 == name) {
            Some(entry) => entry.1 = content,
            None => self.entries.push((name.to_owned(), content)),
        }
        self
    }

    /// Removes an entry.
    pub fn remove(&mut self, name: &str) -> &mut Self {
        self.entries.retain(|entry| entry.0 != name);
        self
    }

    /// The names of the entries, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|entry| entry.0.as_str())
    }

    /// The bytes of the archive.
    ///
    /// # Errors
    /// When a name is longer than the format allows.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let mut builder = tar::Builder::new(Vec::new());
        append(&mut builder, CHECKSUMS, self.checksums().as_bytes())?;
        for (name, content) in &self.entries {
            if name == CHECKSUMS {
                bail!("the boot archive makes its entry `{CHECKSUMS}` itself");
            }
            append(&mut builder, name, content)?;
        }
        Ok(builder.into_inner()?)
    }

    /// Writes the archive to a file.
    ///
    /// # Errors
    /// When a name is too long or the file can't be written.
    pub fn write(&self, file: &Path) -> Result<()> {
        Ok(fs_err::write(file, self.to_bytes()?)?)
    }

    fn checksums(&self) -> String {
        self.entries
            .iter()
            .map(|(name, content)| format!("{:08x} {name}\n", crc32fast::hash(content)))
            .collect()
    }
}

fn append(builder: &mut tar::Builder<Vec<u8>>, name: &str, content: &[u8]) -> Result<()> {
    let mut header = tar::Header::new_ustar();
    header.set_path(name).with_context(|| format!("`{name}` is no name for an archive entry"))?;
    header.set_size(u64::try_from(content.len())?);
    header.set_mode(0o644);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    header.set_cksum();
    builder.append(&header, content)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::Archive;

    fn sample() -> Archive {
        let mut archive = Archive::new();
        archive.set("init", b"123456789".to_vec()).set("cmdline", Vec::new());
        archive
    }

    #[test]
    fn what_is_written_is_read() {
        let bytes = sample().to_bytes().unwrap();
        assert_eq!(Archive::from_bytes(&bytes).unwrap(), sample());
        assert_eq!(&bytes[257..262], b"ustar");
    }

    #[test]
    fn checksums_come_first_and_are_crc32() {
        let bytes = sample().to_bytes().unwrap();
        assert!(bytes.starts_with(b"checksums\0"));
        // The check value of CRC-32/ISO-HDLC, from the catalogue of CRC algorithms.
        assert!(bytes[512..].starts_with(b"cbf43926 init\n00000000 cmdline\n"));
    }

    #[test]
    fn the_same_entries_give_the_same_bytes() {
        assert_eq!(sample().to_bytes().unwrap(), sample().to_bytes().unwrap());
    }

    #[test]
    fn entries_are_replaced_in_place_added_at_the_end_and_removed() {
        let mut archive = sample();
        archive.set("init", b"new".to_vec()).set("extra", b"x".to_vec());
        assert_eq!(archive.names().collect::<Vec<_>>(), ["init", "cmdline", "extra"]);
        assert_eq!(archive.get("init"), Some(b"new".as_slice()));
        archive.remove("init");
        assert_eq!(archive.get("init"), None);
    }

    #[test]
    fn what_is_no_archive_is_refused() {
        assert!(Archive::from_bytes(&[7; 1024]).is_err());
    }
}
