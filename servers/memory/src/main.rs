//! A volume in memory.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

rt::entry!(memory_core::main);
