//! The file system: mounted, or not there for now.

use crate::errors::refusal;
use alloc::boxed::Box;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use files::{Entry, FilesError, Kind, Metadata, NodeId, Space, State, Time, VolumeInfo};
use hadris_fat::sync::FatFs;
use hadris_fat::{CacheOptions, FatOptions};
use hadris_fs::{
    DateTime, DirCursor, FileType, MountOptions, Name, Permissions, RenameMode, SetAttr,
};
use hadris_storage::sync::BlockDevice;
use volume::{Clock, FileSystem, Late, Opener, Unlinked};

/// Places in files, and blocks of tables and directories, that are remembered.
const POSITIONS: usize = 64;
const BLOCKS: usize = 64;
const NS: u64 = 1_000_000_000;

/// A volume in FAT.
#[derive(Debug)]
pub struct FatVolume<D: BlockDevice>(Late<FatFs<D>>);

/// The clock, as `hadris-fat` asks for it.
struct Wall(Clock);

impl hadris_fs::Clock for Wall {
    fn now(&self) -> DateTime {
        date((self.0)())
    }
}

fn date(time: Time) -> DateTime {
    let seconds = i64::try_from(time.0 / NS).unwrap_or(i64::MAX);
    let nanoseconds = u32::try_from(time.0 % NS).unwrap_or(0);
    DateTime::new(seconds, nanoseconds).unwrap_or(DateTime::UNIX_EPOCH)
}

fn time(date: Option<DateTime>) -> Time {
    let Some(date) = date else { return Time(0) };
    let seconds = u64::try_from(date.unix_seconds()).unwrap_or(0);
    Time(seconds.saturating_mul(NS).saturating_add(date.nanoseconds().into()))
}

/// Makes an empty FAT volume of a disk.
///
/// # Errors
/// When the disk is too small, or fails.
pub fn format<D: BlockDevice>(device: &mut D, now: Time) -> Result<(), FilesError> {
    let options = FatOptions::new().with_time(date(now));
    hadris_fat::sync::format(device, &options).map(drop).map_err(refusal)
}

impl<D: BlockDevice + 'static> FatVolume<D> {
    /// On the disk with this name. It is mounted as soon as it is there.
    pub fn new(device: &str, mut open: Opener<D>, clock: Clock) -> Self {
        // The mounts of one server's life share it.
        let clock: &'static Wall = Box::leak(Box::new(Wall(clock)));
        let mount = move || {
            let options = MountOptions::new().with_clock(clock);
            let fs = FatFs::mount(open()?, options).map_err(|failed| failed.to_string())?;
            let cache = CacheOptions::new().with_chain_positions(POSITIONS).with_blocks(BLOCKS);
            Ok(fs.with_cache(cache))
        };
        Self(Late::new(device, Box::new(mount)))
    }

    fn fs(&mut self) -> Result<&mut FatFs<D>, FilesError> {
        self.0.get()
    }
}

fn node(number: NodeId) -> Result<hadris_fs::NodeId, FilesError> {
    hadris_fs::NodeId::new(number).ok_or(FilesError::NotFound)
}

fn kind(of: FileType) -> Kind {
    match of {
        FileType::File => Kind::File,
        FileType::Dir => Kind::Directory,
        _ => Kind::Other,
    }
}

fn metadata(number: hadris_fs::NodeId, found: &hadris_fs::Metadata) -> Metadata {
    let mode = u16::try_from(found.permissions().bits() & 0o7777).unwrap_or(0);
    Metadata {
        node: number.get(),
        kind: kind(found.file_type()),
        len: found.len(),
        stored: found.allocated(),
        links: 1,
        mode,
        modified: time(found.modified()),
        created: time(found.created()),
    }
}

impl<D: BlockDevice + 'static> FileSystem for FatVolume<D> {
    fn info(&mut self) -> VolumeInfo {
        self.0.info("fat", |fs| match fs.is_read_only() {
            true => State::ReadOnly { why: "the disk is read-only".into() },
            false => State::Writable,
        })
    }

    fn root(&mut self) -> Result<NodeId, FilesError> {
        Ok(self.fs()?.root().get())
    }

    fn space(&mut self) -> Result<Space, FilesError> {
        let found = self.fs()?.statfs().map_err(refusal)?;
        let bytes = |blocks: u64| blocks.saturating_mul(found.block_size().into());
        let (total, free) = (bytes(found.total_blocks()), bytes(found.free_blocks()));
        Ok(Space { total, free, nodes: 0, free_nodes: 0 })
    }

    fn metadata(&mut self, number: NodeId) -> Result<Metadata, FilesError> {
        let number = node(number)?;
        let found = self.fs()?.stat(number).map_err(refusal)?;
        Ok(metadata(number, &found))
    }

    fn look_up(&mut self, directory: NodeId, name: &str) -> Result<Metadata, FilesError> {
        let fs = self.fs()?;
        let found = fs.lookup(node(directory)?, Name::new(name)).map_err(refusal)?;
        // A node's number is its place: nothing need be kept in memory for it.
        fs.forget(found, 1);
        self.metadata(found.get())
    }

    fn read_link(&mut self, _: NodeId) -> Result<String, FilesError> {
        Err(FilesError::Unsupported)
    }

    fn list(
        &mut self,
        directory: NodeId,
        from: u64,
        most: usize,
    ) -> Result<Vec<Entry>, FilesError> {
        let (fs, directory) = (self.0.get()?, node(directory)?);
        let (mut entries, mut next) = (Vec::new(), DirCursor::from_raw(from));
        while entries.len() < most
            && let Some(found) = fs.readdir(directory, next).map_err(refusal)?
        {
            next = found.next_cursor();
            entries.push(Entry {
                name: String::from_utf8_lossy(found.name().as_bytes()).into_owned(),
                kind: kind(found.file_type()),
                node: found.node().get(),
                next: next.into_raw(),
            });
        }
        Ok(entries)
    }

    fn create(&mut self, directory: NodeId, name: &str) -> Result<Metadata, FilesError> {
        let fs = self.fs()?;
        let made = fs.create(node(directory)?, Name::new(name), &SetAttr::new());
        let made = made.map_err(refusal)?;
        fs.forget(made, 1);
        self.metadata(made.get())
    }

    fn make_directory(&mut self, directory: NodeId, name: &str) -> Result<(), FilesError> {
        let fs = self.fs()?;
        let made = fs.mkdir(node(directory)?, Name::new(name), &SetAttr::new());
        let made = made.map_err(refusal)?;
        fs.forget(made, 1);
        Ok(())
    }

    fn make_link(&mut self, _: NodeId, _: &str, _: &str) -> Result<(), FilesError> {
        Err(FilesError::Unsupported)
    }

    fn add_name(&mut self, _: NodeId, _: NodeId, _: &str) -> Result<(), FilesError> {
        Err(FilesError::Unsupported)
    }

    fn unlink(&mut self, directory: NodeId, name: &str) -> Result<Option<Unlinked>, FilesError> {
        self.fs()?.unlink(node(directory)?, Name::new(name)).map_err(refusal)?;
        Ok(None)
    }

    fn remove_directory(&mut self, directory: NodeId, name: &str) -> Result<(), FilesError> {
        self.fs()?.rmdir(node(directory)?, Name::new(name)).map_err(refusal)
    }

    fn rename(
        &mut self,
        from: (NodeId, &str),
        to: (NodeId, &str),
    ) -> Result<Option<Unlinked>, FilesError> {
        let (old, new) = ((node(from.0)?, Name::new(from.1)), (node(to.0)?, Name::new(to.1)));
        let renamed = self.fs()?.rename(old.0, old.1, new.0, new.1, RenameMode::Replace);
        renamed.map_err(refusal)?;
        Ok(None)
    }

    fn forget(&mut self, _: Unlinked) -> Result<(), FilesError> {
        Ok(())
    }

    fn read(&mut self, file: NodeId, offset: u64, into: &mut [u8]) -> Result<usize, FilesError> {
        self.fs()?.read(node(file)?, offset, into).map_err(refusal)
    }

    fn write(&mut self, file: NodeId, offset: u64, from: &[u8]) -> Result<usize, FilesError> {
        self.fs()?.write(node(file)?, offset, from).map_err(refusal)
    }

    fn set_len(&mut self, file: NodeId, len: u64) -> Result<(), FilesError> {
        self.fs()?.truncate(node(file)?, len).map_err(refusal)
    }

    fn set_modified(&mut self, number: NodeId, time: Time) -> Result<(), FilesError> {
        let change = SetAttr::new().with_modified(date(time));
        self.fs()?.setattr(node(number)?, &change).map_err(refusal)
    }

    fn set_mode(&mut self, number: NodeId, mode: u16) -> Result<(), FilesError> {
        let change = SetAttr::new().with_permissions(Permissions::new(mode.into()));
        self.fs()?.setattr(node(number)?, &change).map_err(refusal)
    }

    fn sync(&mut self) -> Result<(), FilesError> {
        self.fs()?.sync().map_err(refusal)
    }
}
