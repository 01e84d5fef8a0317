//! `run disk DISK MIB [SECONDS]`: see the library.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

rt::entry!(disk_core::main);
