//! An image in ext4: paths to inodes.

use crate::volume::Operations;
use crate::{FileDevice, Item};
use anyhow::{Context as _, Result, anyhow, bail, ensure};
use replay_mark::Marked;
use rsext4::{
    Clock, DirectoryCursor, DirectoryEntryType, Ext4, Ext4Error, Ext4Result, Ext4Timestamp,
    FileName, FilePermissions, InodeInfo, InodeNumber, MkfsOptions, MountOptions, MountServices,
    MountedServices, MutationContext, NoopObserver, RenameOptions, format,
};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// The least size of a volume in bytes, with its journal.
const LEAST_BYTES: u64 = 32 << 20;
/// Names of a directory that are read together.
const NAMES: usize = 256;
/// Bytes of a file that are written together.
const PIECE: usize = 1 << 20;

/// The host's time of day.
#[derive(Clone, Copy, Debug)]
struct HostClock;

impl Clock for HostClock {
    fn now(&self) -> Ext4Result<Ext4Timestamp> {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let seconds = since.ok().and_then(|since| i64::try_from(since.as_secs()).ok());
        Ok(Ext4Timestamp::new(seconds.unwrap_or(0), 0))
    }
}

type Volume = Ext4<Marked<FileDevice>, MountedServices<(), NoopObserver>>;

/// An open image.
pub(crate) struct Ext4Image {
    volume: Volume,
    device: Marked<FileDevice>,
}

impl std::fmt::Debug for Ext4Image {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ext4Image").finish_non_exhaustive()
    }
}

impl Ext4Image {
    /// Makes a file of this size, or empties one, and makes it an empty volume.
    ///
    /// # Errors
    /// What the host or the file system says.
    pub(crate) fn format(file: &Path, bytes: u64) -> Result<()> {
        ensure!(bytes >= LEAST_BYTES, "a volume has at least {} MiB", LEAST_BYTES >> 20);
        fs_err::File::create(file)?.set_len(bytes)?;
        let device = FileDevice::open(file)?;
        format(device, HostClock, MkfsOptions::default())
            .map_err(|error| anyhow!("formatting {}: {error}", file.display()))?;
        Ok(())
    }

    /// Opens an image; its journal is replayed.
    ///
    /// # Errors
    /// When it is no volume, or damaged.
    pub(crate) fn open(file: &Path) -> Result<Self> {
        let device = FileDevice::open(file)
            .with_context(|| format!("cannot open the image {}", file.display()))?;
        let services = MountServices::new(HostClock, (), NoopObserver);
        let device = Marked::new(device);
        let begun = device.begin();
        let mount = || Ext4::mount(device.clone(), services, MountOptions::read_write());
        let volume = begun.and_then(|()| mount());
        let volume = volume.map_err(|error| {
            let advice = "make one with `cargo xtask disk format FILE`";
            anyhow!(
                "{} is no ext4 volume that can be used ({}); {advice}",
                file.display(),
                error.kind()
            )
        })?;
        Ok(Self { volume, device })
    }

    fn names(&mut self, directory: InodeNumber) -> Result<Vec<(String, InodeNumber)>> {
        let mut names = Vec::new();
        let mut cursor = DirectoryCursor::Start;
        loop {
            let entries = self.volume.read_directory(directory, cursor, NAMES).map_err(at("."))?;
            let Some(last) = entries.last() else { return Ok(names) };
            cursor = last.next_cursor;
            for entry in entries {
                let name = String::from_utf8_lossy(&entry.name).into_owned();
                if name != "." && name != ".." {
                    names.push((name, entry.inode));
                }
            }
        }
    }

    fn fill(&mut self, parent: InodeNumber, name: &str, content: &[u8]) -> Result<()> {
        let context = MutationContext::new(0, 0, 0, 0);
        let permissions = FilePermissions::new(0o755).map_err(at(name))?;
        let made = self.volume.create_regular_file(context, parent, named(name)?, permissions);
        let info = made.map_err(at(name))?;
        for (number, piece) in content.chunks(PIECE).enumerate() {
            let offset = (number * PIECE) as u64;
            self.volume.write_inode(info.number, offset, piece).map_err(at(name))?;
        }
        self.volume.sync().map_err(at(name))
    }

    /// Removes a file that need not be there.
    fn discard(&mut self, parent: InodeNumber, name: &str) -> Result<()> {
        let name = named(name)?;
        if self.volume.lookup_child(parent, name).map_err(at("."))?.is_some() {
            let gone = self.volume.unlink(parent, name).map_err(at("."))?;
            self.reap(gone)?;
        }
        Ok(())
    }

    fn reap(&mut self, gone: rsext4::UnlinkOutcome) -> Result<()> {
        if gone.remaining_links == 0 {
            self.volume.reap_unlinked_inode(gone.inode).map_err(at("."))?;
        }
        Ok(())
    }

    fn check_below(&mut self, path: &str) -> Result<u64> {
        let mut count = 0;
        let directory = self.find(path)?.number;
        for (name, number) in self.names(directory)? {
            let path = format!("{path}/{name}");
            let info = self.volume.inode(number).map_err(at(&path))?;
            count += 1;
            match info.file_type() {
                DirectoryEntryType::Directory => count += self.check_below(&path)?,
                DirectoryEntryType::RegularFile => drop(self.read(&path)?),
                _ => {}
            }
        }
        Ok(count)
    }

    fn find(&mut self, path: &str) -> Result<InodeInfo> {
        let root = self.volume.root_inode();
        let mut info = self.volume.inode(root).map_err(at("/"))?;
        for name in path.split('/').filter(|name| !name.is_empty()) {
            ensure!(info.is_directory(), "{path}: a part of it is no directory");
            let child = self.volume.lookup_child(info.number, named(name)?).map_err(at(path))?;
            info = child.ok_or_else(|| anyhow!("{path}: no such file or directory"))?;
        }
        Ok(info)
    }

    /// The directory of a path, and its last name.
    fn parent(&mut self, path: &str) -> Result<(InodeNumber, String)> {
        let trimmed = path.trim_end_matches('/');
        let (directory, name) = trimmed.rsplit_once('/').unwrap_or(("", trimmed));
        if name.is_empty() {
            bail!("{path:?} names no file");
        }
        let info = self.find(directory)?;
        ensure!(info.is_directory(), "{directory} is no directory");
        Ok((info.number, name.to_owned()))
    }
}

impl Operations for Ext4Image {
    fn list(&mut self, path: &str) -> Result<Vec<Item>> {
        let info = self.find(path)?;
        if !info.is_directory() {
            let name = path.rsplit('/').next().unwrap_or(path).to_owned();
            return Ok(vec![Item { name, directory: false, len: info.size }]);
        }
        let mut items = Vec::new();
        for (name, number) in self.names(info.number)? {
            let info = self.volume.inode(number).map_err(at(&name))?;
            items.push(Item { name, directory: info.is_directory(), len: info.size });
        }
        items.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(items)
    }

    fn read(&mut self, path: &str) -> Result<Vec<u8>> {
        let info = self.find(path)?;
        ensure!(info.file_type() == DirectoryEntryType::RegularFile, "{path} is no file");
        let mut content = vec![0; usize::try_from(info.size)?];
        let mut done = 0;
        while done < content.len() {
            let room = &mut content[done..];
            let read = self.volume.read_inode(info.number, done as u64, room).map_err(at(path))?;
            ensure!(read > 0, "{path} ends early");
            done += read;
        }
        Ok(content)
    }

    fn write(&mut self, path: &str, content: &[u8]) -> Result<()> {
        let (parent, name) = self.parent(path)?;
        let old = self.volume.lookup_child(parent, named(&name)?).map_err(at(path))?;
        ensure!(old.is_none_or(|info| !info.is_directory()), "{path} is a directory");
        let new = format!("{name}.new");
        self.discard(parent, &new)?;
        let made = self.fill(parent, &new, content);
        let done = made.and_then(|()| {
            let (from, to) = (named(&new)?, named(&name)?);
            let moved = self.volume.rename(parent, from, parent, to, RenameOptions::default());
            let moved = moved.map_err(at(path))?;
            if let Some(gone) = moved.replaced {
                self.reap(gone)?;
            }
            self.volume.sync().map_err(at(path))
        });
        if done.is_err() {
            self.discard(parent, &new)?;
        }
        done.with_context(|| format!("writing {path}"))
    }

    fn remove(&mut self, path: &str) -> Result<()> {
        let info = self.find(path)?;
        let (parent, name) = self.parent(path)?;
        let name = named(&name)?;
        let gone = match info.is_directory() {
            true => self.volume.remove_empty_directory(parent, name),
            false => self.volume.unlink(parent, name),
        };
        let gone = gone.map_err(at(path))?;
        self.reap(gone)
    }

    fn make_directories(&mut self, path: &str) -> Result<()> {
        let mut whole = String::new();
        for name in path.split('/').filter(|name| !name.is_empty()) {
            let parent = self.find(&whole)?.number;
            whole.push('/');
            whole.push_str(name);
            match self.volume.lookup_child(parent, named(name)?).map_err(at(&whole))? {
                Some(info) => ensure!(info.is_directory(), "{whole} is no directory"),
                None => {
                    let context = MutationContext::new(0, 0, 0, 0);
                    let permissions = FilePermissions::new(0o755).map_err(at(name))?;
                    let made =
                        self.volume.create_directory(context, parent, named(name)?, permissions);
                    made.map_err(at(&whole))?;
                }
            }
        }
        Ok(())
    }

    fn space(&mut self) -> Result<(u64, u64)> {
        let stats = self.volume.statfs();
        Ok((stats.free_blocks * stats.block_size, stats.total_blocks * stats.block_size))
    }

    fn check(&mut self) -> Result<u64> {
        self.check_below("")
    }

    fn close(mut self: Box<Self>) -> Result<()> {
        let closed = self.volume.unmount().and_then(|()| self.device.end());
        closed.map_err(|error| anyhow!("closing the volume: {error}"))
    }
}

fn named(name: &str) -> Result<FileName<'_>> {
    FileName::new(name.as_bytes()).map_err(|error| anyhow!("{name:?} is no name: {error}"))
}

fn at(path: &str) -> impl FnOnce(Ext4Error) -> anyhow::Error + '_ {
    move |error| anyhow!("{path}: {}", error.kind())
}
