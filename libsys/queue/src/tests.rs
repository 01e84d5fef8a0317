//! Both sides in one process, and a side that lies.

use crate::layout::{CONSUMER_AT, INDEX, PRODUCER_AT};
use crate::{Consumer, Offer, Producer, QueueError, create};
use std::sync::atomic::Ordering;
use sys::{FOREVER, Mapping, Memory, OwnedHandle, Protection, Rights};

fn pair<T: serde::Serialize + serde::de::DeserializeOwned>(
    slots: u32,
    bytes: u32,
) -> (Producer<T>, Consumer<T>) {
    let (creator, offer) = create(slots, bytes).unwrap();
    let (consumer, life) = Offer::from_handles(offer.into_handles()).consumer().unwrap();
    (creator.producer(life), consumer)
}

#[test]
fn items_come_in_order_and_full_is_an_error() {
    let (mut producer, mut consumer) = pair::<u32>(4, 8);
    for round in 0..10 {
        for item in 0..4 {
            producer.try_push(&(round * 4 + item)).unwrap();
        }
        assert_eq!(producer.try_push(&99), Err(QueueError::Full));
        for item in 0..4 {
            assert_eq!(consumer.try_pop(), Ok(Some(round * 4 + item)));
        }
        assert_eq!(consumer.try_pop(), Ok(None));
    }
}

#[test]
fn an_item_that_does_not_fit_is_refused() {
    let (mut producer, mut consumer) = pair::<String>(2, 8);
    assert_eq!(producer.try_push(&"12345678".to_owned()), Err(QueueError::TooLong));
    producer.try_push(&"1234567".to_owned()).unwrap();
    assert_eq!(consumer.try_pop(), Ok(Some("1234567".to_owned())));
}

#[test]
fn two_threads_lose_nothing() {
    let (mut producer, mut consumer) = pair::<u64>(8, 16);
    let pusher = std::thread::spawn(move || {
        for item in 0..20_000 {
            producer.push(&item, FOREVER).unwrap();
        }
    });
    for item in 0..20_000 {
        assert_eq!(consumer.pop(FOREVER), Ok(item));
    }
    pusher.join().unwrap();
    assert_eq!(consumer.pop(FOREVER), Err(QueueError::Closed));
}

#[test]
fn what_was_pushed_before_the_end_is_popped() {
    let (mut producer, mut consumer) = pair::<u8>(4, 1);
    producer.try_push(&1).unwrap();
    producer.try_push(&2).unwrap();
    drop(producer);
    assert_eq!(consumer.pop(FOREVER), Ok(1));
    assert_eq!(consumer.try_pop(), Ok(Some(2)));
    assert_eq!(consumer.try_pop(), Err(QueueError::Closed));
    assert_eq!(consumer.pop(FOREVER), Err(QueueError::Closed));
}

#[test]
fn a_death_is_an_error_for_those_who_wait() {
    let (creator, offer) = create(2, 8).unwrap();
    let life = sys::Endpoint::create().unwrap();
    let mut producer = creator.producer::<u8>(life.copy(Rights::SEND).unwrap());
    producer.try_push(&1).unwrap();
    producer.try_push(&2).unwrap();
    drop(life); // the other process is gone, without a word
    assert_eq!(producer.push(&3, FOREVER), Err(QueueError::PeerDied));
    drop(offer);
}

#[test]
fn deadlines_pass() {
    let (mut producer, mut consumer) = pair::<u8>(1, 1);
    assert_eq!(consumer.pop(sys::clock() + 1_000_000), Err(QueueError::TimedOut));
    producer.try_push(&1).unwrap();
    assert_eq!(producer.push(&2, sys::clock() + 1_000_000), Err(QueueError::TimedOut));
}

/// A consumer, and the memory as a hostile producer has it.
fn attacked() -> (Consumer<String>, Mapping, crate::Creator) {
    let (creator, offer) = create(4, 16).unwrap();
    let [memory, items, places, life] = offer.into_handles();
    let theirs = Memory::from(memory.copy(Rights::ALL).unwrap());
    let mapping = theirs.map_own(Protection::ReadWrite).unwrap();
    let offer = Offer::from_handles([memory, items, places, life]);
    let (consumer, _) = offer.consumer().unwrap();
    (consumer, mapping, creator)
}

#[test]
fn an_index_that_cannot_be_is_noticed() {
    let (mut consumer, mapping, _creator) = attacked();
    let head = mapping.shared();
    for lie in [5, 1 << 31, u32::MAX] {
        head.u32_at(PRODUCER_AT + INDEX).unwrap().store(lie, Ordering::SeqCst);
        assert_eq!(consumer.try_pop(), Err(QueueError::Corrupt));
        assert_eq!(consumer.pop(FOREVER), Err(QueueError::Corrupt));
    }
    // The consumer's own index does not come from the shared memory.
    head.u32_at(CONSUMER_AT + INDEX).unwrap().store(77, Ordering::SeqCst);
    head.u32_at(PRODUCER_AT + INDEX).unwrap().store(0, Ordering::SeqCst);
    assert_eq!(consumer.try_pop(), Ok(None));
}

#[test]
fn wrong_items_are_skipped() {
    let (mut consumer, mapping, _creator) = attacked();
    let shared = mapping.shared();
    shared.write(192, &17u32.to_le_bytes()).unwrap(); // longer than a slot
    shared.write(192 + 24, &[3, 0, 0, 0, 9, b'a', b'b']).unwrap(); // a text longer than its item
    shared.write(192 + 48, &[3, 0, 0, 0, 2, b'o', b'k']).unwrap();
    shared.write(192 + 72, &[3, 0, 0, 0, 1, b'x', b'y']).unwrap(); // something left over
    shared.u32_at(PRODUCER_AT + INDEX).unwrap().store(4, Ordering::SeqCst);
    assert_eq!(consumer.try_pop(), Err(QueueError::Corrupt));
    assert_eq!(consumer.try_pop(), Err(QueueError::Corrupt));
    assert_eq!(consumer.try_pop(), Ok(Some("ok".to_owned())));
    assert_eq!(consumer.try_pop(), Err(QueueError::Corrupt));
    assert_eq!(consumer.try_pop(), Ok(None));
}

#[test]
fn memory_that_is_no_queue_is_refused() {
    for (slots, bytes, magic) in
        [(0u32, 8u32, 0x5155_4531u32), (64, 1 << 16, 0x5155_4531), (4, 8, 1)]
    {
        let memory = Memory::create(1).unwrap();
        let mapping = memory.map_own(Protection::ReadWrite).unwrap();
        mapping.write_at(0, &magic.to_le_bytes()).unwrap();
        mapping.write_at(4, &slots.to_le_bytes()).unwrap();
        mapping.write_at(8, &bytes.to_le_bytes()).unwrap();
        let bell = || OwnedHandle::from(sys::Notification::create().unwrap());
        let life = sys::Endpoint::create().unwrap();
        let offer = Offer::from_handles([memory.into(), bell(), bell(), life.into()]);
        assert!(matches!(offer.consumer::<u8>(), Err(QueueError::Corrupt)));
    }
}
