//! The service of a volume.

use crate::{Entry, FilesError, How, LockKind, Metadata, Opened, Space, Ticket, Time, VolumeInfo};
use alloc::string::String;
use alloc::vec::Vec;

/// A volume. The name of the service is that of the volume. Paths are relative to the subtree
/// that the manifest gives the caller: `""` and `"/"` are its root, `"a/b"` and `"/a/b"` the same
/// file.
#[service::interface(version = 2, name = "volume", max_message = 16384)]
pub trait Volume {
    /// What the volume is, and whether it can be used.
    #[idempotent]
    fn info(&mut self) -> Result<VolumeInfo, FilesError>;

    /// How much it holds.
    #[idempotent]
    fn space(&mut self) -> Result<Space, FilesError>;

    /// Opens a file.
    #[opens(Handle)]
    fn open(&mut self, path: String, how: How) -> Result<Opened, FilesError>;

    /// Opens a file again that was open when the server's last life ended. One that was made after
    /// the last commit, and neither renamed nor removed, is [`FilesError::NotSynced`]: to make it again
    /// by its path brings back nothing that was removed.
    #[opens(Handle)]
    fn reopen(&mut self, ticket: Ticket) -> Result<Opened, FilesError>;

    /// All about a node; of the link itself when `follow` is false and the path ends in one.
    #[idempotent]
    fn metadata(&mut self, path: String, follow: bool) -> Result<Metadata, FilesError>;

    /// The target of a symbolic link.
    #[idempotent]
    fn read_link(&mut self, path: String) -> Result<String, FilesError>;

    /// Names of a directory, from 0 or the `next` of an entry: at most
    /// [`LIST_ENTRIES`](crate::LIST_ENTRIES), none at the end. `.` and `..` are not among them.
    #[idempotent]
    fn list(&mut self, path: String, from: u64) -> Result<Vec<Entry>, FilesError>;

    /// Makes a directory.
    fn make_directory(&mut self, path: String) -> Result<(), FilesError>;

    /// Makes a symbolic link at `path`.
    fn make_link(&mut self, path: String, target: String) -> Result<(), FilesError>;

    /// Gives a file another name.
    fn add_name(&mut self, existing: String, path: String) -> Result<(), FilesError>;

    /// Removes the name of a file or link. An open file stays until it is closed.
    fn remove(&mut self, path: String) -> Result<(), FilesError>;

    /// Removes an empty directory.
    fn remove_directory(&mut self, path: String) -> Result<(), FilesError>;

    /// Renames; what had the new name, and is of the same kind, is replaced at once.
    fn rename(&mut self, from: String, to: String) -> Result<(), FilesError>;

    /// Sets when a node's content was changed last.
    #[idempotent]
    fn set_modified(&mut self, path: String, time: Time) -> Result<(), FilesError>;

    /// Sets the permission bits.
    #[idempotent]
    fn set_mode(&mut self, path: String, mode: u16) -> Result<(), FilesError>;

    /// Makes everything last that was done before.
    #[idempotent]
    fn sync(&mut self) -> Result<(), FilesError>;
}

/// An open file.
#[service::interface(version = 2, session, max_message = 16384)]
pub trait Handle {
    /// Reads at an offset: the number of bytes, fewer at the end of the file.
    #[idempotent]
    fn read(&mut self, offset: u64, #[lend] into: &mut [u8]) -> Result<u32, FilesError>;

    /// Writes at an offset: the number of bytes.
    #[idempotent]
    fn write(&mut self, offset: u64, #[lend] from: &[u8]) -> Result<u32, FilesError>;

    /// Writes at the end, wherever that is by then: the offset at which the bytes are.
    fn append(&mut self, #[lend] from: &[u8]) -> Result<u64, FilesError>;

    /// All about it.
    #[idempotent]
    fn metadata(&mut self) -> Result<Metadata, FilesError>;

    /// Cuts it, or lengthens it by zeros.
    #[idempotent]
    fn set_len(&mut self, len: u64) -> Result<(), FilesError>;

    /// Makes its content last, and its name and length.
    #[idempotent]
    fn sync(&mut self) -> Result<(), FilesError>;

    /// Takes, changes or gives back the lock.
    #[idempotent]
    fn lock(&mut self, kind: LockKind) -> Result<(), FilesError>;
}
