//! Message passing: verbs, one file each.
//!
//! Every verb checks everything, then commits: after its point of no return nothing fails.

mod call;
pub(crate) mod direct;
mod load;
mod lost;
mod parts;
mod receive;
mod reply;
mod signal;
mod transfer;
mod upcall;
mod wait;

pub(crate) use transfer::{Blame, Moved};
#[cfg(any(test, feature = "hosted"))]
pub(crate) use transfer::{RECEIPT, RECEIPT_LEN};
