//! Memory: the kernel's half ([`space`], [`layout`]), its objects in it ([`growing`]), page tables
//! ([`table`], [`entry`]), physical memory as the kernel sees it ([`physmap`]), and the TLB
//! shootdown ([`shootdown`]).
//!
//! The kernel reaches the memory of programs only through the physmap, after a walk of
//! their tables: it never touches a user address, so no user pointer can make it fault.

pub(crate) mod boot_frames;
pub(crate) mod entry;
pub(crate) mod growing;
pub(crate) mod image;
pub(crate) mod layout;
pub(crate) mod physmap;
pub(crate) mod range;
pub(crate) mod shootdown;
pub(crate) mod space;
pub(crate) mod table;
pub(crate) mod thread_frames;
