//! The end of a session, with all that explains it.

use crate::{Elfs, Verdict};
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// Number of log lines shown with a failure.
const LAST_LINES: usize = 15;

/// The bound of a lock hold, in instructions.
pub const HOLD_BOUND: u64 = 20_000;

/// The longest lock hold, as the kernel with checks reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LongestHold {
    /// Nanoseconds; instructions where time counts them.
    pub ns: u64,
    /// Its purpose.
    pub cause: String,
}

impl LongestHold {
    fn parse(line: &str) -> Option<Self> {
        let (_, told) = line.split_once("kernel lock: held ")?;
        let (ns, cause) = told.split_once(" ns at most, by ")?;
        Some(Self { ns: ns.parse().ok()?, cause: cause.to_owned() })
    }

    /// What is wrong with the longest hold of a run whose time counts instructions. By a clock, a
    /// busy host makes any hold long, so no other run is judged.
    fn judge(hold: Option<&Self>) -> Option<String> {
        match hold {
            None => Some("the log does not tell the longest lock hold".to_owned()),
            Some(hold) if hold.ns > HOLD_BOUND => {
                Some(format!("{hold}: more than {HOLD_BOUND} instructions"))
            }
            Some(_) => None,
        }
    }
}

impl fmt::Display for LongestHold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "longest lock hold: {} ns, by {}", self.ns, self.cause)
    }
}

/// The end of a session.
#[derive(Debug)]
pub struct Outcome {
    /// Passed, failed or unknown.
    pub verdict: Verdict,
    /// The text on the serial line.
    pub transcript: String,
    /// QEMU's own output.
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

    /// The longest lock hold. `None` when the machine did not end by itself, its log level hides
    /// it, or the kernel has no checks.
    pub fn longest_hold(&self) -> Option<LongestHold> {
        self.log_lines().iter().rev().find_map(|line| LongestHold::parse(line))
    }

    /// What is wrong with the longest lock hold, where time counts instructions.
    pub fn hold_failure(&self) -> Option<String> {
        LongestHold::judge(self.longest_hold().as_ref())
    }

    /// The explanation of a failure, without the transcript.
    pub fn explanation(&self) -> String {
        let mut text = format!("{}\n", self.verdict);
        for line in self.complaint.lines() {
            text.push_str(&format!("  qemu | {line}\n"));
        }
        for line in self.registers.lines() {
            text.push_str(&format!("  cpu | {line}\n"));
        }
        let lines = self.log_lines();
        // A panic is one entry with several lines.
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

#[cfg(test)]
mod tests {
    use super::{HOLD_BOUND, LongestHold};

    #[test]
    fn the_longest_hold_is_read_from_the_log() {
        let line =
            "[   1.5 kernel INFO] kernel lock: held 1234 ns at most, by Map with the rows reap";
        let hold = LongestHold::parse(line).unwrap();
        assert_eq!(hold.to_string(), "longest lock hold: 1234 ns, by Map with the rows reap");
        assert_eq!(LongestHold::parse("kernel lock: waited for 12 times"), None);
    }

    #[test]
    fn a_hold_over_its_bound_is_a_failure_and_so_is_an_untold_one() {
        let judge = |ns| LongestHold::judge(Some(&LongestHold { ns, cause: "Map".to_owned() }));
        assert_eq!(judge(HOLD_BOUND), None);
        assert!(judge(HOLD_BOUND + 1).unwrap().contains("20001 ns, by Map: more than 20000"));
        assert!(LongestHold::judge(None).unwrap().contains("does not tell"));
    }
}
