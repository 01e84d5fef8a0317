//! A volume that is mounted.

use crate::errors::{line, refusal};
use alloc::string::String;
use alloc::vec::Vec;
use files::{FilesError, Kind, Metadata, NodeId, State, Time};
use replay_mark::Marked;
use rsext4::{
    BlockIo, Clock, DirectoryEntryType, Ext4, Ext4Error, Ext4ErrorKind, Ext4Result, Ext4Timestamp,
    InodeInfo, InodeNumber, MountOptions, MountServices, MountedServices, NoopObserver,
};

/// The root directory.
const ROOT: u32 = 2;
/// The first inode that is not reserved.
const FIRST: u32 = 11;
/// The most nodes that wait to be freed.
const WAITING: usize = 256;
/// The writes after which a volume is mounted anew: `rsext4` keeps each block of its journal in
/// memory until the journal is full, which may be more than the server has.
const WRITES: usize = 384;
const NS: u64 = 1_000_000_000;

/// The clock, as `rsext4` asks for it.
pub(crate) struct Wall(pub(crate) volume::Clock);

impl Clock for Wall {
    fn now(&self) -> Ext4Result<Ext4Timestamp> {
        Ok(timestamp((self.0)()))
    }
}

pub(crate) fn timestamp(time: Time) -> Ext4Timestamp {
    let seconds = i64::try_from(time.0 / NS).unwrap_or(i64::MAX);
    Ext4Timestamp::new(seconds, u32::try_from(time.0 % NS).unwrap_or(0))
}

/// What `rsext4` mounts.
pub(crate) type Fs<D> = Ext4<Marked<D>, MountedServices<(), NoopObserver>>;

/// A mounted volume.
pub(crate) struct Mounted<D: BlockIo> {
    pub(crate) ext4: Fs<D>,
    device: Marked<D>,
    clock: volume::Clock,
    /// Nodes without names that no session has open. They are freed after the commit of that:
    /// before it, a power cut brings them back, and their blocks must still be theirs.
    unlinked: Vec<InodeNumber>,
    /// Whether blocks were freed after the last commit. They are not used before the next one.
    freed: bool,
    /// Whether the volume is marked as one that is not in use: it is unmounted, and mounted
    /// read-only.
    rests: bool,
    /// Why it cannot be written.
    read_only: Option<String>,
}

impl<D: BlockIo> Mounted<D> {
    /// Mounts: replays the journal and frees what had no names.
    pub(crate) fn mount(device: D, clock: volume::Clock) -> Result<Self, Ext4Error> {
        let is_fixed = device.capabilities().read_only;
        let device = Marked::new(device);
        let ext4 = if is_fixed {
            read_only(device.clone(), &clock)?
        } else {
            device.begin()?;
            Ext4::mount_with_readonly_fallback(device.clone(), services(&clock))?
        };
        let read_only = match (is_fixed, ext4.options().readonly) {
            (true, _) => Some("the disk is read-only".into()),
            (_, true) => Some("errors were noted on it: check it with e2fsck".into()),
            _ => None,
        };
        let (unlinked, freed, rests) = (Vec::new(), false, false);
        Ok(Self { ext4, device, clock, unlinked, freed, rests, read_only })
    }

    pub(crate) fn state(&self) -> State {
        match &self.read_only {
            None => State::Writable,
            Some(why) => State::ReadOnly { why: why.clone() },
        }
    }

    /// What came of it. A journal that cannot be written makes the volume read-only.
    pub(crate) fn done<T>(&mut self, result: Ext4Result<T>) -> Result<T, FilesError> {
        result.map_err(|error| {
            let aborted = error.kind() == Ext4ErrorKind::JournalAborted;
            if aborted && self.read_only.is_none() {
                let why = alloc::format!("its journal cannot be written: {}", line(error));
                #[cfg(target_os = "none")]
                defmt::error!("read-only from now on: {=str}", why.as_str());
                self.read_only = Some(why);
            }
            refusal(error)
        })
    }

    /// Before a change.
    pub(crate) fn begin(&mut self) -> Result<(), FilesError> {
        if self.read_only.is_some() {
            return Err(FilesError::ReadOnly);
        }
        if self.device.writes() > WRITES {
            self.rest()?;
        }
        if self.rests {
            let begun = self.device.begin();
            self.done(begun)?;
            let services = services(&self.clock);
            let mounted = Ext4::mount(self.device.clone(), services, MountOptions::read_write());
            self.ext4 = self.done(mounted)?;
            self.rests = false;
        }
        Ok(())
    }

    /// A change that may take blocks. Where there are none, those of nodes that wait to be freed
    /// are.
    pub(crate) fn change<T>(
        &mut self,
        mut work: impl FnMut(&mut Fs<D>) -> Ext4Result<T>,
    ) -> Result<T, FilesError> {
        self.begin()?;
        if self.freed {
            self.commit()?;
        }
        let done = work(&mut self.ext4);
        let is_full = matches!(&done, Err(error) if error.kind() == Ext4ErrorKind::NoSpace);
        if is_full && !self.unlinked.is_empty() {
            self.sync()?;
            self.commit()?;
            let again = work(&mut self.ext4);
            return self.done(again);
        }
        self.done(done)
    }

    /// A change that frees blocks.
    pub(crate) fn change_freeing(
        &mut self,
        work: impl FnOnce(&mut Fs<D>) -> Ext4Result<()>,
    ) -> Result<(), FilesError> {
        self.begin()?;
        self.freed = true;
        let done = work(&mut self.ext4);
        self.done(done)
    }

    /// A node has no name and is not open.
    pub(crate) fn forget(&mut self, node: InodeNumber) -> Result<(), FilesError> {
        self.unlinked.push(node);
        if self.unlinked.len() >= WAITING { self.sync() } else { Ok(()) }
    }

    /// Commits.
    fn commit(&mut self) -> Result<(), FilesError> {
        let synced = self.ext4.sync();
        self.done(synced)?;
        self.freed = false;
        Ok(())
    }

    /// Commits, and frees nodes whose last name is gone for good by that. Their blocks are used
    /// after the next commit: before it, a mount frees these nodes again, and reads their trees.
    pub(crate) fn sync(&mut self) -> Result<(), FilesError> {
        if self.rests {
            return Ok(());
        }
        self.commit()?;
        while let Some(node) = self.unlinked.pop() {
            self.freed = true;
            let freed = self.ext4.reap_unlinked_inode(node);
            self.done(freed)?;
        }
        Ok(())
    }

    /// Commits, and marks the volume as one that is not in use, unless there are open files
    /// without names.
    pub(crate) fn rest(&mut self) -> Result<(), FilesError> {
        self.sync()?;
        if self.rests || self.read_only.is_some() {
            return Ok(());
        }
        match self.ext4.unmount() {
            Ok(()) => {
                let ended = self.device.end();
                self.done(ended)?;
                let mounted = read_only(self.device.clone(), &self.clock);
                self.ext4 = self.done(mounted)?;
                self.rests = true;
                Ok(())
            }
            // There are open files without names.
            Err(error) if error.kind() == Ext4ErrorKind::Busy => {
                self.device.count_anew();
                self.commit()
            }
            Err(error) => self.done(Err(error)),
        }
    }

    /// The node that a directory names. A damaged one may name the journal.
    pub(crate) fn checked(&self, info: InodeInfo) -> Result<Metadata, FilesError> {
        let number = info.number.raw();
        if number < FIRST && number != ROOT {
            return Err(FilesError::Damaged);
        }
        Ok(metadata(info))
    }
}

fn services(clock: &volume::Clock) -> MountServices<Wall, (), NoopObserver> {
    MountServices::new(Wall(clock.clone()), (), NoopObserver)
}

/// A mount that writes nothing, of a volume that needs nothing.
fn read_only<D: BlockIo>(device: Marked<D>, clock: &volume::Clock) -> Ext4Result<Fs<D>> {
    let options = MountOptions { readonly: true, replay_journal: false, block_validity: true };
    Ext4::mount(device, services(clock), options)
}

pub(crate) fn number(node: NodeId) -> Result<InodeNumber, FilesError> {
    InodeNumber::from_u64(node).map_err(|_| FilesError::NotFound)
}

pub(crate) fn kind(of: DirectoryEntryType) -> Kind {
    match of {
        DirectoryEntryType::RegularFile => Kind::File,
        DirectoryEntryType::Directory => Kind::Directory,
        DirectoryEntryType::Symlink => Kind::Link,
        _ => Kind::Other,
    }
}

pub(crate) fn metadata(info: InodeInfo) -> Metadata {
    let time = |seconds: u32| Time(u64::from(seconds) * NS);
    Metadata {
        node: info.number.as_u64(),
        kind: kind(info.file_type()),
        len: info.size,
        stored: info.blocks.saturating_mul(512),
        links: info.links.into(),
        mode: info.mode & 0o7777,
        modified: time(info.mtime),
        created: time(info.btime),
    }
}
