//! The system log as text.
//!
//! The log is a stream of records ([`abi::LogHeader`] and bytes). [`Records`] finds them. Most hold
//! a piece of a program's defmt stream, whose strings are not in the program: [`Strings`] has them
//! for all programs of a system, as a text that the build writes, and a [`Decoder`] makes [`Line`]s
//! with it. It knows the types that log statements of the system use: integers, `bool`, `char` and
//! `str`. On the host, `tools/log` decodes all of defmt, with places in the source.
//!
//! ```
//! use abi::{LogHeader, LogKind};
//! use logtext::{Decoder, Strings};
//!
//! let strings = Strings::parse("= console\n3 INFO ready, {=u8} keys\n");
//! let mut decoder = Decoder::new(strings);
//! # let record = |kind, payload: &[u8]| {
//! #     let len = u16::try_from(payload.len()).unwrap();
//! #     let mut bytes = LogHeader { kind, source: 7, time_ns: 1_500_000_000, len }.encode().to_vec();
//! #     bytes.extend_from_slice(payload);
//! #     bytes
//! # };
//! let mut lines = decoder.push(&record(LogKind::Source, b"console"));
//! lines.extend(decoder.push(&record(LogKind::Defmt, &[3, 2, 0x7a, 0])));
//! assert_eq!(lines[0].to_string(), "[   1.500000] console INFO  ready, 2 keys");
//! ```
//!
//! **Trust.** A program writes what it likes into its own stream: what is no frame becomes a line
//! that says so, and what is kept of a source is bounded.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod audit;
mod decoder;
mod frame;
mod line;
mod records;
mod strings;

pub use decoder::Decoder;
pub use line::Line;
pub use records::{Record, Records};
pub use strings::{Level, Strings};

/// The name of the kernel as a source.
pub const KERNEL: &str = "kernel";
/// The name of the strings of the kernel with debug checks, whose numbers are others.
pub const CHECKED_KERNEL: &str = "kernel-checks";
