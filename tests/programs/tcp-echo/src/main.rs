//! The echo server on TCP.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

rt::entry!(tcp_echo_core::start);
