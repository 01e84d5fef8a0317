//! `run fsload DIRECTORY SECONDS [SEED]`: see the library.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

rt::entry!(fsload_core::main);
