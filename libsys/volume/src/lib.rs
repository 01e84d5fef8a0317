//! The server of a volume, over any file system.
//!
//! **Shape.** A [`FileSystem`] knows nodes and names; [`VolumeServer`] makes the service
//! [`files::Volume`] of it: paths, symbolic links, rights, open files, locks, and what outlives a
//! death of the server. [`run`] is the main function of such a server. [`MemoryFs`] is the
//! smallest file system.
//!
//! **Trust.** Clients are known by their badges alone. Each sees the subtree that the manifest
//! gives it ([`Access`]): a path is walked by names from that subtree's directory, `..` goes back
//! along the way that was walked, and an absolute link begins there again. So nothing above it can
//! be named.
//!
//! **Open files.** A file without names lives until its last session is closed. Each session has a
//! ticket in kept memory: after a death of the server its owner opens the file again, as the same
//! node. Tickets of files that are gone are `Stale`; those of files that were made and not yet
//! committed are `NotSynced`, and the client that made one makes it again.
//!
//! **Commits.** `sync` makes all changes last. A server with changes commits by itself a few
//! seconds after the first of them.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

mod access;
mod cache;
mod file_system;
mod late;
mod memory;
mod open;
mod run;
mod server;
mod tickets;
mod walk;

pub use access::{Access, Grant, Rights};
pub use file_system::{Clock, FileSystem, Unlinked};
pub use late::{Late, Opener};
pub use memory::MemoryFs;
pub use run::{run, run_cached, serve};
pub use server::VolumeServer;
