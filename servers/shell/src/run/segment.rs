//! A part of a pipeline that runs at once: what writes, and the commands behind it that take it.

use super::call::Call;
use super::errors::Target;
use super::pipeline::outcome;
use crate::commands::Act;
use crate::input::Input;
use crate::shared::{Errors, Shared};
use crate::shell::Shell;
use crate::sinks::FileInput;
use crate::stream::{FilterOutput, Output, Sieve};
use crate::syntax::Control;
use crate::trouble::{INTERRUPTED_STATUS, Outcome, Trouble};
use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;

/// The name of a filter's input among its files.
const INPUT: &str = "-";

/// What begins a segment.
pub(super) enum Source {
    /// A command that reads no input, or reads it line by line.
    Command {
        call: Call,
        act: Act,
        reads: bool,
    },
    /// A filter with files.
    Files {
        call: Call,
        sieve: Sieve,
    },
    Control(Call, Rc<Control>),
    /// The first filter or program of the line reads a file or the console.
    Input,
}

impl Source {
    /// Whether it reads what the command before it writes.
    pub(super) fn reads(&self) -> bool {
        match self {
            Self::Command { reads, .. } => *reads,
            Self::Files { sieve, .. } => sieve.files.iter().any(|file| file == INPUT),
            Self::Control(..) => true,
            Self::Input => false,
        }
    }
}

/// A command that takes what another one writes.
pub(super) enum Taker {
    Filter(Call, Sieve),
    Program(Call, String, Vec<String>),
}

/// A source and its takers.
pub(super) struct Segment {
    pub(super) source: Source,
    pub(super) takers: Vec<Taker>,
}

/// Runs one: the status of its last command. `is_whole`: it is all of its pipeline, and its output
/// goes where that of all others goes.
pub(super) fn run_segment(
    shell: &mut Shell,
    segment: Segment,
    input: Option<Input>,
    end: Box<dyn Output>,
    is_whole: bool,
) -> u64 {
    let Segment { source, takers } = segment;
    let is_own = is_whole && input.is_none() && shell.captured.is_none();
    if is_own
        && matches!(source, Source::Input)
        && matches!(shell.errors, Errors::Terminal)
        && let [Taker::Program(call, program, arguments)] = &takers[..]
        && call.errors.is_none()
    {
        return outcome(shell, &call.name, |shell| shell.in_foreground(call, program, arguments));
    }
    let is_fed = input.is_some() || matches!(takers.first(), Some(Taker::Filter(..)));
    // The status is that of the last command. A file that cannot be read fails its reader.
    let is_piped = !takers.is_empty() && !matches!(source, Source::Input);
    let name = match &source {
        Source::Command { call, .. } | Source::Files { call, .. } | Source::Control(call, _) => {
            call.name.clone()
        }
        Source::Input => takers.first().map(Taker::name).unwrap_or_default(),
    };
    let reads = is_fed || !matches!(source, Source::Input);
    let chain = match chain(shell, takers, reads, end) {
        Ok(chain) => chain,
        Err((name, trouble)) => return shell.complain(&name, &trouble),
    };
    let (own, ended) = shell.with_input(input, |shell| run_source(shell, source, is_fed, chain));
    match ended {
        Ok(_) if own == INTERRUPTED_STATUS => own,
        Ok(later) if is_piped => later.unwrap_or(own),
        Ok(later) => own.max(later.unwrap_or(0)),
        Err(trouble) => shell.complain(&name, &trouble).max(own),
    }
}

impl Taker {
    fn name(&self) -> String {
        match self {
            Self::Filter(call, _) | Self::Program(call, ..) => call.name.clone(),
        }
    }
}

/// The takers, each of which writes into the next one and the last one into `end`.
fn chain(
    shell: &mut Shell,
    mut takers: Vec<Taker>,
    reads: bool,
    end: Box<dyn Output>,
) -> Result<Box<dyn Output>, (String, Trouble)> {
    let mut chain = end;
    while let Some(taker) = takers.pop() {
        let name = taker.name();
        let made = match taker {
            Taker::Filter(call, sieve) => filter(shell, &call, sieve, chain),
            Taker::Program(call, program, arguments) => {
                shell.piped(&call, &program, &arguments, reads || !takers.is_empty(), chain)
            }
        };
        chain = made.map_err(|trouble| (name, trouble))?;
    }
    Ok(chain)
}

fn filter(
    shell: &Shell,
    call: &Call,
    sieve: Sieve,
    next: Box<dyn Output>,
) -> Result<Box<dyn Output>, Trouble> {
    Ok(Box::new(
        FilterOutput::new(&call.name, sieve.filter, next).errors_to(shell.errors_of(call)?),
    ))
}

type Ran = (u64, Result<Option<u64>, Trouble>);

fn run_source(shell: &mut Shell, source: Source, is_fed: bool, chain: Box<dyn Output>) -> Ran {
    match source {
        Source::Command { call, act, .. } => shell.with_output(chain, |shell| {
            shell.with_errors(call.errors.as_ref(), |shell| {
                outcome(shell, &call.name, |shell| act(shell, &call.words()))
            })
        }),
        Source::Files { call, sieve } => files(shell, &call, sieve, chain),
        Source::Control(call, control) => run_control(shell, &call, &control, chain),
        Source::Input => shell.with_output(chain, |shell| match is_fed {
            true => outcome(shell, "shell", feed),
            false => 0,
        }),
    }
}

/// All commands in it share its output.
fn run_control(shell: &mut Shell, call: &Call, control: &Control, chain: Box<dyn Output>) -> Ran {
    let shared = Shared::new(chain);
    let before = shell.captured.replace(shared.clone());
    let errors = match &call.errors {
        Some(Target::Other) => {
            Some(core::mem::replace(&mut shell.errors, Errors::To(shared.clone())))
        }
        _ => None,
    };
    let file = call.errors.as_ref().filter(|errors| **errors != Target::Other);
    let status =
        shell.with_errors(file, |shell| outcome(shell, "shell", |shell| shell.control(control)));
    shell.captured = before;
    if let Some(errors) = errors {
        shell.errors = errors;
    }
    (status, shared.finish())
}

/// A filter that reads the files among its arguments.
fn files(shell: &mut Shell, call: &Call, sieve: Sieve, chain: Box<dyn Output>) -> Ran {
    let errors = match shell.errors_of(call) {
        Ok(errors) => errors,
        Err(trouble) => return (shell.complain("shell", &trouble), Ok(None)),
    };
    let mut chain = FilterOutput::new(&call.name, sieve.filter, chain).errors_to(errors);
    let mut status = 0;
    for path in &sieve.files {
        match one_file(shell, path, &mut chain) {
            Ok(()) => {}
            Err(Trouble::Closed) => break,
            // The other files are read all the same.
            Err(Trouble::Failed(why)) => {
                status = match chain.fail(alloc::format!("{}: {why}", call.name)) {
                    Trouble::Closed => 1,
                    trouble => shell.complain(&call.name, &trouble),
                }
            }
            Err(trouble) => {
                status = shell.complain(&call.name, &trouble);
                break;
            }
        }
    }
    (status, chain.end())
}

fn one_file(shell: &mut Shell, path: &str, chain: &mut FilterOutput) -> Result<(), Trouble> {
    chain.step(|filter, out| filter.begin_file(path, out))?;
    if path == INPUT {
        while let Some(piece) = shell.read_piece()? {
            chain.write(&piece)?;
        }
    } else {
        let mut input = FileInput::open(shell, path)?;
        while let Some(piece) = input.next()? {
            chain.write(piece)?;
        }
    }
    chain.step(|filter, out| filter.end_file(out))
}

/// Writes the input.
fn feed(shell: &mut Shell) -> Outcome {
    while let Some(piece) = shell.read_piece()? {
        shell.write(&piece)?;
    }
    Ok(0)
}
