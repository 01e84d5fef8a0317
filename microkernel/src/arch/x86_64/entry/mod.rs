//! All ways between user mode and the core.
//!
//! In: [`stubs`] (SYSCALL, 256 vectors), [`compat`] (32-bit code) -> [`arrivals`] (which event) ->
//! [`dispatch`] -> the core's `handle`. Out: [`dispatch`] follows the core's decision -> [`leave`],
//! with the two last stubs. Nothing else returns to user mode. [`halt`] is a CPU without work,
//! [`in_kernel`] what comes in kernel mode.

mod arrivals;
pub(crate) mod compat;
pub(crate) mod dispatch;
mod halt;
mod held;
mod in_kernel;
mod init;
mod leave;
mod lock;
mod registers;
pub(crate) mod stubs;
pub(crate) mod traps;

pub(crate) use init::{fill_interrupt_table, init};
