//! The name server.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

rt::entry!(names_core::main);
