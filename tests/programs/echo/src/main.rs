//! The echo server.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

rt::entry!(echo_core::start);
