//! Both sides in one process, and a side that lies.

mod records;

use crate::layout::{CONSUMER_AT, INDEX, PRODUCER_AT};
use crate::{Bell, Consumer, Merge, Merged, Offer, Plan, Producer, QueueError, create};
use std::sync::atomic::Ordering;
use sys::{FOREVER, Lifeline, Mapping, Memory, Notification, OwnedHandle, Protection, Rights};

/// From one thread to another; few where each instruction is interpreted.
const ITEMS: u64 = if cfg!(miri) { 40 } else { 20_000 };

fn pair<T: serde::Serialize + serde::de::DeserializeOwned>(
    slots: u32,
    bytes: u32,
) -> (Producer<T>, Consumer<T>) {
    let (creator, offer) = create(slots, bytes).unwrap();
    let consumer = Offer::from_handles(offer.into_handles()).consumer().unwrap();
    (creator.producer(), consumer)
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
        for item in 0..ITEMS {
            producer.push(&item, FOREVER).unwrap();
        }
    });
    for item in 0..ITEMS {
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

/// Ends the side as the death of its process does: its handles close, and nothing is said.
fn die(offer: Offer) {
    let [.., life, _other] = offer.into_handles();
    drop(life);
}

#[test]
fn a_death_is_an_error_for_waiters() {
    let (creator, offer) = create(2, 8).unwrap();
    let mut producer = creator.producer::<u8>();
    producer.try_push(&1).unwrap();
    producer.try_push(&2).unwrap();
    let waiter = std::thread::spawn(move || producer.push(&3, FOREVER));
    die(offer);
    assert_eq!(waiter.join().unwrap(), Err(QueueError::PeerDied));
    let (creator, offer) = create(2, 8).unwrap();
    let mut consumer = creator.consumer::<u8>();
    let waiter = std::thread::spawn(move || consumer.pop(FOREVER));
    die(offer);
    assert_eq!(waiter.join().unwrap(), Err(QueueError::PeerDied));
}

#[test]
fn a_full_queue_of_the_dead_is_no_back_pressure() {
    let (creator, offer) = create(1, 8).unwrap();
    let mut producer = creator.producer::<u8>();
    producer.try_push(&1).unwrap();
    assert_eq!(producer.try_push(&2), Err(QueueError::Full));
    die(offer);
    assert_eq!(producer.try_push(&2), Err(QueueError::PeerDied));
}

#[test]
fn the_other_side_learns_of_the_creators_end() {
    let (creator, offer) = create(2, 8).unwrap();
    let mut consumer = offer.consumer::<u8>().unwrap();
    let mut producer = creator.producer::<u8>();
    producer.try_push(&1).unwrap();
    // Dies without closing: only its handles go.
    let waiter = std::thread::spawn(move || (consumer.pop(FOREVER), consumer.pop(FOREVER)));
    producer.die();
    assert_eq!(waiter.join().unwrap(), (Ok(1), Err(QueueError::PeerDied)));
}

#[test]
fn both_sides_can_ring_bells_that_wait_for_more() {
    let (here, there) = (Notification::create().unwrap(), Notification::create().unwrap());
    let bell = |of: &Notification, bit| Bell::new(of.copy(Rights::ALL).unwrap(), bit);
    let plan =
        Plan::new(1, 8).unwrap().rings(bell(&here, 1 << 5)).rings_there(bell(&there, 1 << 9));
    let (creator, offer) = plan.create().unwrap();
    let mut producer = creator.producer::<u8>();
    let mut consumer = offer.consumer_on::<u8>(bell(&there, 1 << 9)).unwrap();
    assert_eq!(consumer.pop_or_listen(), Ok(None));
    assert_eq!(producer.push_or_listen(&1), Ok(true));
    assert_eq!(there.poll(), Ok(1 << 9));
    assert_eq!(producer.push_or_listen(&2), Ok(false));
    assert_eq!(consumer.pop_or_listen(), Ok(Some(1)));
    assert_eq!(here.poll(), Ok(1 << 5));
    // A wrong ring says nothing about the other side's life.
    there.signal(1 << 9).unwrap();
    assert_eq!(consumer.pop_or_listen(), Ok(None));
    drop(producer);
    assert_eq!(consumer.pop_or_listen(), Err(QueueError::Closed));
    assert!(consumer.pop(FOREVER).is_err(), "a side with a false bell waits for it");
}

#[test]
fn a_bell_that_the_maker_was_not_told_is_refused() {
    let (_creator, offer) = create(1, 8).unwrap();
    let bell = Bell::new(Notification::create().unwrap(), 1);
    assert!(matches!(offer.consumer_on::<u8>(bell), Err(QueueError::Kernel(_))));
}

#[test]
fn a_batch_rings_once() {
    let (here, there) = (Notification::create().unwrap(), Notification::create().unwrap());
    let bell = |of: &Notification| Bell::new(of.copy(Rights::ALL).unwrap(), 1);
    let plan = Plan::new(64, 8).unwrap().rings(bell(&here)).rings_there(bell(&there));
    let (creator, offer) = plan.create().unwrap();
    let mut producer = creator.producer::<u32>();
    let mut consumer = offer.consumer_on::<u32>(bell(&there)).unwrap();
    assert_eq!(consumer.pop_or_listen(), Ok(None));
    let items: Vec<u32> = (0..100).collect();
    assert_eq!(producer.try_push_all(&items), Ok(64), "as many as there are places for");
    assert_eq!((there.poll(), there.poll().is_ok()), (Ok(1), false));
    // Awake: no ring, whatever comes.
    assert_eq!(consumer.try_pop(), Ok(Some(0)));
    assert_eq!(producer.try_push_all(&items[64..]), Ok(1));
    assert!(there.poll().is_err());
}

#[test]
fn many_producers_take_turns() {
    let mut merge = Merge::default();
    let mut producers: Vec<_> = (0..3)
        .map(|key| {
            let (producer, consumer) = pair::<u64>(8, 16);
            merge.add(key, consumer);
            producer
        })
        .collect();
    for round in 0..4 {
        producers[0].try_push(&round).unwrap();
    }
    producers[2].try_push(&7).unwrap();
    let order: Vec<_> = core::iter::from_fn(|| merge.pop_or_listen()).take(3).collect();
    assert_eq!(order, [Merged::Item(0, 0), Merged::Item(2, 7), Merged::Item(0, 1)]);
    drop(producers.remove(1));
    let rest: Vec<_> = core::iter::from_fn(|| merge.pop_or_listen()).collect();
    assert!(rest.contains(&Merged::Ended(1, QueueError::Closed)));
    assert_eq!((rest.len(), merge.count()), (3, 2));
}

#[test]
fn deadlines_pass() {
    let (mut producer, mut consumer) = pair::<u8>(1, 1);
    assert_eq!(consumer.pop(sys::clock() + 1_000_000), Err(QueueError::TimedOut));
    producer.try_push(&1).unwrap();
    assert_eq!(producer.push(&2, sys::clock() + 1_000_000), Err(QueueError::TimedOut));
}

/// A consumer, and the memory as a hostile producer has it.
fn attacked<T: serde::de::DeserializeOwned>() -> (Consumer<T>, Mapping, crate::Creator) {
    let (creator, offer) = create(4, 16).unwrap();
    let [memory, bell, life, other] = offer.into_handles();
    let theirs = Memory::from(memory.copy(Rights::ALL).unwrap());
    let mapping = theirs.map_own(Protection::ReadWrite).unwrap();
    let consumer = Offer::from_handles([memory, bell, life, other]).consumer().unwrap();
    (consumer, mapping, creator)
}

/// Items that say themselves whether they are whole.
#[derive(serde::Serialize, serde::Deserialize)]
struct Sealed(u64, u64);

/// While the consumer pops, another thread writes nonsense over indices, lengths, items and
/// the header. The consumer gets items of its type, or errors; it stays in its memory (the
/// ring is the last thing before unmapped pages) and it never waits where there is news.
#[test]
fn a_producer_that_rewrites_while_it_is_read_is_harmless() {
    let (mut consumer, mapping, creator) = attacked::<Sealed>();
    let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let ended = stop.clone();
    let attacker = std::thread::spawn(move || {
        let shared = mapping.shared();
        let mut random = 0x9e37_79b9_7f4a_7c15_u64;
        while !ended.load(Ordering::Relaxed) {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let [a, b, c, d, place, ..] = random.rotate_left(29).to_le_bytes();
            let small = u32::from(a % 24);
            let word = if b % 2 == 0 { small } else { u32::from_le_bytes([a, b, c, d]) };
            // Most often the index and the first slots: where it hurts.
            let at = match place % 8 {
                0..=3 => PRODUCER_AT + INDEX,
                4..=6 => 192 + usize::from(c) % 24 * 4,
                _ => usize::from(d) * 4 % 192,
            };
            shared.u32_at(at).unwrap().store(word, Ordering::Relaxed);
        }
    });
    let (mut whole, mut wrong, mut none) = (0u32, 0u32, 0u32);
    for _ in 0..if cfg!(miri) { 300 } else { 200_000 } {
        match consumer.try_pop() {
            Ok(Some(Sealed(..))) => whole += 1,
            Ok(None) => none += 1,
            Err(QueueError::Corrupt | QueueError::Closed) => wrong += 1,
            Err(other) => panic!("{other}"),
        }
    }
    stop.store(true, Ordering::Relaxed);
    attacker.join().unwrap();
    assert!(cfg!(miri) || wrong > 0, "{whole} items, {wrong} errors, {none} times nothing");
    drop(creator);
}

/// A consumer that moves its index about: the producer never writes over what it must not,
/// and never past the ring.
#[test]
fn a_consumer_that_lies_gets_errors() {
    let (creator, offer) = create(4, 16).unwrap();
    let [memory, ..] = offer.into_handles();
    let mapping = Memory::from(memory).map_own(Protection::ReadWrite).unwrap();
    let mut producer = creator.producer::<u32>();
    let tail = mapping.shared().u32_at(CONSUMER_AT + INDEX).unwrap();
    for lie in [1, 5, 1 << 31, u32::MAX - 4] {
        tail.store(lie, Ordering::SeqCst);
        assert_eq!(producer.try_push(&7), Err(QueueError::Corrupt), "{lie}");
    }
    tail.store(0, Ordering::SeqCst);
    assert_eq!(producer.try_push(&7), Ok(()));
}

#[test]
fn an_index_that_cannot_be_is_noticed() {
    let (mut consumer, mapping, _creator) = attacked::<String>();
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
    let (mut consumer, mapping, _creator) = attacked::<String>();
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
        let bell = || OwnedHandle::from(Notification::create().unwrap());
        let (_watch, life) = Lifeline::create(&Notification::create().unwrap(), 1).unwrap();
        let offer = Offer::from_handles([memory.into(), bell(), life.into(), bell()]);
        assert!(matches!(offer.consumer::<u8>(), Err(QueueError::Corrupt)));
    }
}
