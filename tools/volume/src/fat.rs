//! An image in FAT.

use crate::FileDevice;
use crate::volume::{Item, Operations};
use anyhow::{Context as _, Result, anyhow, bail, ensure};
use hadris_fat::FatOptions;
use hadris_fat::sync::{FatFs, format};
use hadris_fs::{
    DirCursor, DirEntry, Error, ErrorKind, FileType, MountOptions, Name, NodeId, RenameMode,
    SetAttr, SystemClock,
};
use std::io::{Error as HostError, Read as _};
use std::path::Path;

/// An open image.
pub(crate) struct FatImage(FatFs<FileDevice>);

/// Whether the first sector is that of a FAT volume, and there is no ext4.
pub(crate) fn looks_like(file: &Path) -> Result<bool> {
    let mut start = Vec::new();
    fs_err::File::open(file)?.take(2048).read_to_end(&mut start)?;
    let has = |at: usize, bytes: &[u8]| start.get(at..at + bytes.len()) == Some(bytes);
    Ok(has(510, &[0x55, 0xaa]) && !has(1024 + 0x38, &[0x53, 0xef]))
}

impl FatImage {
    pub(crate) fn format(file: &Path, bytes: u64) -> Result<()> {
        fs_err::File::create(file)?.set_len(bytes)?;
        let mut device = FileDevice::open(file)?;
        let now = hadris_fs::Clock::now(&SystemClock);
        format(&mut device, &FatOptions::new().with_time(now))
            .map_err(|error| anyhow!("formatting {}: {error}", file.display()))?;
        Ok(())
    }

    pub(crate) fn open(file: &Path) -> Result<Self> {
        let device = FileDevice::open(file)
            .with_context(|| format!("cannot open the image {}", file.display()))?;
        let mounted = FatFs::mount(device, MountOptions::new().with_clock(&SystemClock));
        let fs = mounted.map_err(|error| {
            anyhow!("{} is no FAT volume that can be used ({error})", file.display())
        })?;
        Ok(Self(fs))
    }

    /// The node with a path, if there is one. Its number is good until its directory changes.
    fn look(&mut self, path: &str) -> Result<Option<NodeId>> {
        let mut node = self.0.root();
        for name in path.split('/').filter(|name| !name.is_empty()) {
            match self.0.lookup(node, Name::new(name)) {
                Ok(found) => {
                    self.0.forget(found, 1);
                    node = found;
                }
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(at(path)(error)),
            }
        }
        Ok(Some(node))
    }

    fn find(&mut self, path: &str) -> Result<NodeId> {
        self.look(path)?.ok_or_else(|| anyhow!("{path}: no such file or directory"))
    }

    /// The directory of a path, and its last name.
    fn parent(&mut self, path: &str) -> Result<(NodeId, String)> {
        let trimmed = path.trim_end_matches('/');
        let (directory, name) = trimmed.rsplit_once('/').unwrap_or(("", trimmed));
        if name.is_empty() {
            bail!("{path:?} names no file");
        }
        Ok((self.find(directory)?, name.to_owned()))
    }

    fn entries(&mut self, directory: NodeId, path: &str) -> Result<Vec<DirEntry>> {
        let (mut all, mut next) = (Vec::new(), DirCursor::from_raw(0));
        while let Some(entry) = self.0.readdir(directory, next).map_err(at(path))? {
            next = entry.next_cursor();
            all.push(entry);
        }
        Ok(all)
    }

    fn check_below(&mut self, path: &str) -> Result<u64> {
        let directory = self.find(path)?;
        let mut count = 0;
        for entry in self.entries(directory, path)? {
            let path = format!("{path}/{}", String::from_utf8_lossy(entry.name().as_bytes()));
            count += 1;
            match entry.file_type() {
                FileType::Dir => count += self.check_below(&path)?,
                _ => drop(self.read(&path)?),
            }
        }
        Ok(count)
    }
}

impl Operations for FatImage {
    fn list(&mut self, path: &str) -> Result<Vec<Item>> {
        let node = self.find(path)?;
        let found = self.0.stat(node).map_err(at(path))?;
        if found.file_type() != FileType::Dir {
            let name = path.rsplit('/').next().unwrap_or(path).to_owned();
            return Ok(vec![Item { name, directory: false, len: found.len() }]);
        }
        let item = |entry: DirEntry| Item {
            name: String::from_utf8_lossy(entry.name().as_bytes()).into_owned(),
            directory: entry.file_type() == FileType::Dir,
            len: entry.metadata().len(),
        };
        let mut items: Vec<Item> = self.entries(node, path)?.into_iter().map(item).collect();
        items.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(items)
    }

    fn read(&mut self, path: &str) -> Result<Vec<u8>> {
        let node = self.find(path)?;
        let found = self.0.stat(node).map_err(at(path))?;
        ensure!(found.file_type() == FileType::File, "{path} is no file");
        let mut content = vec![0; usize::try_from(found.len())?];
        let read = self.0.read(node, 0, &mut content).map_err(at(path))?;
        ensure!(read == content.len(), "{path} ends early");
        Ok(content)
    }

    fn write(&mut self, path: &str, content: &[u8]) -> Result<()> {
        let (parent, name) = self.parent(path)?;
        let new = format!("{name}.new");
        if self.0.lookup(parent, Name::new(&new)).map(|node| self.0.forget(node, 1)).is_ok() {
            self.0.unlink(parent, Name::new(&new)).map_err(at(path))?;
        }
        let made = self.0.create(parent, Name::new(&new), &SetAttr::new()).map_err(at(path))?;
        let written = self.0.write(made, 0, content);
        let written = written.and_then(|written| self.0.fsync(made).map(|()| written));
        self.0.forget(made, 1);
        let moved = written.and_then(|written| {
            let (old, name) = (Name::new(&new), Name::new(&name));
            self.0.rename(parent, old, parent, name, RenameMode::Replace).map(|()| written)
        });
        match moved {
            Ok(written) if written == content.len() => self.0.sync().map_err(at(path)),
            Ok(_) => bail!("{path}: too long for FAT"),
            Err(error) => {
                // What was made of it is of no use.
                let _ = self.0.unlink(parent, Name::new(&new));
                Err(at(path)(error))
            }
        }
    }

    fn remove(&mut self, path: &str) -> Result<()> {
        let node = self.find(path)?;
        let is_directory = self.0.stat(node).map_err(at(path))?.file_type() == FileType::Dir;
        let (parent, name) = self.parent(path)?;
        let removed = match is_directory {
            true => self.0.rmdir(parent, Name::new(&name)),
            false => self.0.unlink(parent, Name::new(&name)),
        };
        removed.map_err(at(path))
    }

    fn make_directories(&mut self, path: &str) -> Result<()> {
        let mut whole = String::new();
        for name in path.split('/').filter(|name| !name.is_empty()) {
            let parent = self.find(&whole)?;
            whole = format!("{whole}/{name}");
            if let Some(found) = self.look(&whole)? {
                let found = self.0.stat(found).map_err(at(&whole))?;
                ensure!(found.file_type() == FileType::Dir, "{whole} is no directory");
                continue;
            }
            let made = self.0.mkdir(parent, Name::new(name), &SetAttr::new());
            self.0.forget(made.map_err(at(&whole))?, 1);
        }
        Ok(())
    }

    fn space(&mut self) -> Result<(u64, u64)> {
        let found = self.0.statfs().map_err(at("/"))?;
        let bytes = u64::from(found.block_size());
        Ok((found.free_blocks() * bytes, found.total_blocks() * bytes))
    }

    fn check(&mut self) -> Result<u64> {
        self.0.sync().map_err(at("/"))?;
        self.check_below("")
    }

    fn close(self: Box<Self>) -> Result<()> {
        self.0.unmount().map(drop).map_err(|error| anyhow!("closing the volume: {error}"))
    }
}

fn at(path: &str) -> impl FnOnce(Error<HostError>) -> anyhow::Error + '_ {
    move |error| anyhow!("{path}: {}", said(error.kind()))
}

fn said(kind: ErrorKind) -> String {
    match kind {
        ErrorKind::NotFound => "no such file or directory".into(),
        other => other.to_string(),
    }
}
