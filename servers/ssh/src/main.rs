//! The SSH server: see the library.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

rt::entry!(ssh_core::run);
