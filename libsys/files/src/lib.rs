//! Files: the interface that every volume serves, and the namespace of a program.
//!
//! **Shape.** Each volume of the manifest (`[volume.NAME]`) is a server of its own, so a slow or
//! damaged disk stops its own files alone. All serve one interface, [`Volume`], whatever they
//! keep files in: a disk, memory, the boot archive. A program finds its volumes in its startup
//! block; its [`Namespace`] leads a path to the volume with the longest fitting mount path and
//! speaks with that server directly.
//!
//! ```
//! # fn example(env: &rt::Env) -> Result<(), files::Error> {
//! use files::{How, Namespace};
//!
//! let names = Namespace::of(env)?;
//! let mut file = names.open("/home/a", How::CREATE)?;
//! file.write_at(0, b"hello\n")?;
//! file.sync()?;
//! assert_eq!(names.read("/home/a")?, b"hello\n");
//! # Ok(())
//! # }
//! ```
//!
//! **Paths** are UTF-8, at most [`PATH_BYTES`] long, of names of at most [`NAME_BYTES`]. `.` and
//! `..` are resolved by their text, as the shell shows them. Symbolic links are resolved by the
//! volume and never lead out of the part of it that the client was given.
//!
//! **Rights.** The manifest says which client sees which subtree of a volume, and whether it may
//! write there. The volume's server checks each call against the caller's badge; there is no
//! root that a program could name.
//!
//! **Open files** are sessions: what a client opened the server closes when the client dies. An
//! offset is part of each call, so two threads can read one file.
//!
//! **Death.** When a volume's server dies, open files go on: [`File`] opens its ticket again with
//! the next life and repeats the call. What was synced is there; what was written and not synced
//! is as it was or as it was written. [`Error::is_uncertain`] tells of changes of names whose
//! outcome is unknown: a rename may have happened.
//!
//! **Locks** are advisory and of the session; a server's death ends them.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

mod error;
mod file;
mod interface;
mod namespace;
mod path;
mod types;

pub use error::{Cause, Error, FilesError};
pub use file::File;
pub use interface::{Handle, HandleClient, Volume, VolumeClient};
pub use namespace::{Mount, Namespace};
pub use path::{is_name, normal};
pub use types::{
    Entry, How, Kind, LockKind, Metadata, NodeId, Opened, Space, State, Ticket, Time, VolumeInfo,
};

/// The most bytes of a path.
pub const PATH_BYTES: usize = 1024;
/// The most bytes of a name in a directory.
pub const NAME_BYTES: usize = 255;
/// The most bytes of one read or write; longer ones are cut into such pieces.
pub const PIECE_BYTES: usize = 256 << 10;
/// The most entries that one call of `list` gives.
pub const LIST_ENTRIES: u32 = 64;
