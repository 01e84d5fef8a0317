//! The shell without its servers: words, tables, units, values of typed calls.
//!
//! Nothing here makes a system call, so it is tested on the host
//! (`cargo test -p shell --lib`).
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod devices;
pub mod strace;
pub mod table;
pub mod types;
pub mod units;
pub mod value;
pub mod words;
