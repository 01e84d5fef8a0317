//! A line of the decoded log.

use alloc::string::String;
use core::fmt;

/// One line of the decoded log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Time since boot in nanoseconds.
    pub time_ns: u64,
    /// The program that wrote it.
    pub source: String,
    /// `ERROR`, `WARN`, `INFO`, `DEBUG`, `TRACE`, `AUDIT`; empty for plain text.
    pub level: &'static str,
    /// Its text.
    pub text: String,
    /// `file:line` of the log statement, where known.
    pub place: Option<String>,
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.time_ns / 1_000_000_000;
        let micros = self.time_ns % 1_000_000_000 / 1000;
        write!(f, "[{seconds:4}.{micros:06}] {} {:5} {}", self.source, self.level, self.text)?;
        match &self.place {
            Some(place) => write!(f, " ({place})"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Line;

    #[test]
    fn a_line_has_time_source_level_text_and_place() {
        let mut line = Line {
            time_ns: 1_234_567_899,
            source: "console".into(),
            level: "INFO",
            text: "ready".into(),
            place: Some("src/main.rs:7".into()),
        };
        assert_eq!(line.to_string(), "[   1.234567] console INFO  ready (src/main.rs:7)");
        line.place = None;
        line.level = "ERROR";
        assert_eq!(line.to_string(), "[   1.234567] console ERROR ready");
    }
}
