//! One pipeline.
//!
//! **Shape.** Commands that read no input (`ls`, `cat FILE`) begin a segment; filters and programs
//! behind them take what they write. A segment that is followed by another one has no reader: its
//! output is refused, and it ends. Commands that read line by line and loops begin a segment, too:
//! what the one before writes is kept for them.

use super::call::{Call, Meaning};
use super::errors::Target;
use super::segment::{Segment, Source, Taker, run_segment};
use super::substitute::Captured;
use crate::commands::Run;
use crate::input::Input;
use crate::shared::Errors;
use crate::shell::Shell;
use crate::stream::{NoOutput, Output};
use crate::syntax::Step;
use crate::terminal::ConsoleOutput;
use crate::trouble::{INTERRUPTED_STATUS, Outcome, Trouble};
use crate::units;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

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
        && first.drop_prefix("!")
    {
        return match run_calls(shell, calls, background) {
            INTERRUPTED_STATUS => INTERRUPTED_STATUS,
            status => u64::from(status == 0),
        };
    }
    let timed = calls.first_mut().is_some_and(|first| first.drop_prefix("time"));
    let before = sys::clock();
    let status = match (&mut calls[..], background) {
        ([call], true) => outcome(shell, "shell", |shell| shell.in_background(call)),
        (_, true) => {
            let why = Trouble::new("only a single program can run in the background");
            shell.complain("shell", &why)
        }
        ([call], false) if call.is_only_sets() => outcome(shell, "shell", |shell| {
            for (name, value) in core::mem::take(&mut call.sets) {
                shell.set_variable(&name, value)?;
            }
            Ok(0)
        }),
        ([call], false) => {
            // One command alone: what is said of its files goes there, too.
            let errors = call.errors.take_if(|errors| *errors != Target::Other);
            shell.with_errors(errors.as_ref(), |shell| segments(shell, calls))
        }
        _ => segments(shell, calls),
    };
    if timed {
        let took = units::time(sys::clock().saturating_sub(before));
        shell.tell(&alloc::format!("took {took}\n"));
    }
    status
}

pub(super) fn outcome(
    shell: &mut Shell,
    name: &str,
    work: impl FnOnce(&mut Shell) -> Outcome,
) -> u64 {
    work(shell).unwrap_or_else(|trouble| shell.complain(name, &trouble))
}

fn segments(shell: &mut Shell, calls: Vec<Call>) -> u64 {
    let last = calls.len().saturating_sub(1);
    let mut output = calls.get(last).and_then(|call| call.output.clone());
    let input = calls.first().and_then(|call| call.input.clone());
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
    let mut input = match input.map(|path| Input::of_file(shell, &path)).transpose() {
        Ok(input) => input,
        Err(trouble) => return shell.complain("shell", &trouble),
    };
    let mut status = 0;
    let mut rest = segments.into_iter().peekable();
    while let Some(segment) = rest.next() {
        let kept = Captured::default();
        let next_reads = rest.peek().map(|next| next.source.reads());
        let is_whole = output.is_none() && next_reads.is_none();
        let end: Result<Box<dyn Output>, Trouble> = match next_reads {
            Some(true) => Ok(Box::new(kept.clone())),
            Some(false) => Ok(Box::new(NoOutput)),
            None => last_output(shell, output.take()),
        };
        status = match end {
            Ok(end) => run_segment(shell, segment, input.take(), end, is_whole),
            Err(trouble) => shell.complain("shell", &trouble),
        };
        input = (next_reads == Some(true)).then(|| Input::of_bytes(kept.take()));
    }
    status
}

/// Where the output of a pipeline goes; without a target to the console, or into the loop, group or
/// `$(…)` around it.
fn last_output(shell: &Shell, target: Option<Target>) -> Result<Box<dyn Output>, Trouble> {
    let console = || ConsoleOutput::new(shell.terminal.clone(), shell.interrupts.clone());
    Ok(match (target, &shell.errors, &shell.captured) {
        (Some(Target::File { path, append }), ..) => shell.open(&path, append)?,
        (Some(Target::Other), Errors::To(shared), _) => Box::new(shared.clone()),
        (Some(Target::Other), Errors::Terminal, _) | (_, _, None) => Box::new(console()),
        (_, _, Some(captured)) => Box::new(captured.clone()),
    })
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
            Meaning::Control(control) => {
                let source = Source::Control(call, control);
                all.push(Segment { source, takers: Vec::new() });
                continue;
            }
            Meaning::Program(program, arguments) => Taker::Program(call, program, arguments),
            Meaning::Command(command) => match command.run {
                Run::Act(act) | Run::Reader(act) => {
                    let reads = matches!(command.run, Run::Reader(_));
                    let source = Source::Command { call, act, reads };
                    all.push(Segment { source, takers: Vec::new() });
                    continue;
                }
                Run::Filter(_) | Run::View(_) => {
                    let made = match command.run {
                        Run::Filter(make) => make(&call.words()),
                        Run::View(make) => make(shell, &call.words()),
                        Run::Act(_) | Run::Reader(_) | Run::Program => continue,
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
                        let source = Source::Files { call, sieve };
                        all.push(Segment { source, takers: Vec::new() });
                        continue;
                    }
                    Taker::Filter(call, sieve)
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
