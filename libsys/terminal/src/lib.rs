//! Terminals without their device: keys, line editing, lines that wait, what is kept, and the
//! server over any [`server::Device`].
//!
//! All but the server is tested on the host as it is (`cargo test -p terminal`). `console` joins it
//! to the UART, `ssh` to its connections.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod editor;
pub mod foreground;
pub mod keeper;
pub mod keys;
pub mod lines;
pub mod raw;
pub mod server;
