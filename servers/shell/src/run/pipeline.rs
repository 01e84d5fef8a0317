//! One pipeline.
//!
//! **Shape.** Commands that read no input (`ls`, `cat FILE`) begin a segment; filters and programs
//! behind them take what they write. A segment that is followed by another one has no reader: its
//! output is refused, and it ends.

use super::INTERRUPTED_STATUS;
use super::call::{Call, Meaning};
use crate::commands::Run;
use crate::shell::Shell;
use crate::sinks::{FileInput, FileOutput};
use crate::stream::{Dropped, FilterOutput, NULL, NoOutput, Output, Sieve};
use crate::syntax::Step;
use crate::terminal::ConsoleOutput;
use crate::trouble::{Outcome, Trouble};
use crate::units;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use console_api::ConsoleError;
use service::CallError;

/// Runs a pipeline: its status.
pub(super) fn run(shell: &mut Shell, step: &Step) -> u64 {
    let calls: Result<Vec<Call>, Trouble> =
        step.commands.iter().map(|command| Call::expand(shell, command)).collect();
    match calls {
        Ok(calls) => run_calls(shell, calls, step.background),
        Err(trouble) => shell.complain("shell", &trouble),
    }
}

pub(super) fn run_calls(shell: &mut Shell, mut calls: Vec<Call>, background: bool) -> u64 {
    if let Some(first) = calls.first_mut()
        && first.name == "!"
        && !first.arguments.is_empty()
    {
        first.name = first.arguments.remove(0);
        return match run_calls(shell, calls, background) {
            INTERRUPTED_STATUS => INTERRUPTED_STATUS,
            status => u64::from(status == 0),
        };
    }
    let timed = calls.first().is_some_and(|call| call.name == "time" && !call.arguments.is_empty());
    if timed && let Some(first) = calls.first_mut() {
        first.name = first.arguments.remove(0);
    }
    let before = sys::clock();
    let status = match (&mut calls[..], background) {
        ([call], true) => outcome(shell, "shell", |shell| shell.in_background(call)),
        (_, true) => {
            let why = Trouble::new("only a single program can run in the background");
            shell.complain("shell", &why)
        }
        ([call], false) if call.name.is_empty() && call.output.is_none() => {
            outcome(shell, "shell", |shell| {
                for (name, value) in core::mem::take(&mut call.sets) {
                    shell.set_variable(&name, value)?;
                }
                Ok(0)
            })
        }
        _ => segments(shell, calls),
    };
    if timed {
        let took = units::time(sys::clock().saturating_sub(before));
        shell.terminal.print(&alloc::format!("took {took}\n"));
    }
    status
}

fn outcome(shell: &mut Shell, name: &str, work: impl FnOnce(&mut Shell) -> Outcome) -> u64 {
    work(shell).unwrap_or_else(|trouble| shell.complain(name, &trouble))
}

/// What begins a segment.
enum Source {
    Command(Call, crate::commands::Act),
    Files {
        name: String,
        sieve: Sieve,
    },
    /// The first filter or program of the line reads a file or the console.
    Input,
}

/// A command that takes what another one writes.
enum Taker {
    Filter(String, Sieve),
    Program(Call, String, Vec<String>),
}

struct Segment {
    source: Source,
    takers: Vec<Taker>,
}

fn segments(shell: &mut Shell, calls: Vec<Call>) -> u64 {
    let (first, last) = (calls.first().cloned().unwrap_or_default(), calls.len().saturating_sub(1));
    let mut output = calls.get(last).and_then(|call| call.output.clone());
    let wrong = calls.iter().enumerate().find_map(|(place, call)| match call {
        Call { input: Some(_), .. } if place > 0 => Some("only the first command reads a file"),
        Call { output: Some(_), .. } if place < last => Some("only the last command has a file"),
        _ => None,
    });
    if let Some(why) = wrong {
        return shell.complain("shell", &Trouble::new(why));
    }
    let segments = match split(shell, calls) {
        Ok(segments) => segments,
        Err((name, trouble)) => return shell.complain(&name, &trouble),
    };
    let count = segments.len();
    let mut status = 0;
    for (place, segment) in segments.into_iter().enumerate() {
        let end: Result<Box<dyn Output>, Trouble> = match output.take_if(|_| place + 1 == count) {
            _ if place + 1 < count => Ok(Box::new(NoOutput)),
            Some((path, _)) if path == NULL => Ok(Box::new(Dropped)),
            Some((path, append)) => {
                FileOutput::open(&shell.files, &path, append, shell.interrupts.clone())
                    .map(|output| Box::new(output) as Box<dyn Output>)
            }
            None => Ok(last_output(shell)),
        };
        status = match end {
            Ok(end) => run_segment(shell, segment, &first, end),
            Err(trouble) => shell.complain("shell", &trouble),
        };
    }
    status
}

/// Where output without a file goes: to the console, or into the `$(…)` around it.
fn last_output(shell: &Shell) -> Box<dyn Output> {
    match &shell.captured {
        Some(captured) => Box::new(captured.clone()),
        None => Box::new(ConsoleOutput::new(shell.terminal.clone(), shell.interrupts.clone())),
    }
}

fn split(shell: &Shell, calls: Vec<Call>) -> Result<Vec<Segment>, (String, Trouble)> {
    let mut all: Vec<Segment> = Vec::new();
    for call in calls {
        let name = call.name.clone();
        let at = |trouble| (name.clone(), trouble);
        let taker = match call.meaning().map_err(at)? {
            Meaning::Nothing => {
                all.push(Segment { source: Source::Input, takers: Vec::new() });
                continue;
            }
            Meaning::Program(program, arguments) => Taker::Program(call, program, arguments),
            Meaning::Command(command) => match command.run {
                Run::Act(act) => {
                    let source = Source::Command(call, act);
                    all.push(Segment { source, takers: Vec::new() });
                    continue;
                }
                Run::Filter(_) | Run::View(_) => {
                    let made = match command.run {
                        Run::Filter(make) => make(&call.words()),
                        Run::View(make) => make(shell, &call.words()),
                        Run::Act(_) | Run::Program => continue,
                    };
                    let sieve = made.map_err(at)?;
                    let is_first = all.is_empty() && call.input.is_none();
                    if is_first && sieve.files.is_empty() && matches!(command.run, Run::View(_)) {
                        // What is typed is keys for it, and in a script they are the next lines.
                        return Err(at(Trouble::new(
                            "no file and no input: name a file, or use `|`",
                        )));
                    }
                    if !sieve.files.is_empty() {
                        let source = Source::Files { name, sieve };
                        all.push(Segment { source, takers: Vec::new() });
                        continue;
                    }
                    Taker::Filter(name, sieve)
                }
                Run::Program => continue,
            },
        };
        match all.last_mut() {
            Some(segment) => segment.takers.push(taker),
            None => all.push(Segment { source: Source::Input, takers: alloc::vec![taker] }),
        }
    }
    Ok(all)
}

fn run_segment(shell: &mut Shell, segment: Segment, first: &Call, end: Box<dyn Output>) -> u64 {
    let Segment { source, mut takers } = segment;
    if matches!(source, Source::Input)
        && first.input.is_none()
        && first.output.is_none()
        && shell.captured.is_none()
        && let [Taker::Program(call, program, arguments)] = &takers[..]
    {
        return outcome(shell, &call.name, |shell| shell.in_foreground(call, program, arguments));
    }
    let is_fed = first.input.is_some() || matches!(takers.first(), Some(Taker::Filter(..)));
    // The status is that of the last command. A file that cannot be read fails its reader.
    let is_piped = !takers.is_empty() && !matches!(source, Source::Input);
    let mut chain = end;
    while let Some(taker) = takers.pop() {
        chain = match taker {
            Taker::Filter(name, sieve) => Box::new(FilterOutput::new(&name, sieve.filter, chain)),
            Taker::Program(call, program, arguments) => {
                let reads = !takers.is_empty() || !matches!(source, Source::Input) || is_fed;
                match shell.piped(&call, &program, &arguments, reads, chain) {
                    Ok(chain) => chain,
                    Err(trouble) => return shell.complain(&call.name, &trouble),
                }
            }
        };
    }
    let (name, (result, ended)) = match source {
        Source::Command(call, act) => {
            let ran = shell.with_output(chain, |shell| act(shell, &call.words()));
            (call.name, ran)
        }
        Source::Files { name, sieve } => (name.clone(), files(shell, &name, sieve, chain)),
        Source::Input => {
            let input = first.input.clone();
            let ran = shell.with_output(chain, |shell| match &input {
                Some(path) => file(shell, path),
                None if is_fed => typed(shell),
                None => Ok(0),
            });
            (first.name.clone(), ran)
        }
    };
    let own = result.unwrap_or_else(|trouble| shell.complain(&name, &trouble));
    match ended {
        Ok(_) if own == INTERRUPTED_STATUS => own,
        Ok(later) if is_piped => later.unwrap_or(own),
        Ok(later) => own.max(later.unwrap_or(0)),
        Err(trouble) => shell.complain(&name, &trouble).max(own),
    }
}

/// A filter that reads the files among its arguments.
fn files(
    shell: &mut Shell,
    name: &str,
    sieve: Sieve,
    chain: Box<dyn Output>,
) -> (Outcome, Result<Option<u64>, Trouble>) {
    let mut chain = FilterOutput::new(name, sieve.filter, chain);
    let mut status = 0;
    for path in &sieve.files {
        let read = chain
            .step(|filter, out| filter.begin_file(path, out))
            .and_then(|()| {
                let mut input = FileInput::open(shell, path)?;
                while let Some(piece) = input.next()? {
                    chain.write(piece)?;
                }
                Ok(())
            })
            .and_then(|()| chain.step(|filter, out| filter.end_file(out)));
        match read {
            Ok(()) => {}
            Err(Trouble::Closed) => break,
            // The other files are read all the same.
            Err(trouble @ Trouble::Failed(_)) => status = shell.complain(name, &trouble),
            Err(trouble) => return (Err(trouble), chain.end()),
        }
    }
    let ended = chain.end();
    (Ok(status), ended)
}

fn file(shell: &mut Shell, path: &str) -> Outcome {
    if path == NULL {
        return Ok(0);
    }
    let mut input = FileInput::open(shell, path).map_err(Trouble::named)?;
    while let Some(piece) = input.next().map_err(Trouble::named)? {
        shell.write(piece)?;
    }
    Ok(0)
}

/// Lines of the console, up to Ctrl-D.
fn typed(shell: &mut Shell) -> Outcome {
    loop {
        match shell.terminal.read("") {
            Ok(line) => shell.write((line + "\n").as_bytes())?,
            Err(CallError::Service(ConsoleError::EndOfInput)) => return Ok(0),
            Err(CallError::Service(ConsoleError::Interrupted)) => return Err(Trouble::Interrupted),
            Err(error) => return Err(error.into()),
        }
    }
}
