//! A volume on a disk.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

rt::entry!(ext4_core::main);
