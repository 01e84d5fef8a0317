//! The file system: mounted, or not there for now.

use crate::errors::line;
use crate::mounted::{Mounted, Wall, metadata, number, timestamp};
use crate::names::name;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use files::{Entry, FilesError, Metadata, NodeId, PATH_BYTES, Space, Time, VolumeInfo};
use rsext4::{
    BlockIo, Ext4Result, FilePermissions, InodeMetadataUpdate, MkfsOptions, MutationContext,
};
use volume::{Clock, FileSystem, Late, Opener, Unlinked};

/// The system has no users: everything is root's.
const ROOT: MutationContext = MutationContext::new(0, 0, 0, 0);

/// A volume in ext4.
#[derive(Debug)]
pub struct Ext4Volume<D: BlockIo>(Late<Mounted<D>>);

/// Makes an empty ext4 volume of a disk.
///
/// # Errors
/// When the disk is too small, or fails.
pub fn format<D: BlockIo>(device: D, clock: Clock) -> Ext4Result<D> {
    rsext4::format(device, Wall(clock), MkfsOptions::default())
}

impl<D: BlockIo + 'static> Ext4Volume<D> {
    /// On the disk with this name. It is mounted as soon as it is there.
    pub fn new(device: &str, mut open: Opener<D>, clock: Clock) -> Self {
        let mount =
            move || open().and_then(|disk| Mounted::mount(disk, clock.clone()).map_err(line));
        Self(Late::new(device, Box::new(mount)))
    }

    /// The mounted volume.
    fn mounted(&mut self) -> Result<&mut Mounted<D>, FilesError> {
        self.0.get()
    }
}

impl<D: BlockIo + 'static> FileSystem for Ext4Volume<D> {
    fn info(&mut self) -> VolumeInfo {
        self.0.info("ext4", |mounted| mounted.state())
    }

    fn root(&mut self) -> Result<NodeId, FilesError> {
        Ok(self.mounted()?.ext4.root_inode().as_u64())
    }

    fn space(&mut self) -> Result<Space, FilesError> {
        let stats = self.mounted()?.ext4.statfs();
        let bytes = |blocks: u64| blocks.saturating_mul(stats.block_size);
        Ok(Space {
            total: bytes(stats.total_blocks),
            free: bytes(stats.free_blocks),
            nodes: stats.total_inodes.into(),
            free_nodes: stats.free_inodes.into(),
        })
    }

    fn metadata(&mut self, node: NodeId) -> Result<Metadata, FilesError> {
        let mounted = self.mounted()?;
        let info = mounted.ext4.inode(number(node)?);
        mounted.done(info).map(metadata)
    }

    fn look_up(&mut self, directory: NodeId, text: &str) -> Result<Metadata, FilesError> {
        let mounted = self.mounted()?;
        let found = mounted.ext4.lookup_child(number(directory)?, name(text)?);
        let found = mounted.done(found)?.ok_or(FilesError::NotFound)?;
        mounted.checked(found)
    }

    fn read_link(&mut self, node: NodeId) -> Result<String, FilesError> {
        let mounted = self.mounted()?;
        let mut target = vec![0; PATH_BYTES + 1];
        let read = mounted.ext4.read_inode(number(node)?, 0, &mut target);
        target.truncate(mounted.done(read)?);
        String::from_utf8(target).map_err(|_| FilesError::BadName)
    }

    fn list(
        &mut self,
        directory: NodeId,
        from: u64,
        most: usize,
    ) -> Result<Vec<Entry>, FilesError> {
        self.mounted()?.list(directory, from, most)
    }

    fn create(&mut self, directory: NodeId, text: &str) -> Result<Metadata, FilesError> {
        let (directory, name) = (number(directory)?, name(text)?);
        let made = self.mounted()?.change(|ext4| {
            ext4.create_regular_file(ROOT, directory, name, FilePermissions::new(0o644)?)
        })?;
        Ok(metadata(made))
    }

    fn make_directory(&mut self, directory: NodeId, text: &str) -> Result<(), FilesError> {
        let (directory, name) = (number(directory)?, name(text)?);
        let made = self.mounted()?.change(|ext4| {
            ext4.create_directory(ROOT, directory, name, FilePermissions::new(0o755)?)
        });
        made.map(drop)
    }

    fn make_link(&mut self, directory: NodeId, text: &str, target: &str) -> Result<(), FilesError> {
        let (directory, name) = (number(directory)?, name(text)?);
        let made = self
            .mounted()?
            .change(|ext4| ext4.create_symlink(ROOT, directory, name, target.as_bytes()));
        made.map(drop)
    }

    fn add_name(&mut self, node: NodeId, directory: NodeId, text: &str) -> Result<(), FilesError> {
        let (node, directory, name) = (number(node)?, number(directory)?, name(text)?);
        self.mounted()?.change(|ext4| ext4.hard_link(node, directory, name)).map(drop)
    }

    fn unlink(&mut self, directory: NodeId, text: &str) -> Result<Option<Unlinked>, FilesError> {
        self.mounted()?.unlink(directory, text)
    }

    fn remove_directory(&mut self, directory: NodeId, text: &str) -> Result<(), FilesError> {
        self.mounted()?.remove_directory(directory, text)
    }

    fn rename(
        &mut self,
        from: (NodeId, &str),
        to: (NodeId, &str),
    ) -> Result<Option<Unlinked>, FilesError> {
        self.mounted()?.rename(from, to)
    }

    fn forget(&mut self, node: Unlinked) -> Result<(), FilesError> {
        self.mounted()?.forget(number(node.0)?)
    }

    fn read(&mut self, file: NodeId, offset: u64, into: &mut [u8]) -> Result<usize, FilesError> {
        let mounted = self.mounted()?;
        let read = mounted.ext4.read_inode(number(file)?, offset, into);
        mounted.done(read)
    }

    fn write(&mut self, file: NodeId, offset: u64, from: &[u8]) -> Result<usize, FilesError> {
        let mounted = self.mounted()?;
        let number = number(file)?;
        mounted.must_be_file(file)?;
        mounted.change(|ext4| ext4.write_inode(number, offset, from))?;
        Ok(from.len())
    }

    fn set_len(&mut self, file: NodeId, len: u64) -> Result<(), FilesError> {
        let mounted = self.mounted()?;
        let number = number(file)?;
        let before = mounted.must_be_file(file)?;
        match len {
            _ if len == before => Ok(()),
            _ if len < before => mounted.change_freeing(|ext4| ext4.truncate_inode(number, len)),
            _ => mounted.change(|ext4| ext4.truncate_inode(number, len)),
        }
    }

    fn set_modified(&mut self, node: NodeId, time: Time) -> Result<(), FilesError> {
        let number = number(node)?;
        let update = InodeMetadataUpdate { mtime: Some(timestamp(time)), ..Default::default() };
        self.mounted()?.change(|ext4| ext4.update_inode_metadata(number, update)).map(drop)
    }

    fn set_mode(&mut self, node: NodeId, mode: u16) -> Result<(), FilesError> {
        let number = number(node)?;
        let update = |mode| -> Ext4Result<InodeMetadataUpdate> {
            let permissions = Some(FilePermissions::new(mode)?);
            Ok(InodeMetadataUpdate { permissions, ..Default::default() })
        };
        self.mounted()?.change(|ext4| ext4.update_inode_metadata(number, update(mode)?)).map(drop)
    }

    fn sync(&mut self) -> Result<(), FilesError> {
        self.mounted()?.sync()
    }

    fn rest(&mut self) -> Result<(), FilesError> {
        self.mounted()?.rest()
    }
}
