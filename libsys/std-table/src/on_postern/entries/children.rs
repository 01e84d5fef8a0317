//! Programs that this one starts.

use super::super::answer::{Result, code};
use super::super::children::{self, Wanted};
use super::super::{foreign, process};
use crate::packed::unpack;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use moto_rt::process::{STDIO_IS_TERMINAL_ENV_KEY, SpawnArgsRt, SpawnResult};
use moto_rt::{E_OK, ErrorCode, RtFd};

/// The variable with the working directory.
const DIRECTORY: &str = "PWD";
/// No descriptor.
const NONE: RtFd = -1;

/// Error output always goes to the console: a program has no pipe for it.
pub(in super::super) unsafe extern "C" fn spawn(
    asked: *const SpawnArgsRt,
    told: *mut SpawnResult,
) -> ErrorCode {
    // SAFETY: the library passes a reference, with addresses and lengths of texts and lists that live
    // as long.
    let wanted = unsafe { wanted(&*asked) };
    let spawned = wanted.and_then(|wanted| children::spawn(&wanted));
    code(spawned.map(|(handle, input, output)| {
        let (stdin, stdout) = (input.unwrap_or(NONE), output.unwrap_or(NONE));
        let result = SpawnResult { handle, stdin, stdout, stderr: NONE, _reserved: 0 };
        // SAFETY: the library passes a reference to one that is initialised and needs no drop.
        unsafe { told.write(result) };
    }))
}

/// # Safety
/// The addresses and lengths are those of a text and of two packed lists; 0 is an empty list.
unsafe fn wanted(asked: &SpawnArgsRt) -> Result<Wanted> {
    let at = |address: u64| usize::try_from(address).unwrap_or(0);
    let program = core::ptr::with_exposed_provenance(at(asked.prog_name_addr));
    // SAFETY: the caller's duty.
    let program = unsafe { foreign::text(program, at(asked.prog_name_size)) }?.to_string();
    // SAFETY: the caller's duty.
    let (arguments, all) = unsafe { (list(at(asked.args)), list(at(asked.env))) };
    let (names, values) = all.split_at(all.len() / 2);
    let mut directory = String::from("/");
    let mut environment = Vec::new();
    for (name, value) in names.iter().zip(values) {
        match name.as_str() {
            DIRECTORY => directory.clone_from(value),
            // Programs here know by their handles what they have.
            STDIO_IS_TERMINAL_ENV_KEY => {}
            name if process::is_default(name, value) => {}
            _ => environment.push((name.clone(), value.clone())),
        }
    }
    let (input, output) = (asked.stdin, asked.stdout);
    Ok(Wanted { program, arguments, environment, directory, input, output })
}

/// The texts of a packed list.
///
/// # Safety
/// It is one, or its address is 0.
unsafe fn list(address: usize) -> Vec<String> {
    if address == 0 {
        return Vec::new();
    }
    let words = core::ptr::with_exposed_provenance::<u32>(address);
    // SAFETY: the caller's duty: the list says how long it is, and no word behind its end is read.
    unpack(|at| unsafe { words.add(at).read() })
}

pub(in super::super) extern "C" fn kill(handle: u64) -> ErrorCode {
    code(children::kill(handle))
}

pub(in super::super) extern "C" fn wait(handle: u64) -> ErrorCode {
    code(children::wait(handle))
}

pub(in super::super) unsafe extern "C" fn status(handle: u64, into: *mut u64) -> ErrorCode {
    // SAFETY: the library passes a reference.
    code(children::status(handle).map(|status| unsafe { foreign::put(into, status) }))
}

/// Gives back the handle of a program.
pub(in super::super) extern "C" fn release_handle(handle: u64) -> ErrorCode {
    children::release(handle);
    E_OK
}
