//! The shell: see the library.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

rt::entry!(shell_core::main);
