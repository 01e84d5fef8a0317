//! Entry and exit: every way from user mode into the core and back.
//!
//! `handle` is the one entry and the one exit. `context` asserts what a CPU does and books its
//! time, `flags` reads work flags, `work` is the table of work, `interrupts`, `handlers`
//! and `last` are its functions, `postponed` bounds what one exit does for the whole machine.

mod context;
mod flags;
mod handle;
mod handlers;
mod interrupts;
mod last;
mod postponed;
mod work;

pub use handle::{Entry, ExitAction, Switch};
pub use work::{Kind, Phase, WorkItem};

/// What the hosted machine does next.
#[cfg(any(test, feature = "hosted"))]
pub type Next = ExitAction<crate::object::ThreadId>;
