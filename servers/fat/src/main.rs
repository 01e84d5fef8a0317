//! A volume on a disk.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

rt::entry!(fat_core::main);
