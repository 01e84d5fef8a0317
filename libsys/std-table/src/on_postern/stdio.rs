//! Standard input, output and errors. A thread may read while another one writes.

use super::answer::Result;
use super::lock::Mutex;
use super::startup::env;
use alloc::vec::Vec;
use console_api::stdio::{Stdio, StdioError};
use moto_rt::Error;

static INPUT: Mutex<Option<Input>> = Mutex::new(None);
static OUTPUT: Mutex<Option<Stdio>> = Mutex::new(None);
static ERRORS: Mutex<Option<Stdio>> = Mutex::new(None);

/// The input, and what of it was read and not given out yet.
struct Input {
    stdio: Stdio,
    piece: Vec<u8>,
    used: usize,
}

/// Takes over what the program was started with.
pub(super) fn begin() {
    let made = env(|env| (Stdio::input_of(env), Stdio::output_of(env), Stdio::console_of(env)));
    let Ok((input, output, errors)) = made else { return };
    *INPUT.lock() = Some(Input { stdio: input, piece: Vec::new(), used: 0 });
    *OUTPUT.lock() = Some(output);
    *ERRORS.lock() = Some(errors);
}

/// Whether input and output are the console.
pub(super) fn are_terminals() -> (bool, bool) {
    let input = INPUT.lock().as_ref().is_some_and(|input| !input.stdio.is_fed());
    let output = OUTPUT.lock().as_ref().is_some_and(|output| !output.is_piped());
    (input, output)
}

/// Reads some bytes; 0 at the end.
pub(super) fn read(into: &mut [u8]) -> Result<usize> {
    let mut input = INPUT.lock();
    let input = input.as_mut().ok_or(Error::BadHandle)?;
    if input.used == input.piece.len() {
        match input.stdio.read().map_err(of_stdio)? {
            None => return Ok(0),
            Some(piece) => (input.piece, input.used) = (piece, 0),
        }
    }
    let rest = input.piece.get(input.used..).unwrap_or(&[]);
    let count = rest.len().min(into.len());
    into.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
    input.used += count;
    Ok(count)
}

pub(super) fn write(bytes: &[u8]) -> Result<usize> {
    written(&OUTPUT, bytes)
}

pub(super) fn write_errors(bytes: &[u8]) -> Result<usize> {
    written(&ERRORS, bytes)
}

fn written(stdio: &Mutex<Option<Stdio>>, bytes: &[u8]) -> Result<usize> {
    let mut stdio = stdio.lock();
    let stdio = stdio.as_mut().ok_or(Error::BadHandle)?;
    stdio.write(bytes).map_err(of_stdio)?;
    Ok(bytes.len())
}

/// A message of this crate. Where it cannot be written there is no other place for it.
pub(super) fn complain(text: &str) {
    let _ = write_errors(text.as_bytes());
}

fn of_stdio(error: StdioError) -> Error {
    match error {
        StdioError::Closed => Error::NotConnected,
        StdioError::Pipe(_) | StdioError::Console(_) => Error::InternalError,
    }
}
