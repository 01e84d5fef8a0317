//! All ways between user mode and the core.
//!
//! In: [`stubs`] (SYSCALL, 256 vectors), [`compat`] (32-bit code) -> [`gate`] -> the core's `enter` and `syscall` or
//! `fault` -> the core's `exit`. Out: [`gate`] follows the decision -> [`leave`] -> the two
//! last stubs. Nothing else returns to user mode.

mod bases;
pub(crate) mod compat;
pub(crate) mod frame;
pub(crate) mod gate;
pub(crate) mod leave;
mod lock;
pub(crate) mod stubs;
mod traps;
pub(crate) mod vectors;
pub(crate) mod watch;
