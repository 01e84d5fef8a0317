//! What reads bytes from outside, and what it promises.

mod archive;
mod elf;
mod log;
mod manifest;

use crate::Target;
use qemu_harness::Images;

/// All of them. Real files are among the seeds where it is told what was built.
#[must_use]
pub fn all(images: Option<&Images>) -> Vec<Target> {
    vec![elf::target(images), archive::target(), manifest::target(), log::target(images)]
}

/// An outcome without its numbers, so that they make no new kind.
fn kind(outcome: &impl std::fmt::Debug) -> String {
    format!("{outcome:?}").split(|c: char| c.is_ascii_digit()).collect()
}
