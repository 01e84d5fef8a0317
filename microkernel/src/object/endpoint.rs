//! Endpoint: where callers and receivers meet.

use super::{EndpointId, List, QuotaId, Senders};

/// At most one of the two queues has threads in it.
#[derive(Clone, Copy, Debug, Hash, Default)]
pub struct Endpoint {
    /// Handles and fault-handler settings that name it.
    pub refs: u32,
    /// Of these handles, those with the right to receive. At 0 the endpoint is dead.
    pub receive_refs: u32,
    /// Threads that wait to be received.
    pub senders: Senders,
    /// Threads that wait for a message.
    pub receivers: List,
    /// It ended, and the exit loop lets its threads go.
    pub ended: bool,
    /// The next endpoint that ended.
    pub next_ended: Option<EndpointId>,
    /// Who pays for it.
    pub quota: QuotaId,
}

impl Endpoint {
    /// An endpoint without handles.
    pub fn new(quota: QuotaId) -> Self {
        Self { quota, ..Self::default() }
    }

    /// Whether no handle allows to receive from it any more.
    pub fn dead(&self) -> bool {
        self.receive_refs == 0
    }
}
