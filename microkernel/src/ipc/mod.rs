//! Message passing: verbs, one file each, and the fast path of most messages.
//!
//! Every verb checks everything, then commits: after its point of no return nothing fails. No verb
//! makes another thread current: it returns which thread runs next (`sched::NextThread`).

mod call;
pub(crate) mod fastpath;
mod lost;
mod parts;
mod receive;
mod reply;
mod signal;
mod stop;
mod transfer;
mod upcall;
mod wait;

pub(crate) use parts::Done;
pub(crate) use transfer::{Blame, Moved};
#[cfg(any(test, feature = "hosted"))]
pub(crate) use transfer::{RECEIPT, RECEIPT_LEN};
