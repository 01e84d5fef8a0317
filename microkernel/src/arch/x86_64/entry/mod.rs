//! All ways between user mode and the core.
//!
//! In: [`stubs`] (SYSCALL, 256 vectors), [`compat`] (32-bit code) -> [`dispatch`] -> the core's
//! `handle`. Out: [`dispatch`] follows the core's decision -> [`leave`] -> the two last stubs.
//! Nothing else returns to user mode. [`halt`] is a CPU without work, [`in_kernel`] what comes in
//! kernel mode.

mod bases;
pub(crate) mod compat;
pub(crate) mod dispatch;
pub(crate) mod frame;
mod halt;
mod held;
mod in_kernel;
pub(crate) mod leave;
mod lock;
pub(crate) mod stubs;
mod traps;
pub(crate) mod vectors;
pub(crate) mod watch;
