//! Replies to callers that wait for programs.

use super::ProcServer;
use proc_api::{ChildStatus, ExitStatus, ProcError, Target, WaitFor, Waited};
use proc_core::{Found, Waiter};
use service::Reply;

/// The reply to a waiter.
pub(super) enum WaitReply {
    /// The end of one program.
    End(Reply<Result<ExitStatus, ProcError>>),
    /// Any change of a program.
    News(Reply<Result<Option<Waited>, ProcError>>),
}

impl ProcServer {
    /// Adds a waiter.
    pub(super) fn add_waiter(&mut self, by: u32, target: Target, what: WaitFor, reply: WaitReply) {
        self.programs.wait(Waiter { by, target, what, reply });
    }

    /// Replies to each waiter that has an answer. An answer that did not arrive, because the
    /// wait was cut short, is left for the next waiter.
    pub(super) fn tell_waiters(&mut self) {
        while let Some((waiter, found)) = self.programs.next_answer() {
            let told = tell(waiter, found);
            if let Found::Happened(waited) = found
                && told
            {
                self.programs.told(waited);
            }
        }
    }
}

fn tell(waiter: Waiter<WaitReply>, found: Found) -> bool {
    let no_child = match waiter.target {
        Target::Process(pid) => ProcError::NoSuchProcess { pid },
        _ => ProcError::NoChild,
    };
    match waiter.reply {
        WaitReply::News(reply) => reply.deliver(&match found {
            Found::Happened(waited) => Ok(Some(waited)),
            Found::Nothing => Ok(None),
            Found::NoChild => Err(no_child),
        }),
        WaitReply::End(reply) => reply.deliver(&match found {
            Found::Happened(Waited { status: ChildStatus::Ended(status), .. }) => Ok(status),
            _ => Err(no_child),
        }),
    }
    .is_ok()
}
