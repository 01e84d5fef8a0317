//! How a program begins: the first instruction, the startup block.

use crate::{Constant, Error, Handle, Memory, OwnedHandle, Rights, Startup};

/// Makes a function of the type `fn() -> !` the start of the program. `rt::entry!` is what
/// programs use.
#[macro_export]
macro_rules! program {
    ($main:expr) => {
        const _: () = {
            // SAFETY: the symbol is declared with this type in `sys::start`, and a second
            // definition would not link.
            #[unsafe(no_mangle)]
            extern "C" fn postern_program() -> ! {
                let main: fn() -> ! = $main;
                main()
            }
        };
    };
}

#[cfg(all(target_os = "none", target_arch = "x86"))]
macro_rules! stack {
    () => {
        "esp"
    };
}
#[cfg(all(target_os = "none", target_arch = "x86_64"))]
macro_rules! stack {
    () => {
        "rsp"
    };
}

/// The first instruction of every program: an empty stack, zeroed registers.
#[cfg(target_os = "none")]
#[unsafe(no_mangle)]
#[unsafe(naked)]
extern "C" fn _start() -> ! {
    unsafe extern "C" {
        fn postern_program() -> !;
    }
    core::arch::naked_asm!(
        concat!("and ", stack!(), ", -16"),
        "xor ebp, ebp",
        "call {program}",
        "ud2",
        program = sym postern_program,
    )
}

/// The startup block.
#[cfg(target_os = "none")]
#[must_use]
pub fn startup() -> Startup<'static> {
    // Both are small enough on this machine; 0 would be an empty block.
    let number = |value: u64| usize::try_from(value).unwrap_or(0);
    let block = core::ptr::with_exposed_provenance::<u8>(number(abi::STARTUP_ADDRESS));
    let len = number(abi::STARTUP_SIZE);
    // SAFETY: the starter of a program maps the block there, read-only and for good; without
    // it no program works. Its bytes are initialised (memory objects start as zeros).
    Startup::parse(unsafe { core::slice::from_raw_parts(block, len) })
}

/// The startup block that the test set (`host::set_startup`).
#[cfg(not(target_os = "none"))]
#[must_use]
pub fn startup() -> Startup<'static> {
    Startup::parse(crate::host::startup_bytes())
}

/// Takes over a handle of the startup block. A second time there is none any more.
#[must_use]
pub fn take_handle(name: &str) -> Option<OwnedHandle> {
    let (bit, number) = find(name)?;
    if mark_taken(bit) & bit != 0 {
        return None;
    }
    // SAFETY: the starter put this handle into the table for this program and named it on this
    // line, and the line is marked as taken from now on: nothing else owns the handle.
    Some(unsafe { OwnedHandle::from_raw(number) })
}

/// A copy of a handle of the startup block that stays there, with at most these rights.
///
/// # Errors
/// [`Error::BadHandle`] when it is not there or was taken; [`Error::NoRight`] when it may not
/// be copied.
pub fn copy_handle(name: &str, rights: Rights) -> Result<OwnedHandle, Error> {
    let handle = take_handle(name).ok_or(Error::BadHandle)?;
    let copy = handle.copy(rights);
    // It is in its place again before its line is unmarked.
    let number = handle.into_raw();
    if let Some((bit, _)) = find(name).filter(|(_, found)| *found == number) {
        unmark_taken(bit);
    }
    copy
}

/// A line's bit in the marks, and the handle that it names. The first 64 can be marked.
fn find(name: &str) -> Option<(u64, Handle)> {
    let prefix = |value: &str| value.split_once(' ').is_some_and(|(found, _)| found == name);
    let place = startup().values("handle").position(prefix).filter(|place| *place < 64)?;
    Some((1 << place, startup().handle(name)?))
}

/// Which lines of handles, by place, are taken.
#[cfg(target_os = "none")]
static TAKEN: core::sync::atomic::AtomicU64 = core::sync::atomic::AtomicU64::new(0);

/// Marks handles of the startup block, by place, as taken: which were taken before.
#[cfg(target_os = "none")]
fn mark_taken(bits: u64) -> u64 {
    // ORDER: Acquire pairs with the Release of `unmark_taken`.
    TAKEN.fetch_or(bits, core::sync::atomic::Ordering::Acquire)
}

/// They can be taken again.
#[cfg(target_os = "none")]
fn unmark_taken(bits: u64) {
    // ORDER: Release: what was done with the handle is over for the one that takes it next.
    TAKEN.fetch_and(!bits, core::sync::atomic::Ordering::Release);
}

#[cfg(not(target_os = "none"))]
use crate::host::{mark_taken, unmark_taken};

/// Maps a memory object of the startup block that no longer changes.
pub fn constant(name: &str) -> Result<Constant, Error> {
    let handle = take_handle(name).ok_or(Error::BadHandle)?;
    Constant::map(&Memory::from(handle))
}
