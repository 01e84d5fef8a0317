//! How objects are counted, and how processes and threads are taken apart.
//!
//! An object lives while handles (or other objects) name it. A process is killed at once
//! and taken apart by the exit loop in bounded pieces; its death is signalled when the
//! last of what it held has been given back.

mod destroy;
mod handles;
mod make;
