//! From the kernel's log to lines, in memory and in files.

use crate::{LogFiles, Recent};
use alloc::format;
use alloc::rc::Rc;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cell::RefCell;
use files::Namespace;
use keep::Kept;
use logtext::{Decoder, Line};
use serde::{Deserialize, Serialize};
use service::Caller;
use sys::Error;
use syslog_api::{Lines, Range, Syslog, SyslogError};

/// The bytes of one read of the kernel's log.
const PIECE: usize = 1024;
/// The most reads at a time: other work goes on in between.
const PIECES: usize = 128;
/// How long a volume that refused is left alone.
const PAUSE_NS: u64 = 10_000_000_000;

/// Where the log comes from.
pub trait Source {
    /// As [`sys::Resource::read_log`].
    ///
    /// # Errors
    /// When the kernel refuses.
    fn read(&mut self, first: u64, into: &mut [u8]) -> Result<(usize, u64), Error>;
}

impl Source for sys::Resource {
    fn read(&mut self, first: u64, into: &mut [u8]) -> Result<(usize, u64), Error> {
        self.read_log(first, into)
    }
}

/// What the server keeps over its death.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptLog {
    /// The number of the first byte that was not taken.
    next: u64,
    /// The names of processes.
    names: Vec<(u32, String)>,
}

/// The log.
#[derive(Debug)]
pub struct Log<S> {
    source: S,
    next: u64,
    decoder: Decoder,
    recent: Recent,
    space: Namespace,
    files: LogFiles,
    kept: Option<Kept<KeptLog>>,
    /// Lines that no file has yet.
    waiting: String,
    /// When a volume that refused may be asked again.
    again_ns: u64,
    is_failing: bool,
}

impl<S: Source> Log<S> {
    /// Goes on where an earlier life ended. `booted` is a line for the file, before all others of
    /// this boot.
    pub fn new(
        source: S,
        mut decoder: Decoder,
        (space, files): (Namespace, LogFiles),
        kept: Option<(Kept<KeptLog>, Option<KeptLog>)>,
        booted: &str,
    ) -> Self {
        let (kept, found) = kept.map_or((None, None), |(kept, found)| (Some(kept), found));
        let waiting = if found.is_some() { String::new() } else { format!("{booted}\n") };
        let KeptLog { next, names } = found.unwrap_or_default();
        decoder.name(names);
        let recent = Recent::default();
        let (again_ns, is_failing) = (0, false);
        Self { source, next, decoder, recent, space, files, kept, waiting, again_ns, is_failing }
    }

    /// Takes what was logged since the last time.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn take(&mut self) -> Result<(), Error> {
        let mut bytes = [0; PIECE];
        let mut urgent = false;
        let before = self.next;
        for _ in 0..PIECES {
            let (count, next) = self.source.read(self.next, &mut bytes)?;
            let lost = next.saturating_sub(count as u64).saturating_sub(self.next);
            if lost > 0 {
                self.line(&gap(lost));
            }
            self.next = next;
            for line in self.decoder.push(bytes.get(..count).unwrap_or(&[])) {
                urgent |= line.level == "ERROR";
                self.line(&line);
            }
            if count < PIECE {
                break;
            }
        }
        if self.next != before {
            self.write(urgent);
            self.save();
        }
        Ok(())
    }

    fn line(&mut self, line: &Line) {
        let text = line.to_string();
        self.waiting.push_str(&text);
        self.waiting.push('\n');
        self.recent.add(text);
    }

    /// Writes the lines that no file has. While a volume refuses they go on waiting, as far as the
    /// memory of readers reaches.
    fn write(&mut self, urgent: bool) {
        if sys::clock() < self.again_ns || self.waiting.is_empty() {
            return self.bound();
        }
        match self.files.add(&self.space, &self.waiting, urgent) {
            Ok(()) => (self.waiting, self.is_failing) = (String::new(), false),
            Err(_error) => {
                self.again_ns = sys::clock().saturating_add(PAUSE_NS);
                if !core::mem::replace(&mut self.is_failing, true) {
                    #[cfg(target_os = "none")]
                    defmt::warn!("only in memory: {=str}", _error.to_string().as_str());
                }
                self.bound();
            }
        }
    }

    fn bound(&mut self) {
        const WAITING_BYTES: usize = 48 << 10;
        let over = self.waiting.len().saturating_sub(WAITING_BYTES);
        if over > 0 {
            let cut = self.waiting.bytes().skip(over).position(|byte| byte == b'\n');
            let cut =
                cut.map_or(self.waiting.len(), |at| over.saturating_add(at).saturating_add(1));
            self.waiting.drain(..cut);
        }
    }

    fn save(&mut self) {
        let unfinished = self.decoder.unfinished() as u64;
        let names = self.decoder.names().map(|(pid, name)| (pid, name.to_string())).collect();
        let log = KeptLog { next: self.next.saturating_sub(unfinished), names };
        if let Some(kept) = &mut self.kept {
            // Without it lines may stand twice after a death.
            let _ = kept.save(&log);
        }
    }
}

fn gap(lost: u64) -> Line {
    let text = format!("<{lost} bytes were overwritten before they were read>");
    Line { time_ns: sys::clock(), source: "log".into(), level: "WARN", text, place: None }
}

/// The log, for the service and for what takes it from time to time.
#[derive(Debug)]
pub struct Shared<S>(Rc<RefCell<Log<S>>>);

impl<S> Clone for Shared<S> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<S: Source> Shared<S> {
    /// Of this log.
    #[must_use]
    pub fn new(log: Log<S>) -> Self {
        Self(Rc::new(RefCell::new(log)))
    }

    /// As [`Log::take`].
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn take(&self) -> Result<(), Error> {
        self.0.borrow_mut().take()
    }
}

impl<S: Source> Syslog for Shared<S> {
    fn range(&mut self, _: &Caller) -> Result<Range, SyslogError> {
        self.take().map_err(|_| SyslogError::NotAllowed)?;
        Ok(self.0.borrow().recent.range())
    }

    fn read(&mut self, _: &Caller, first: u64) -> Result<Lines, SyslogError> {
        self.take().map_err(|_| SyslogError::NotAllowed)?;
        Ok(self.0.borrow().recent.read(first))
    }
}
