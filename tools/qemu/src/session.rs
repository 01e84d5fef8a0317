//! A running machine and its serial line, used like a terminal.

use crate::patience::{Patience, Process};
use crate::serial::{Observer, Serial};
use crate::{Exit, Machine, Monitor, Outcome, PROMPT, Screen, Verdict};
use anyhow::{Context as _, Result, bail, ensure};
use std::io::{Read as _, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

/// The longest line in bytes that the console takes: `LINE_MAX` of its editor.
pub const LINE_MAX: usize = 256;

/// Refuses a line that the console would refuse.
///
/// # Errors
/// When it is too long, or has control characters, which are keys.
pub fn check_line(line: &str) -> Result<()> {
    let start: String = line.chars().take(20).collect();
    let start = start.escape_debug();
    let len = line.len();
    ensure!(len <= LINE_MAX, "the line `{start}…` is {len} bytes long; at most {LINE_MAX}");
    if let Some(key) = line.chars().find(|character| character.is_control()) {
        bail!("the line `{start}…` has the control character {}", key.escape_unicode());
    }
    Ok(())
}

/// A running machine. Its drop stops it.
pub struct Session {
    child: Child,
    input: ChildStdin,
    serial: Serial,
    machine: Machine,
    started: Instant,
    first_prompt: Option<Duration>,
    /// The place up to which the output was seen: lines, and bytes of the next one.
    seen: (usize, usize),
    /// The number of marks that were typed to see the ends of commands.
    marks: u32,
}

impl Session {
    /// Starts the machine.
    pub(crate) fn start(machine: &Machine) -> Result<Self> {
        Self::start_command(machine, machine.command()?)
    }

    /// Starts any command in the place of QEMU.
    pub(crate) fn start_command(machine: &Machine, mut command: Command) -> Result<Self> {
        let started = Instant::now();
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("cannot start QEMU")?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            bail!("cannot reach the serial line of QEMU");
        };
        let serial = Serial::new(output);
        let machine = machine.clone();
        Ok(Self {
            child,
            input,
            serial,
            machine,
            started,
            first_prompt: None,
            seen: (0, 0),
            marks: 0,
        })
    }

    /// Calls this after each piece of output.
    pub fn observe(&self, observer: Observer) {
        self.serial.received().observer = Some(observer);
    }

    /// The monitor of a machine that has one.
    ///
    /// # Errors
    /// When it has none, or was asked for it before.
    pub fn monitor(&mut self) -> Result<Monitor> {
        let socket = self.machine.monitor.take();
        Monitor::connect(&socket.context("the machine was started without a monitor")?)
    }

    /// Types bytes: keys without a line end, Ctrl-C (3), escape sequences.
    ///
    /// # Errors
    /// When the machine has ended.
    pub fn send(&mut self, bytes: &[u8]) -> Result<()> {
        self.input
            .write_all(bytes)
            .and_then(|()| self.input.flush())
            .context("the machine has ended: its serial line is closed")
    }

    /// Types a line and the return key. What was shown before counts as seen.
    ///
    /// # Errors
    /// When the console would not take the line ([`check_line`]), or the machine has ended.
    pub fn send_line(&mut self, line: &str) -> Result<()> {
        check_line(line)?;
        self.mark();
        self.send(format!("{line}\r").as_bytes())
    }

    /// Counts all output so far as seen.
    pub fn mark(&mut self) {
        let received = self.serial.received();
        self.seen = (received.screen.lines().len(), received.screen.current().len());
    }

    /// Waits for this text. Returns the output up to it, which then counts as seen.
    ///
    /// # Errors
    /// When it does not come in time or the machine ends before; the error shows the
    /// last lines of the transcript.
    pub fn wait_for(&mut self, text: &str, limit: Duration) -> Result<String> {
        let (line, column) = self.seen;
        let shown = self.wait(&format!("`{text}`"), limit, |screen| {
            let shown = since(screen, line, column);
            shown.find(text).map(|at| shown[..at + text.len()].to_owned())
        })?;
        self.advance(&shown);
        Ok(shown)
    }

    /// Waits for the prompt alone in a new line.
    ///
    /// # Errors
    /// As [`Session::wait_for`].
    pub fn wait_prompt(&mut self, limit: Duration) -> Result<()> {
        let (line, column) = self.seen;
        self.wait(&the_prompt(), limit, |screen| {
            let fresh = screen.lines().len() > line || (line, column) == (0, 0);
            (fresh && is_at_prompt(screen)).then_some(())
        })?;
        self.first_prompt.get_or_insert(self.started.elapsed());
        Ok(())
    }

    /// Waits for this text, anywhere since the start.
    ///
    /// # Errors
    /// As [`Session::wait_for`].
    pub fn wait_shown(&mut self, text: &str, limit: Duration) -> Result<()> {
        let shown = |screen: &Screen| screen.text().contains(text).then_some(());
        self.wait(&format!("`{text}`"), limit, shown)
    }

    /// Waits until this finds something on the screen.
    fn wait<T>(
        &self,
        what: &str,
        limit: Duration,
        mut find: impl FnMut(&Screen) -> Option<T>,
    ) -> Result<T> {
        let found = self.serial.wait(&self.patience(limit), |received| find(&received.screen));
        found.with_context(|| self.missing(what, limit))
    }

    /// Types a command at the prompt and waits for its end. Returns the output of that time.
    ///
    /// # Errors
    /// As [`Session::wait_for`].
    pub fn run(&mut self, command: &str, limit: Duration) -> Result<String> {
        self.send_line(command)?;
        // Before a new prompt, a program could read the keys as its own input.
        self.wait_prompt(limit)?;
        let (begin, end) = (self.seen.0, self.end_of_all(limit)?);
        let received = self.serial.received();
        let lines = received.screen.lines().get(begin..end).unwrap_or_default();
        // Output may come before the echo of the command.
        let echo = format!("{PROMPT}{command}");
        let echoed = lines.iter().position(|line| line.trim_end() == echo.trim_end());
        let printed = lines.get(echoed.unwrap_or(0) + 1..).unwrap_or_default();
        Ok(printed.iter().flat_map(|line| [line, "\n"]).collect())
    }

    /// Waits until all typed commands have ended and the prompt is shown.
    ///
    /// # Errors
    /// As [`Session::wait_for`].
    pub fn settle(&mut self, limit: Duration) -> Result<()> {
        self.wait(&the_prompt(), limit, |screen| is_at_prompt(screen).then_some(()))?;
        self.end_of_all(limit).map(|_| ())
    }

    /// Waits until all typed commands have ended. Returns the number of lines shown until then.
    /// A prompt alone does not show it: it is printed again whenever a program prints. So a
    /// comment is typed, which changes nothing, not even the last status; when the shell reads it,
    /// the commands before have ended.
    fn end_of_all(&mut self, limit: Duration) -> Result<usize> {
        let seen = self.seen;
        self.marks += 1;
        let mark = format!("# end {}", self.marks);
        self.send_line(&mark)?;
        let (begin, _) = core::mem::replace(&mut self.seen, seen);
        let echo = format!("{PROMPT}{mark}");
        self.wait(&format!("the end of all commands, `{echo}`"), limit, |screen| {
            let mut lines = screen.lines().iter().enumerate().skip(begin);
            let (end, _) = lines.find(|(_, line)| line.trim_end() == echo)?;
            is_at_prompt(screen).then_some(end)
        })
    }

    /// Time from the start of QEMU to the first prompt.
    pub fn time_to_prompt(&self) -> Option<Duration> {
        self.first_prompt
    }

    /// All output so far.
    pub fn transcript(&self) -> String {
        self.serial.received().screen.text()
    }

    /// Whether the machine has ended.
    pub fn ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Whether the serial line is closed.
    pub fn closed(&self) -> bool {
        self.serial.received().closed
    }

    /// Waits for the end of the machine, stops it at the limit, and judges.
    pub fn finish(mut self, limit: Duration) -> Outcome {
        let exit = self.wait_exit(&self.patience(limit));
        self.serial.join();
        let mut complaint = String::new();
        if let Some(stderr) = &mut self.child.stderr {
            // The verdict stands without a log that cannot be read.
            drop(stderr.read_to_string(&mut complaint));
        }
        let triple_fault = self.machine.triple_fault();
        Outcome {
            verdict: Verdict::of(exit, triple_fault.is_some()),
            transcript: self.transcript(),
            complaint,
            registers: triple_fault.unwrap_or_default(),
            time_to_prompt: self.first_prompt,
            log: self.machine.log.clone(),
            elfs: self.machine.elfs.clone(),
        }
    }

    fn patience(&self, limit: Duration) -> Patience {
        let process = Process { id: self.child.id(), cpus: self.machine.cpus };
        Patience::new(limit, self.machine.patient.then_some(process))
    }

    fn wait_exit(&mut self, patience: &Patience) -> Exit {
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) => return Exit::from(status),
                Ok(None) if !patience.is_over() => {
                    std::thread::sleep(Duration::from_millis(5));
                }
                _ => {
                    self.stop();
                    return Exit::TimedOut;
                }
            }
        }
    }

    fn stop(&mut self) {
        // Both fail only when the machine has ended, which is the goal.
        drop(self.child.kill());
        drop(self.child.wait());
    }

    fn advance(&mut self, shown: &str) {
        let column = self.seen.1;
        match shown.rsplit_once('\n') {
            Some((before, last)) => {
                self.seen = (self.seen.0 + before.matches('\n').count() + 1, last.len());
            }
            None => self.seen.1 = column + shown.len(),
        }
    }

    fn missing(&self, what: &str, limit: Duration) -> String {
        let received = self.serial.received();
        let why = if received.closed {
            "the machine ended before".to_owned()
        } else {
            format!("it did not come in {:.1} s", limit.as_secs_f32())
        };
        let text = received.screen.text();
        let lines: Vec<&str> = text.lines().collect();
        let tail = lines[lines.len().saturating_sub(20)..].join("\n  | ");
        format!("waited for {what}: {why}; the last that was shown:\n  | {tail}")
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The output from this place on.
fn since(screen: &Screen, line: usize, column: usize) -> String {
    let mut text: String =
        screen.lines().iter().skip(line).flat_map(|line| [line.as_str(), "\n"]).collect();
    text.push_str(&screen.current());
    text.get(column..).unwrap_or_default().to_owned()
}

fn is_at_prompt(screen: &Screen) -> bool {
    screen.current().trim_end() == PROMPT.trim_end()
}

fn the_prompt() -> String {
    format!("the prompt `{PROMPT}`")
}
