//! Starts Postern in QEMU, talks to it over the serial line and judges its end.
//!
//! `cargo xtask` and the system tests share it. The usual way of a test:
//!
//! ```no_run
//! # fn main() -> anyhow::Result<()> {
//! use std::time::Duration;
//! let images = qemu_harness::Images::get()?;
//! let mut session = images.machine("hello").start()?;
//! session.wait_prompt(Duration::from_secs(20))?;
//! let answer = session.run("uptime", Duration::from_secs(5))?;
//! assert!(answer.contains("up"));
//! session.send_line("shutdown")?;
//! let outcome = session.finish(Duration::from_secs(10));
//! assert!(outcome.verdict.passed(), "{outcome}");
//! # Ok(()) }
//! ```
//!
//! * [`Images`]: the images of `cargo xtask`, found through the environment.
//! * [`Machine`]: how QEMU is started; [`Machine::start`] gives a
//! * [`Session`]: type lines, wait for text; its end is an
//! * [`Outcome`] with a [`Verdict`]: passed, failed or unknown.
//! * [`Archive`]: a boot archive whose entries can be replaced and added.
#![forbid(unsafe_code)]

mod archive;
mod bench;
mod boot;
mod campaign;
mod deadline;
mod devices;
mod elfs;
mod find;
mod fuzz;
mod images;
mod machine;
mod monitor;
mod network;
mod outcome;
mod patience;
mod screen;
mod serial;
mod session;
#[cfg(test)]
mod session_tests;
mod stress;
mod tap;
mod tree;
mod verdict;

pub use archive::Archive;
pub use boot::{Boot, check_kernel_words};
pub use campaign::{Campaign, results as campaign_results};
pub use deadline::Deadline;
pub use devices::{Backend, Board, Controller, Disk, Format, SCRATCH_BYTES, VOLUME_BYTES};
pub use elfs::{Elfs, OTHER_TARGETS, STD_TARGET, TARGET, TARGETS_FOLDER};
pub use find::{find_ovmf, find_qemu};
pub use fuzz::{Fuzz, Fuzzed};
pub use images::Images;
pub use machine::{Machine, SerialLine};
pub use monitor::Monitor;
pub use network::{Card, Forward, Network};
pub use outcome::{HOLD_BOUND, LongestHold, Outcome};
pub use patience::{Patience, Process};
pub use screen::Screen;
pub use serial::Observer;
pub use session::{LINE_MAX, Session, check_line};
pub use stress::Stress;
pub use tap::{TapResult, TapSummary};
pub use tree::{find_root, root};
pub use verdict::{Exit, Verdict};

/// The shell's prompt.
pub const PROMPT: &str = "postern> ";
