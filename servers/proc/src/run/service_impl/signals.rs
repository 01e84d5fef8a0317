//! Parts of the methods about signals.

use super::{Caller, Info, ProcServer, Reply, Result, SignalSet};
use crate::run::SignalWaiter;

/// The most threads of one program that can wait for signals; beyond it the oldest wait is
/// given up. Waits that were cut short count until then.
const MAX_WAITING: usize = 64;

impl ProcServer {
    pub(super) fn settle_caller(&mut self, caller: &Caller) -> Result<()> {
        let pid = self.program(caller)?.ids.pid;
        self.settle(pid, false);
        Ok(())
    }

    /// The caller waits until a handler runs: its bell cuts the wait short.
    pub(super) fn suspend(&mut self, caller: &Caller, mask: SignalSet, reply: Reply<Result<()>>) {
        match self.program(caller) {
            Ok(entry) => {
                entry.signals.suspend(mask);
                let pid = entry.ids.pid;
                if let Some(held) = &mut entry.process {
                    held.suspended = Some(reply);
                }
                self.settle(pid, false);
            }
            Err(error) => reply.send(Err(error)),
        }
    }

    /// The caller takes a signal, or waits for one.
    pub(super) fn wait_signal(
        &mut self,
        caller: &Caller,
        set: SignalSet,
        reply: Reply<Result<Info>>,
    ) {
        let entry = match self.program(caller) {
            Ok(entry) => entry,
            Err(error) => return reply.send(Err(error)),
        };
        let set = set.as_mask();
        match entry.signals.take(set) {
            Some(info) => {
                if reply.deliver(&Ok(info)).is_err() {
                    entry.signals.put_back(info);
                }
            }
            None => {
                if entry.waiting.len() >= MAX_WAITING {
                    entry.waiting.remove(0);
                }
                entry.waiting.push(SignalWaiter { set, reply });
            }
        }
    }
}
