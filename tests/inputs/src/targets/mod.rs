//! What reads bytes from outside, and what it promises.

mod archive;
mod elf;
mod log;
mod manifest;

use crate::Target;
use std::path::Path;

/// All of them. Real files are among the seeds where a folder of built programs is given.
#[must_use]
pub fn all(programs: Option<&Path>) -> Vec<Target> {
    vec![elf::target(programs), archive::target(), manifest::target(), log::target(programs)]
}

/// An outcome without its numbers, so that they make no new kind.
fn kind(outcome: &impl std::fmt::Debug) -> String {
    format!("{outcome:?}").split(|c: char| c.is_ascii_digit()).collect()
}
