//! How objects are counted, and how processes and threads are taken apart.
//!
//! An object lives while handles (or other objects) name it. A process is killed at once
//! and taken apart by the exit loop in bounded pieces; its death is signalled when the
//! last of what it held has been given back.
//!
//! No process is out of reach: one that no handle names is killed, and so are the children of a
//! process that dies, even if other processes have handles to them. Their quota is part of its quota.

mod boot;
mod destroy;
mod each_thread;
mod ended;
mod family;
mod handles;
mod make;
mod operation;

pub use boot::{BootProcess, Segment};
