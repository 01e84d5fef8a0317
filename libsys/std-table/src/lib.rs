//! Rust's standard library on Postern: ordinary programs, unmodified crates.
//!
//! **Shape.** The compiler has a target whose standard library calls everything through one table of
//! function pointers, [`moto_rt::RtVdsoVtable`]. This crate fills that table. It is built as a static
//! library, which `cargo xtask install` links to the program: its `_start` is the program's, and
//! before `main` it shows the table at the address where the library looks for it, for reading only.
//! One file here has the functions of one part of the table; what a function needs beside that is in
//! safe modules.
//!
//! | part | over |
//! |---|---|
//! | memory | the heap of `rt` |
//! | time | the kernel's clock; `clock` for the time of day |
//! | futex | a list of waiting threads; each has a notification |
//! | threads, keys | `sys::spawn_thread`; the thread register leads to what a thread keeps |
//! | files | the namespace of `files`; one call of a process at a time |
//! | standard input and output | pipes that the starter gave, else the console |
//! | random bytes | `random` |
//! | poll | watches of sockets by `net`, which signal one notification |
//!
//! **Poll.** An event of a socket is told once, and again after the program has read, or has found no
//! room to write. Other descriptors than sockets are refused: `Unsupported`.
//!
//! **Names that differ.** The library's folder for temporary files, `/sys/tmp`, is `/tmp` here.
//!
//! **Errors.** The codes of `moto_rt`. An entry that is not filled prints its name and ends the
//! program with status [`UNSET`]. The library ends a program that panicked with -1: this becomes the
//! status of a panic.
//!
//! **Unsafe.** The table's functions are called with pointers. Each is turned into a slice, a text or
//! a place for a result at once, by the functions of `foreign`, whose duty is the library's: pointers
//! come from references that live during the call.
//!
//! **Drift.** Names, order and version of the table are those of the crate `moto-rt`, which the
//! compiler's library names, too; a test compares both versions.
#![cfg_attr(target_os = "none", no_std)]

#[cfg(any(test, all(target_os = "none", target_arch = "x86_64")))]
extern crate alloc;

#[cfg(any(test, all(target_os = "none", target_arch = "x86_64")))]
mod packed;

/// The status of a program that called an entry of the table that is not filled.
pub const UNSET: u64 = 120;

#[cfg(all(target_os = "none", target_arch = "x86_64"))]
mod on_postern;
