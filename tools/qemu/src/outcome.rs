//! The end of a session, with everything needed to understand it.

use crate::{Elfs, Verdict};
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// Lines of the log that are shown with a failure.
const LAST_LINES: usize = 15;

/// How a session ended.
#[derive(Debug)]
pub struct Outcome {
    /// Passed, failed or unknown.
    pub verdict: Verdict,
    /// All that was shown on the serial line.
    pub transcript: String,
    /// What QEMU itself printed.
    pub complaint: String,
    /// The registers at a triple fault.
    pub registers: String,
    /// Time from the start of QEMU to the first prompt.
    pub time_to_prompt: Option<Duration>,
    /// The file of the system log.
    pub log: PathBuf,
    /// Where the programs of the log are found.
    pub elfs: Elfs,
}

impl Outcome {
    /// The decoded system log, one line each.
    pub fn log_lines(&self) -> Vec<String> {
        match log_decoder::decode_file(&self.log, self.elfs.finder()) {
            Ok(lines) => lines.iter().map(ToString::to_string).collect(),
            Err(error) => vec![format!("{error:#}")],
        }
    }

    /// What to show when it did not pass, without the transcript.
    pub fn explanation(&self) -> String {
        let mut text = format!("{}\n", self.verdict);
        for line in self.complaint.lines() {
            text.push_str(&format!("  qemu | {line}\n"));
        }
        for line in self.registers.lines() {
            text.push_str(&format!("  cpu | {line}\n"));
        }
        let lines = self.log_lines();
        // A panic is one entry of several lines.
        for line in lines[lines.len().saturating_sub(LAST_LINES)..].iter().flat_map(|l| l.lines()) {
            text.push_str(&format!("  log | {line}\n"));
        }
        text
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.explanation())?;
        self.transcript.lines().try_for_each(|line| writeln!(f, "  serial | {line}"))
    }
}
