//! The console without its device: keys, line editing, lines that wait, what is kept.
//!
//! Nothing here makes a system call, so it is tested on the host
//! (`cargo test -p console --lib`). `main.rs` joins it to the UART and to clients.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod editor;
pub mod foreground;
pub mod keys;
pub mod lines;
pub mod raw;
