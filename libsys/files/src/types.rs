//! What travels between a client and a volume.

use alloc::string::String;

/// A file, directory or link of a volume: the number of its inode.
pub type NodeId = u64;

/// Nanoseconds since the start of 1970, UTC.
#[service::data]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(pub u64);

/// What a name stands for.
#[service::data]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Bytes.
    File,
    /// Names.
    Directory,
    /// A symbolic link.
    Link,
    /// A node of another system, such as a device: it can be seen and removed.
    Other,
}

/// All about a node but its content.
#[service::data]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// Its number, which no other living node of the volume has.
    pub node: NodeId,
    /// What it is.
    pub kind: Kind,
    /// Bytes of its content.
    pub len: u64,
    /// Bytes that it takes of the volume; fewer than `len` where it has holes.
    pub stored: u64,
    /// The number of its names.
    pub links: u32,
    /// The permission bits, as POSIX has them. They are kept, not enforced: the manifest says who
    /// may do what.
    pub mode: u16,
    /// When its content was changed last.
    pub modified: Time,
    /// When it was made; 0 where the volume does not know.
    pub created: Time,
}

/// A name in a directory.
#[service::data]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The name.
    pub name: String,
    /// What it stands for.
    pub kind: Kind,
    /// Its node.
    pub node: NodeId,
    /// Where [`Volume::list`](crate::Volume::list) goes on behind it.
    pub next: u64,
}

/// How a file is opened. A file is always readable.
#[service::data]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct How {
    /// It is written.
    pub write: bool,
    /// It is made when it is not there.
    pub create: bool,
    /// It must not be there: with `create`.
    pub new: bool,
    /// Its content is dropped: with `write`.
    pub truncate: bool,
}

impl How {
    /// To read.
    pub const READ: Self = Self { write: false, create: false, new: false, truncate: false };
    /// To read and write what is there.
    pub const WRITE: Self = Self { write: true, ..Self::READ };
    /// To read and write, made when it is not there.
    pub const CREATE: Self = Self { create: true, ..Self::WRITE };
    /// To write from its start: made, or emptied.
    pub const REPLACE: Self = Self { truncate: true, ..Self::CREATE };
    /// To write what was not there.
    pub const NEW: Self = Self { new: true, ..Self::CREATE };
}

/// An open file, for the next life of its server.
#[service::data]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(pub u64);

/// What a client learns when it opens a file.
#[service::data]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Opens it again when the server was restarted; only its first owner can use it.
    pub ticket: Ticket,
    /// The file.
    pub metadata: Metadata,
}

/// An advisory lock of a whole file.
#[service::data]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockKind {
    /// Several sessions can have it.
    Shared,
    /// One session has it, and none a shared one.
    Exclusive,
    /// None: gives it back.
    None,
}

/// How much a volume holds.
#[service::data]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// Bytes of all blocks.
    pub total: u64,
    /// Bytes of free blocks.
    pub free: u64,
    /// Nodes that there can be; 0 where there is no such limit.
    pub nodes: u64,
    /// Nodes that can still be made.
    pub free_nodes: u64,
}

/// Whether a volume can be used.
#[service::data]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It can be read and written.
    Writable,
    /// It can be read, for this reason not written.
    ReadOnly {
        /// Such as "the manifest says so".
        why: String,
    },
    /// It cannot be used for now, for this reason.
    Unusable {
        /// Such as "no disk blk0".
        why: String,
    },
}

/// What a volume is.
#[service::data]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VolumeInfo {
    /// How it keeps files: `ext4`, `memory`, `archive`.
    pub format: String,
    /// On what: `blk0`, or empty.
    pub device: String,
    /// Whether it can be used.
    pub state: State,
}
