//! Memory: the kernel's half ([`space`], [`layout`]), page tables ([`table`], [`entry`])
//! and physical memory as the kernel sees it ([`physmap`]).
//!
//! The kernel reaches the memory of programs only through the physmap, after a walk of
//! their tables: it never touches a user address, so no user pointer can make it fault.

pub(crate) mod entry;
pub(crate) mod image;
pub(crate) mod layout;
pub(crate) mod physmap;
pub(crate) mod space;
pub(crate) mod table;
