//! The program's arguments, environment and end; random bytes, CPUs.

use super::super::answer::{Result, code};
use super::super::startup::env;
use super::super::stdio::complain;
use super::super::{foreign, loose, process, randomness};
use crate::packed::{pack, pack_one};
use core::num::NonZeroI32;
use moto_rt::ErrorCode;

/// The error of `getrandom` for a source that gives nothing: below its own and those of systems.
const NO_RANDOM: NonZeroI32 = NonZeroI32::MIN;

/// The program's name, then its arguments.
pub(in super::super) extern "C" fn args() -> u64 {
    env(|env| loose::keep(pack([env.name()].into_iter().chain(env.args())))).unwrap_or(0)
}

/// The names of all variables, then their values.
pub(in super::super) extern "C" fn full_env() -> u64 {
    process::variables(|all| {
        let texts = all.keys().chain(all.values());
        loose::keep(pack(texts.map(alloc::string::String::as_str)))
    })
}

/// The value of a variable; 0 for one that is empty, `u64::MAX` for none.
pub(in super::super) unsafe extern "C" fn getenv(name: *const u8, len: usize) -> u64 {
    // SAFETY: the library passes a text.
    let Ok(name) = (unsafe { foreign::text(name, len) }) else { return u64::MAX };
    process::variables(|all| match all.get(name).map(alloc::string::String::as_str) {
        None => u64::MAX,
        Some("") => 0,
        Some(value) => loose::keep(pack_one(value)),
    })
}

/// Sets a variable, or removes it: then the length of the value is `usize::MAX`.
pub(in super::super) unsafe extern "C" fn setenv(
    name: *const u8,
    name_len: usize,
    value: *const u8,
    value_len: usize,
) {
    // SAFETY: the library passes a text.
    let Ok(name) = (unsafe { foreign::text(name, name_len) }) else { return };
    if value_len == usize::MAX {
        process::variables(|all| all.remove(name));
        return;
    }
    // SAFETY: the library passes a text.
    let Ok(value) = (unsafe { foreign::text(value, value_len) }) else { return };
    process::variables(|all| all.insert(name.into(), value.into()));
}

pub(in super::super) extern "C" fn exit(status: i32) -> ! {
    process::exit(status)
}

/// Programs come out of `/bin`; which of two with one name this is, their starter does not tell.
pub(in super::super) unsafe extern "C" fn current_exe(
    buffer: *mut u8,
    len: *mut usize,
) -> ErrorCode {
    let told = env(|env| alloc::format!("/bin/{}", env.name()));
    code(told.and_then(|path| {
        // SAFETY: the library passes a buffer for a path, and a place for its length.
        unsafe { foreign::put_path(&path, buffer, len) }
    }))
}

/// There is nothing that a program could do without its random bytes: it ends.
pub(in super::super) unsafe extern "C" fn fill_random_bytes(bytes: *mut u8, len: usize) {
    // SAFETY: the library passes a slice.
    let bytes = unsafe { foreign::bytes_mut(bytes, len) };
    if randomness::fill(bytes).is_err() {
        complain("there are no random bytes: no `random`, and no source of the CPU\n");
        process::exit(-1);
    }
}

/// What the crate `getrandom` asks for where it does not know the system: it is in most programs that
/// want random bytes. Its error is a number that is not 0.
// SAFETY: the crate declares it with this type: its error is a structure of this one number.
#[unsafe(no_mangle)]
unsafe extern "Rust" fn __getrandom_v03_custom(
    bytes: *mut u8,
    len: usize,
) -> core::result::Result<(), NonZeroI32> {
    // SAFETY: the crate passes memory of this length, which need not be initialised: that is done here.
    let bytes = unsafe {
        bytes.write_bytes(0, len);
        foreign::bytes_mut(bytes, len)
    };
    randomness::fill(bytes).map_err(|_| NO_RANDOM)
}

pub(in super::super) extern "C" fn num_cpus() -> usize {
    let cpus = sys::system_info().map(|info| info.cpus).unwrap_or(1);
    usize::try_from(cpus).unwrap_or(1).max(1)
}

/// A line for the console.
pub(in super::super) unsafe extern "C" fn log_to_kernel(text: *const u8, len: usize) {
    // SAFETY: the library passes a text.
    let told: Result<&str> = unsafe { foreign::text(text, len) };
    complain(told.unwrap_or("a message that is no text"));
    complain("\n");
}
