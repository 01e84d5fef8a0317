//! The web server.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

rt::entry!(web_core::run);
