//! Long steps: their names, progress and times, and the output of one that fails.

use anyhow::{Context as _, Result, bail};
use std::io::{BufRead as _, BufReader, IsTerminal as _, Read};
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

/// A step that takes longer than this gets a line that stays.
const WORTH_A_LINE: Duration = Duration::from_secs(1);
/// The characters of a progress line that fit into any terminal.
const WIDTH: usize = 79;

/// A step that is under way.
pub(crate) struct Step {
    what: String,
    started: Instant,
    /// Whether a progress line is drawn.
    terminal: bool,
    /// Dropped at the end of the step.
    _under_way: Sender<()>,
}

impl Step {
    /// Begins a step; `what` reads as "building the kernel".
    pub(crate) fn begin(what: &str) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let _under_way = announce_if_slow(what.to_owned());
        Self { what: what.to_owned(), started: Instant::now(), terminal, _under_way }
    }

    /// Shows the part that is at work, when this line of the output names one.
    pub(crate) fn detail(&self, line: &str) {
        let line = line.trim_start();
        if self.terminal && (is_progress(line) || line.starts_with("test ")) {
            let seconds = self.started.elapsed().as_secs();
            let text = format!("{} ({seconds} s) {line}", self.what);
            eprint!("\r\x1b[K{}", text.chars().take(WIDTH).collect::<String>());
        }
    }

    fn clear(&self) {
        if self.terminal {
            eprint!("\r\x1b[K");
        }
    }

    /// Ends it, and prints the time of one that was slow.
    pub(crate) fn end(self) {
        self.clear();
        let took = self.started.elapsed();
        if took >= WORTH_A_LINE {
            eprintln!("{}: {:.1} s", self.what, took.as_secs_f32());
        }
    }
}

/// A step that fails leaves no progress line.
impl Drop for Step {
    fn drop(&mut self) {
        self.clear();
    }
}

/// Prints the name of the step once it is slow.
fn announce_if_slow(what: String) -> Sender<()> {
    let (under_way, ended) = mpsc::channel();
    std::thread::spawn(move || {
        if ended.recv_timeout(WORTH_A_LINE) == Err(RecvTimeoutError::Timeout) {
            eprint!("{what} …{}", if std::io::stderr().is_terminal() { "" } else { "\n" });
        }
    });
    under_way
}

/// Runs a command as a step. Its output is shown only when it fails.
pub(crate) fn run(what: &str, command: &mut Command) -> Result<()> {
    let step = Step::begin(what);
    let output = capture(command, |line| step.detail(line))?;
    if output.success {
        step.end();
        if output.text.lines().any(|line| line.starts_with("warning: ")) {
            eprintln!("{what}: there are warnings; `cargo xtask check` shows them");
        }
        return Ok(());
    }
    drop(step);
    show(&output.text);
    bail!("{what} failed (its output is above)");
}

/// Shows the output of a command that failed; on a full disk, what to do in its place.
pub(crate) fn show(text: &str) {
    if text.contains("No space left on device") {
        eprintln!("The disk is full. `cargo clean` removes all that was built here.");
    } else {
        eprint!("{}", without_progress(text));
    }
}

/// The output of a command without cargo's progress.
fn without_progress(text: &str) -> String {
    text.lines()
        .filter(|line| !is_progress(line.trim_start()))
        .flat_map(|line| [line, "\n"])
        .collect()
}

/// Whether this is one of cargo's lines of progress.
fn is_progress(line: &str) -> bool {
    let words = ["Compiling ", "Checking ", "Downloading ", "Downloaded ", "Documenting "];
    words.iter().any(|word| line.starts_with(word))
}

/// The output of a command, and whether it succeeded.
pub(crate) struct Output {
    pub(crate) success: bool,
    pub(crate) text: String,
}

/// Runs a command and returns standard output and errors together; `seen` gets each line.
pub(crate) fn capture(command: &mut Command, mut seen: impl FnMut(&str)) -> Result<Output> {
    let program = command.get_program().to_string_lossy().into_owned();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {program}"))?;
    let (sender, lines) = mpsc::channel();
    let pipes: [Option<Box<dyn Read + Send>>; 2] = [
        child.stdout.take().map(|pipe| Box::new(pipe) as _),
        child.stderr.take().map(|pipe| Box::new(pipe) as _),
    ];
    for pipe in pipes.into_iter().flatten() {
        let sender = sender.clone();
        std::thread::spawn(move || send_lines(pipe, &sender));
    }
    drop(sender);
    let mut text = String::new();
    for line in lines {
        seen(&line);
        text.push_str(&line);
        text.push('\n');
    }
    let success = child.wait().with_context(|| format!("cannot wait for {program}"))?.success();
    Ok(Output { success, text })
}

fn send_lines(pipe: impl Read, sender: &Sender<String>) {
    for line in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
        if sender.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{capture, without_progress};
    use std::process::Command;

    #[test]
    fn output_and_errors_are_kept_with_the_status() {
        let mut lines = 0;
        let mut command = Command::new("sh");
        command.args(["-c", "echo out; echo err >&2; exit 3"]);
        let output = capture(&mut command, |_| lines += 1).unwrap();
        assert!(!output.success && lines == 2);
        assert!(output.text.contains("out\n") && output.text.contains("err\n"));
    }

    #[test]
    fn only_what_is_wrong_is_shown() {
        let text = "   Compiling a v1\nwarning: b\n  --> c\n    Checking d v2\n";
        assert_eq!(without_progress(text), "warning: b\n  --> c\n");
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let error = capture(&mut Command::new("no-such-program"), |_| {}).err().unwrap();
        assert_eq!(error.to_string(), "cannot start no-such-program");
    }
}
