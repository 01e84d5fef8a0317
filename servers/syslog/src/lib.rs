//! The system log on the machine itself.
//!
//! **Shape.** Once in a second, and before each answer, [`Log`] takes what the kernel has logged,
//! decodes it to lines, keeps the last of them in memory ([`Recent`]) and adds all to files
//! ([`LogFiles`]), which are renamed when they are full. What it has taken it keeps over its own
//! death, so that no line stands twice.
//!
//! **Errors.** Without a volume, or with a full one, the lines in memory are all there is; one line
//! of the log says so. A piece of the log that was overwritten before it was read is a line, too.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

mod log;
mod log_files;
mod recent;
#[cfg(test)]
mod tests;

pub use log::{KeptLog, Log, Shared, Source};
pub use log_files::LogFiles;
pub use recent::Recent;
