//! What a file system does for a [`VolumeServer`](crate::VolumeServer).

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use files::{Entry, FilesError, Metadata, NodeId, Space, Time, VolumeInfo};

/// The time of day, for what is written.
pub type Clock = Arc<dyn Fn() -> Time + Send + Sync>;

/// A node that has no name left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "it takes space until it is forgotten"]
pub struct Unlinked(pub NodeId);

/// Nodes, and names for them in directories. The server calls it from one thread.
///
/// **Names** are checked: [`files::is_name`] holds. `.` and `..` never come.
///
/// **Nodes** that are given are those of earlier answers, or of tickets: a node that is not there
/// is [`FilesError::NotFound`].
///
/// **Errors.** What fails leaves everything as it was, but for [`FilesError::Device`].
pub trait FileSystem {
    /// What the volume is, and whether it can be used.
    fn info(&mut self) -> VolumeInfo;

    /// The root directory.
    fn root(&mut self) -> Result<NodeId, FilesError>;

    /// How much it holds.
    fn space(&mut self) -> Result<Space, FilesError>;

    /// All about a node.
    fn metadata(&mut self, node: NodeId) -> Result<Metadata, FilesError>;

    /// The node with a name in a directory.
    fn look_up(&mut self, directory: NodeId, name: &str) -> Result<Metadata, FilesError>;

    /// The target of a symbolic link.
    fn read_link(&mut self, node: NodeId) -> Result<String, FilesError>;

    /// Names of a directory, from 0 or the `next` of an entry; at most `most`, none at the end.
    fn list(&mut self, directory: NodeId, from: u64, most: usize)
    -> Result<Vec<Entry>, FilesError>;

    /// Makes an empty file.
    fn create(&mut self, directory: NodeId, name: &str) -> Result<Metadata, FilesError>;

    /// Makes an empty directory.
    fn make_directory(&mut self, directory: NodeId, name: &str) -> Result<(), FilesError>;

    /// Makes a symbolic link.
    fn make_link(&mut self, directory: NodeId, name: &str, target: &str) -> Result<(), FilesError>;

    /// Gives a file another name.
    fn add_name(&mut self, node: NodeId, directory: NodeId, name: &str) -> Result<(), FilesError>;

    /// Removes a name of what is no directory. Its node stays until [`FileSystem::forget`].
    fn unlink(&mut self, directory: NodeId, name: &str) -> Result<Option<Unlinked>, FilesError>;

    /// Removes an empty directory, with its node.
    fn remove_directory(&mut self, directory: NodeId, name: &str) -> Result<(), FilesError>;

    /// Renames. What had the new name is of the same kind, is not the same node, and loses it at
    /// once. An empty directory goes with its node; a file stays until [`FileSystem::forget`].
    fn rename(
        &mut self,
        from: (NodeId, &str),
        to: (NodeId, &str),
    ) -> Result<Option<Unlinked>, FilesError>;

    /// Frees a node that has no name and that no session has open.
    fn forget(&mut self, node: Unlinked) -> Result<(), FilesError>;

    /// Reads at an offset: the number of bytes, fewer only at the end of the file.
    fn read(&mut self, file: NodeId, offset: u64, into: &mut [u8]) -> Result<usize, FilesError>;

    /// Writes at an offset: the number of bytes, fewer when the volume is full.
    fn write(&mut self, file: NodeId, offset: u64, from: &[u8]) -> Result<usize, FilesError>;

    /// Cuts a file, or lengthens it by zeros.
    fn set_len(&mut self, file: NodeId, len: u64) -> Result<(), FilesError>;

    /// Sets when the content was changed last.
    fn set_modified(&mut self, node: NodeId, time: Time) -> Result<(), FilesError>;

    /// Sets the permission bits.
    fn set_mode(&mut self, node: NodeId, mode: u16) -> Result<(), FilesError>;

    /// Makes all changes last.
    fn sync(&mut self) -> Result<(), FilesError>;

    /// Does the same, and leaves the volume as one that is not in use: there may be no changes for
    /// a while.
    fn rest(&mut self) -> Result<(), FilesError> {
        self.sync()
    }
}
