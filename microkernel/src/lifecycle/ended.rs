//! Objects that end while threads wait for them: the threads are let go.
//!
//! Shape: a few at once, which is all of them nearly always. When there are more, the object
//! stays until the row `lost calls` of the exit loop has let go of the others, a bounded number
//! in one turn: the last handle of an endpoint may be closed while thousands wait.

use crate::kernel::Kernel;
use crate::machine::Machine;
use crate::object::{EndpointId, NotificationId, Objects, Resource};
use crate::work::Work;
use abi::Error;

/// Threads that are let go at once.
const AT_ONCE: usize = 4;
/// Threads that are let go in one turn.
const PER_TURN: usize = 8;

impl<M: Machine> Kernel<M> {
    /// An endpoint without receivers is dead: its threads are told.
    pub(super) fn end_endpoint(&mut self, id: EndpointId) {
        for _ in 0..AT_ONCE {
            if !self.release_peer(id) {
                return;
            }
        }
        let endpoint = &mut self.objects.endpoints[id];
        if endpoint.senders.is_empty() && endpoint.receivers.is_empty() {
            return;
        }
        endpoint.ended = true;
        endpoint.next_ended = self.objects.ended_endpoints.replace(id);
        self.sched().set_work_here(Work::LostCalls);
    }

    /// A notification without a name: its threads are told, and it goes.
    pub(super) fn end_notification(&mut self, id: NotificationId) {
        for _ in 0..AT_ONCE {
            if !self.release_waiter(id) {
                return self.objects.free_notification(id);
            }
        }
        let notification = &mut self.objects.notifications[id];
        if notification.waiters.is_empty() {
            return self.objects.free_notification(id);
        }
        notification.next_ended = self.objects.ended_notifications.replace(id);
        self.sched().set_work_here(Work::LostCalls);
    }

    /// From the row `lost calls`: lets threads go; the next turn lets go more of them.
    pub(crate) fn release_ended(&mut self) {
        for _ in 0..PER_TURN {
            if let Some(id) = self.objects.ended_endpoints {
                if !self.release_peer(id) {
                    let endpoint = &mut self.objects.endpoints[id];
                    endpoint.ended = false;
                    self.objects.ended_endpoints = endpoint.next_ended.take();
                    self.objects.free_endpoint(id);
                }
            } else if let Some(id) = self.objects.ended_notifications {
                if !self.release_waiter(id) {
                    self.objects.ended_notifications =
                        self.objects.notifications[id].next_ended.take();
                    self.objects.free_notification(id);
                }
            } else {
                return;
            }
        }
        self.sched().set_work_here(Work::LostCalls);
    }

    /// Lets go of a thread of a dead endpoint. False when there is none.
    fn release_peer(&mut self, id: EndpointId) -> bool {
        let endpoint = &self.objects.endpoints[id];
        let peer = endpoint.senders.first().or_else(|| endpoint.receivers.first());
        peer.map(|peer| self.unblock(peer, Error::PeerDied as u64)).is_some()
    }

    /// Lets go of a thread that waits for bits. False when there is none.
    fn release_waiter(&mut self, id: NotificationId) -> bool {
        let waiter = self.objects.notifications[id].waiters.first();
        waiter.map(|waiter| self.unblock(waiter, Error::BadHandle as u64)).is_some()
    }
}

impl<M: Machine> Objects<M> {
    /// Frees an endpoint that nothing names and at which no thread waits.
    pub(super) fn free_endpoint(&mut self, id: EndpointId) {
        let endpoint = &self.endpoints[id];
        if endpoint.refs == 0 && !endpoint.ended {
            let quota = endpoint.quota;
            self.endpoints.discard(id);
            self.quotas.give_back(quota, Resource::Objects, 1);
        }
    }

    fn free_notification(&mut self, id: NotificationId) {
        let quota = self.notifications[id].quota;
        self.notifications.discard(id);
        self.quotas.give_back(quota, Resource::Objects, 1);
    }
}
