//! The functions of the table, and what of the standard library is called from here.

pub(super) mod children;
pub(super) mod files;
pub(super) mod memory;
pub(super) mod net;
pub(super) mod poll;
pub(super) mod processes;
pub(super) mod threads;
pub(super) mod times;

use rt::Failure;

unsafe extern "C" {
    /// The standard library's start of a program.
    safe fn motor_start() -> !;
}

/// What the library calls before `main`, where it would fill the table itself: it is filled.
// SAFETY: the library declares it with this type, as a weak symbol that a system may define.
#[unsafe(no_mangle)]
extern "C" fn motor_runtime_start() {}

/// Starts the program. It never comes back.
pub(super) fn enter() -> Result<(), Failure> {
    motor_start()
}
