//! Queues of records and channels.

use super::ITEMS;
use crate::layout::{CONSUMER_AT, INDEX, PRODUCER_AT};
use crate::{Bell, Channel, Creator, Offer, Pair, Plan, QueueError, Records, create};
use std::sync::atomic::Ordering;
use sys::{FOREVER, Memory, Notification, Protection, Rights};

/// Both ends of a channel that waits for itself alone.
fn channel(slots: u32) -> (Channel<u64, [u64; 2]>, Channel<[u64; 2], u64>) {
    let (creator, offer) = Plan::channel(slots, 7).unwrap().create().unwrap();
    (creator.channel(), Offer::from_handles(offer.into_handles()).channel(None).unwrap())
}

#[test]
fn records_come_in_order_around_the_end_of_the_ring() {
    let (creator, offer) = Plan::records(8).unwrap().create().unwrap();
    let mut producer = creator.producer();
    let mut consumer = offer.record_consumer::<u64>(None).unwrap();
    let (mut next, mut expected) = (0_u64, 0);
    for round in 0..40_usize {
        let batch: Vec<u64> = (next..).take(1 + round % 9).collect();
        let pushed = producer.try_push(&batch).unwrap();
        assert_eq!(pushed, batch.len().min(8), "round {round}");
        next += pushed as u64;
        let mut into = [0; 8];
        let popped = consumer.try_pop(&mut into).unwrap();
        for record in &into[..popped] {
            assert_eq!(*record, expected);
            expected += 1;
        }
    }
    assert_eq!((consumer.try_pop(&mut [0; 8]), next), (Ok(0), expected));
    drop(producer);
    assert_eq!(consumer.try_pop(&mut [0]), Err(QueueError::Closed));
}

#[test]
fn two_threads_lose_no_records() {
    let (creator, offer) = Plan::records(8).unwrap().create().unwrap();
    let mut producer = creator.producer();
    let pusher = std::thread::spawn(move || {
        for item in (0..ITEMS).step_by(5) {
            let batch: Vec<u64> = (item..item + 5).collect();
            producer.push(&batch, FOREVER).unwrap();
        }
    });
    let mut consumer = offer.record_consumer::<u64>(None).unwrap();
    let (mut into, mut expected) = ([0; 3], 0);
    while expected < ITEMS {
        let popped = consumer.pop(&mut into, FOREVER).unwrap();
        for record in &into[..popped] {
            assert_eq!(*record, expected);
            expected += 1;
        }
    }
    pusher.join().unwrap();
    assert_eq!(consumer.pop(&mut into, FOREVER), Err(QueueError::Closed));
}

#[test]
fn a_channel_answers_each_request_over_two_threads() {
    let (mut server, mut client) = channel(4);
    assert_eq!((server.epoch(), client.epoch()), (7, 7));
    let serving = std::thread::spawn(move || {
        let mut requests = [[0; 2]; 4];
        loop {
            let count = match server.receive_or_listen(&mut requests) {
                Ok(0) => match server.wait(FOREVER) {
                    Ok(()) => continue,
                    Err(error) => return error,
                },
                Ok(count) => count,
                Err(error) => return error,
            };
            let sums: Vec<u64> = requests[..count].iter().map(|[a, b]| a + b).collect();
            assert_eq!(server.send(&sums), Ok(count), "the client has room for all");
        }
    });
    let (mut sent, mut answered) = (0, 0);
    while answered < ITEMS {
        // Never more in flight than there are slots.
        while sent < ITEMS && sent - answered < 4 {
            assert_eq!(client.send(&[[sent, 1]]), Ok(1));
            sent += 1;
        }
        let mut sums = [0; 4];
        match client.receive_or_listen(&mut sums).unwrap() {
            0 => client.wait(FOREVER).unwrap(),
            count => {
                for sum in &sums[..count] {
                    answered += 1;
                    assert_eq!(*sum, answered);
                }
            }
        }
    }
    drop(client);
    assert_eq!(serving.join().unwrap(), QueueError::Closed);
}

#[test]
fn a_death_ends_a_channel_after_what_was_sent() {
    let (mut server, mut client) = channel(4);
    server.send(&[5]).unwrap();
    server.die();
    let mut sums = [0; 4];
    assert_eq!((client.receive_or_listen(&mut sums), sums[0]), (Ok(1), 5));
    assert_eq!(client.receive_or_listen(&mut sums), Ok(0));
    assert_eq!(client.wait(FOREVER), Err(QueueError::PeerDied));
    assert_eq!(client.wait(FOREVER), Err(QueueError::PeerDied), "it is not forgotten");
}

#[test]
fn the_end_of_the_other_side_has_a_bit_of_its_own() {
    let (here, there) = (Notification::create().unwrap(), Notification::create().unwrap());
    let bell = |of: &Notification| Bell::with_end(of.copy(Rights::ALL).unwrap(), 1, 2);
    let plan = Plan::channel(4, 0).unwrap().rings(bell(&here)).rings_there(bell(&there));
    let (creator, offer) = plan.create().unwrap();
    let mut server: Channel<u64, u64> = creator.channel();
    let mut client = offer.channel::<u64, u64>(Some(bell(&there))).unwrap();
    let mut into = [0; 4];
    assert_eq!(server.receive_or_listen(&mut into), Ok(0));
    assert_eq!(client.send(&[1, 2]), Ok(2));
    assert_eq!(client.send(&[3]), Ok(1));
    assert_eq!((here.poll(), here.poll().is_ok()), (Ok(1), false), "one ring for a batch");
    client.die();
    assert_eq!(here.poll(), Ok(2));
    assert_eq!((server.receive(&mut into), into[..3] == [1, 2, 3]), (Ok(3), true));
    assert_eq!(server.receive(&mut into), Ok(0), "no system call, no news of the end");
    assert_eq!(server.check_peer(), Err(QueueError::PeerDied));
}

#[test]
fn offers_of_another_form_or_size_are_refused() {
    fn offered<F>(plan: Plan<F>) -> (Creator<F>, Offer) {
        plan.create().unwrap()
    }
    let (_a, items) = create(4, 8).unwrap();
    assert!(matches!(items.record_consumer::<u64>(None), Err(QueueError::Corrupt)));
    let (_b, records) = offered(Plan::<Records<u64>>::records(4).unwrap());
    assert!(matches!(records.channel::<u64, u64>(None), Err(QueueError::Corrupt)));
    let (_c, records) = offered(Plan::<Records<u64>>::records(4).unwrap());
    assert!(matches!(records.record_consumer::<[u64; 2]>(None), Err(QueueError::Corrupt)));
    let (_d, pair) = offered(Plan::<Pair<u64, [u64; 2]>>::channel(4, 0).unwrap());
    assert!(matches!(pair.channel::<u64, [u64; 2]>(None), Err(QueueError::Corrupt)));
}

/// The other side moves its indices about: errors, no access outside, no record made up of more
/// than the ring holds.
#[test]
fn a_channel_with_a_liar_gives_errors() {
    let (creator, offer) = Plan::channel(4, 0).unwrap().create().unwrap();
    let mut server: Channel<u64, u64> = creator.channel();
    let [memory, ..] = offer.into_handles();
    let mapping = Memory::from(memory).map_own(Protection::ReadWrite).unwrap();
    let word = |at: usize| mapping.shared().u32_at(at).unwrap();
    let (sent, received) = (PRODUCER_AT + 128 + INDEX, CONSUMER_AT + INDEX);
    for lie in [5, 1 << 31, u32::MAX - 4] {
        word(sent).store(lie, Ordering::SeqCst);
        assert_eq!(server.receive(&mut [0; 8]), Err(QueueError::Corrupt), "{lie}");
        word(received).store(lie, Ordering::SeqCst);
        assert_eq!(server.send(&[1]), Err(QueueError::Corrupt), "{lie}");
    }
    word(sent).store(4, Ordering::SeqCst);
    assert_eq!(server.receive(&mut [0; 8]), Ok(4));
}
