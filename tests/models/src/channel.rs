//! Two rings with one bell for each side: requests and completions. No side sleeps for ever, no
//! request is lost when the server dies, and none is answered by a life that it was not sent to.

use super::atomic::{AtomicU32, Ordering};
use super::queue::protocol;
use super::queue::{Bell, Words};
use core::convert::Infallible;
use loom::sync::Arc;
use loom::thread;

/// One direction. The consumer's bell is that of its side of the channel.
struct Ring {
    producer: Words,
    consumer: Words,
    slot: AtomicU32,
}

impl Ring {
    fn new() -> Self {
        Self { producer: Words::new(), consumer: Words::new(), slot: AtomicU32::new(0) }
    }

    /// Sends; there is a free slot, because a client has one request in flight at most.
    fn send(&self, index: &mut u32, record: u32, bell: &Bell) {
        assert_eq!(index.wrapping_sub(protocol::claimed(&self.consumer.index)), 0);
        self.slot.store(record, Ordering::Relaxed);
        *index += 1;
        if protocol::publish(&self.producer.index, *index, &self.consumer.sleeps) {
            bell.signal();
        }
    }

    fn receive(&self, index: &mut u32) -> Option<u32> {
        if protocol::claimed(&self.producer.index) == *index {
            return None;
        }
        let record = self.slot.load(Ordering::Relaxed);
        *index += 1;
        // The producer never waits for slots here.
        let _ = protocol::publish(&self.consumer.index, *index, &self.producer.sleeps);
        Some(record)
    }

    fn receive_or_listen(&self, index: &mut u32) -> Option<u32> {
        let attempt = |index: &mut &mut u32| Ok::<_, Infallible>(self.receive(index));
        let Ok(record) = protocol::listen(&mut { index }, |_| Ok(&self.consumer.sleeps), attempt);
        record
    }
}

/// One life of a channel: fresh rings, a number.
struct Channel {
    epoch: u32,
    requests: Ring,
    completions: Ring,
    client: Arc<Bell>,
    server: Bell,
    /// The server's lifeline is closed.
    ended: AtomicU32,
}

impl Channel {
    fn new(epoch: u32, client: &Arc<Bell>) -> Arc<Self> {
        Arc::new(Self {
            epoch,
            requests: Ring::new(),
            completions: Ring::new(),
            client: client.clone(),
            server: Bell::default(),
            ended: AtomicU32::new(0),
        })
    }

    /// The server: answers this number of requests with themselves and its epoch.
    fn serve(&self, requests: u32) {
        let (mut taken, mut sent) = (0, 0);
        for _ in 0..requests {
            let request = loop {
                match self.requests.receive_or_listen(&mut taken) {
                    Some(request) => break request,
                    None => self.server.wait(),
                }
            };
            assert_eq!(request >> 8, self.epoch, "a request of another life");
            self.completions.send(&mut sent, request, &self.client);
        }
    }

    /// Its death: the kernel closes the lifeline and rings.
    fn die(&self) {
        self.ended.store(1, Ordering::SeqCst);
        self.client.signal();
    }

    /// A request of the client: its answer, or none when the server died with it.
    fn call(&self, indices: &mut (u32, u32), number: u32) -> Option<u32> {
        let (sent, taken) = indices;
        self.requests.send(sent, self.epoch << 8 | number, &self.server);
        loop {
            if let Some(answer) = self.completions.receive_or_listen(taken) {
                assert_eq!(answer >> 8, self.epoch, "an answer of another life");
                return Some(answer & 0xff);
            }
            if self.ended.load(Ordering::SeqCst) != 0 {
                // What was sent before the end is taken first.
                return self.completions.receive(taken).map(|answer| answer & 0xff);
            }
            self.client.wait();
        }
    }
}

#[test]
fn requests_are_answered_and_both_sides_are_woken() {
    super::explore(|| {
        let channel = Channel::new(1, &Arc::default());
        let server = channel.clone();
        let serving = thread::spawn(move || server.serve(2));
        let mut indices = (0, 0);
        for number in 1..3 {
            assert_eq!(channel.call(&mut indices, number), Some(number));
        }
        serving.join().unwrap();
    });
}

/// The first life answers no request, or one, and dies; the second one answers the rest. The client
/// has one bell for both.
#[test]
fn a_request_is_made_again_in_the_next_life() {
    for answered in 0..2 {
        super::explore(move || {
            let bell = Arc::new(Bell::default());
            let (first, second) = (Channel::new(1, &bell), Channel::new(2, &bell));
            let lives = (first.clone(), second.clone());
            let serving = thread::spawn(move || {
                lives.0.serve(answered);
                lives.0.die();
                lives.1.serve(2 - answered);
            });
            let (mut indices, mut life) = ((0, 0), &first);
            for number in 1..3 {
                let mut answer = life.call(&mut indices, number);
                if answer.is_none() {
                    assert_eq!(life.epoch, 1, "the second life does not die");
                    (indices, life) = ((0, 0), &second);
                    answer = life.call(&mut indices, number);
                }
                assert_eq!(answer, Some(number));
            }
            serving.join().unwrap();
        });
    }
}
