//! The blk server.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

rt::entry!(blk_core::main);
