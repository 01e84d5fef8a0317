//! The ring of a queue with one slot: nothing is lost, and no side sleeps for ever.

use super::atomic::{self, AtomicU32, Ordering};
use core::convert::Infallible;
use loom::sync::{Arc, Condvar, Mutex};
use loom::thread;

#[path = "../../../libsys/queue/src/protocol.rs"]
pub(crate) mod protocol;

const ITEMS: u32 = 2;

/// A notification with one bit.
#[derive(Default)]
pub(crate) struct Bell(Mutex<bool>, Condvar);

impl Bell {
    pub(crate) fn signal(&self) {
        *self.0.lock().unwrap() = true;
        self.1.notify_one();
    }

    pub(crate) fn wait(&self) {
        let mut rung = self.0.lock().unwrap();
        while !*rung {
            rung = self.1.wait(rung).unwrap();
        }
        *rung = false;
    }
}

/// One side's words and bell.
pub(crate) struct Words {
    pub(crate) index: AtomicU32,
    pub(crate) sleeps: AtomicU32,
    bell: Bell,
}

impl Words {
    pub(crate) fn new() -> Self {
        Self { index: AtomicU32::new(0), sleeps: AtomicU32::new(0), bell: Bell::default() }
    }
}

struct Ring {
    producer: Words,
    consumer: Words,
    slot: AtomicU32,
}

/// A side with its own index, as in `queue::side`.
struct Side {
    ring: Arc<Ring>,
    index: u32,
}

impl Side {
    fn push(&mut self, item: u32) {
        self.until_done(
            |side| &side.ring.producer,
            |side| {
                let ring = &side.ring;
                if side.index.wrapping_sub(protocol::claimed(&ring.consumer.index)) == 1 {
                    return Ok(None);
                }
                ring.slot.store(item, Ordering::Relaxed);
                side.index += 1;
                side.publish(&ring.producer, &ring.consumer);
                Ok(Some(()))
            },
        );
    }

    fn pop(&mut self) -> u32 {
        self.until_done(
            |side| &side.ring.consumer,
            |side| {
                let ring = &side.ring;
                if protocol::claimed(&ring.producer.index) == side.index {
                    return Ok(None);
                }
                let item = ring.slot.load(Ordering::Relaxed);
                side.index += 1;
                side.publish(&ring.consumer, &ring.producer);
                Ok(Some(item))
            },
        )
    }

    fn publish(&self, own: &Words, peer: &Words) {
        if protocol::publish(&own.index, self.index, &peer.sleeps) {
            peer.bell.signal();
        }
    }

    fn until_done<T>(
        &mut self,
        own: fn(&Self) -> &Words,
        attempt: impl Fn(&mut Self) -> Result<Option<T>, Infallible>,
    ) -> T {
        loop {
            let Ok(done) = protocol::listen(self, |side| Ok(&own(side).sleeps), &attempt);
            if let Some(done) = done {
                return done;
            }
            own(self).bell.wait();
        }
    }
}

#[test]
fn items_come_in_order_and_both_sides_are_woken() {
    super::explore(|| {
        let ring = Ring { producer: Words::new(), consumer: Words::new(), slot: AtomicU32::new(9) };
        let ring = Arc::new(ring);
        let mut producer = Side { ring: ring.clone(), index: 0 };
        let mut consumer = Side { ring, index: 0 };
        let pushing = thread::spawn(move || (0..ITEMS).for_each(|item| producer.push(item)));
        for item in 0..ITEMS {
            assert_eq!(consumer.pop(), item);
        }
        pushing.join().unwrap();
    });
}
