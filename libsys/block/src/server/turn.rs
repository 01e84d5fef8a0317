//! A client's turn: from its ring into the device.

use super::client::Client;
use super::flights::{Flight, Flights};
use crate::{Backend, Identity, Request, Submitted};

/// The sectors of a client's turn, and what the smallest request counts.
const QUANTUM: u32 = 64;
const LEAST_COST: u32 = 8;

/// A client's turn.
pub(super) struct Turn<'a, B> {
    pub(super) backend: &'a mut B,
    pub(super) identity: &'a Identity,
    pub(super) flights: &'a mut Flights,
    pub(super) tick: u64,
    /// The most requests that a client may have in the device.
    pub(super) share: usize,
}

impl<B: Backend> Turn<'_, B> {
    /// Submits until the client has nothing more, has used up its turn, or the device is full.
    /// Returns the numbers of requests that went, and that the device has.
    pub(super) fn of(mut self, client: &mut Client) -> (usize, usize) {
        let (mut done, mut submitted) = (0, 0);
        client.credit = client.credit.min(self.identity.max_sectors) + QUANTUM;
        while let Some(request) = client.waiting.front().copied() {
            let cost = request.sectors.min(self.identity.max_sectors).max(LEAST_COST);
            if cost > client.credit {
                // It saves up: the next round comes at once.
                return (done.max(1), submitted);
            }
            let Some(accepted) = self.begin(client, &request) else { return (done, submitted) };
            client.credit -= cost;
            client.waiting.pop_front();
            done += 1;
            submitted += usize::from(accepted);
        }
        client.credit = 0;
        (done, submitted)
    }

    /// Gives a request to the device, or fails it: whether the device has it. None when the
    /// device, or the client's share of it, is full.
    fn begin(&mut self, client: &mut Client, request: &Request) -> Option<bool> {
        if client.in_flight >= self.share {
            client.credit = 0;
            return None;
        }
        let tag = self.flights.free_tag()?;
        let submitted = match client.check(request, self.identity, tag) {
            Ok(request) => self.backend.submit(&request),
            Err(error) => Submitted::Refused(error),
        };
        match submitted {
            Submitted::Accepted => {
                let flight = Flight { client: client.key, id: request.id, tick: self.tick };
                self.flights.begin(flight);
                client.in_flight += 1;
                Some(true)
            }
            Submitted::Full => None,
            Submitted::Refused(error) => {
                client.complete(request.id, Err(error));
                Some(false)
            }
        }
    }
}
