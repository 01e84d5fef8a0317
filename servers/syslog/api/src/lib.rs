//! The interface of `syslog`: the system log as text.
//!
//! Lines are numbered from 0 since the boot. The server keeps the last of them; all go to files.
//!
//! ```no_run
//! # fn print(_: &str) {}
//! # fn show(names: &sys::Endpoint) -> Result<(), service::CallError<syslog_api::SyslogError>> {
//! let log = syslog_api::SyslogClient::connect(names).map_err(service::CallError::widen)?;
//! let mut next = 0;
//! loop {
//!     let lines = log.read(next)?;
//!     if lines.text.is_empty() {
//!         return Ok(());
//!     }
//!     print(&lines.text);
//!     next = lines.next;
//! }
//! # }
//! ```
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

use alloc::string::String;

/// Why there are no lines.
#[service::data]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyslogError {
    /// The kernel does not let this server read the log.
    NotAllowed,
}

impl core::fmt::Display for SyslogError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::NotAllowed => "the kernel does not let this server read the log",
        })
    }
}

impl core::error::Error for SyslogError {}

/// Lines, and where to go on.
#[service::data]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lines {
    /// Whole lines, up to 4 KiB together or one longer line. Empty: there are no more now.
    pub text: String,
    /// The number of the line behind them.
    pub next: u64,
}

/// The first line that is kept, and the number behind the last.
#[service::data]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// The oldest line.
    pub first: u64,
    /// Behind the newest line.
    pub end: u64,
}

/// The system log.
#[service::interface(version = 1)]
pub trait Syslog {
    /// The lines that are there now.
    #[idempotent]
    fn range(&mut self) -> Result<Range, SyslogError>;

    /// Lines from this one on, or from the oldest that is kept.
    #[idempotent]
    fn read(&mut self, first: u64) -> Result<Lines, SyslogError>;
}
