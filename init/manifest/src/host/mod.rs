//! Reads `system.toml` and checks it; host only.

mod devices;
mod draft;
mod grants;
mod problem;
mod read;
mod rules;
mod section;
mod terminal;
#[cfg(test)]
mod tests;
mod volumes;

pub use problem::Problem;

use crate::System;
use problem::Problems;
use std::vec::Vec;

/// The programs that a manifest may need, by the names of its sections and the types of its
/// volumes: for tests of a manifest whose programs are not built.
pub fn mentioned_programs(text: &str) -> Vec<&str> {
    let sections = text.lines().filter_map(|line| line.strip_prefix('[')?.strip_suffix(']'));
    let names = sections.filter_map(|section| Some(section.split_once('.')?.1));
    let types = text.lines().filter_map(|line| line.strip_prefix("type = \"")?.strip_suffix('"'));
    names.chain(types).collect()
}

/// Reads a manifest and checks all of it.
///
/// `file_name` is what problems are reported with; `available_programs` are the programs
/// that the archive could hold; `memory_pages` is what the machine has for user programs.
///
/// # Errors
/// All problems, by line. Where the text is no TOML, that is the only one.
pub fn check(
    text: &str,
    file_name: &str,
    available_programs: &[&str],
    memory_pages: u32,
) -> Result<System, Vec<Problem>> {
    let problems = Problems::new(text, file_name);
    let draft = read::system(text, &problems);
    if let Some(draft) = &draft {
        let readable = problems.is_empty();
        rules::apply(draft, available_programs, &problems);
        if readable {
            // Numbers that could not be read would only lead to more complaints.
            rules::apply_to_numbers(draft, memory_pages, &problems);
        }
    }
    match (problems.finish(), draft) {
        (found, Some(draft)) if found.is_empty() => Ok(draft.into_system()),
        (found, _) => Err(found),
    }
}
