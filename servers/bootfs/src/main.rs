//! The boot archive as a volume.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

rt::entry!(bootfs_core::main);
