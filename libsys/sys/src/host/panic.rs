//! A panic of a program ends its process before anything unwinds, as in an image: no caller
//! gets answers from what is dropped on the way.

use crate::FaultKind;
use crate::raw::plain;
use abi::Syscall;
use core::cell::Cell;
use std::panic::{PanicHookInfo, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    static IN_PROGRAM: Cell<bool> = const { Cell::new(false) };
}

/// Whether the calling thread is a program's, not a test's.
pub(super) fn in_program() -> bool {
    IN_PROGRAM.get()
}

/// The calling thread is a program's from now on, if so said.
pub(super) fn begin(program: bool) {
    static HOOK: Once = Once::new();
    IN_PROGRAM.set(program);
    HOOK.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |info| {
            before(info);
            if IN_PROGRAM.get() {
                end(info);
            }
        }));
    });
}

/// What the panic handler of `rt` does. The thread goes on unwinding; its calls fail.
fn end(info: &PanicHookInfo<'_>) {
    let text = info.payload_as_str().unwrap_or("");
    let told = match info.location() {
        Some(place) => format!("{text} at {}:{}", place.file(), place.line()),
        None => text.to_owned(),
    };
    let cut = told.floor_char_boundary(256);
    let _ = crate::raise_fault(FaultKind::Panic, &told[..cut]);
    let _ = plain(Syscall::ProcessKill, [0, abi::EXIT_PANIC, 0, 0, 0, 0]);
}
