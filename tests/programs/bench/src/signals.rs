//! Notifications, queues, yields, upcalls.

use crate::children::Child;
use crate::meter::Meter;
use crate::settings::{QUOTA, URGENT};
use crate::shared::Stamp;
use core::sync::atomic::Ordering;
use queue::{Consumer, Offer, QueueError};
use rt::Failure;
use sys::hazard::ticks;
use sys::{Endpoint, FOREVER, Message, Notification, Received, Rights, Words, upcall};

/// Operations of [`signals`].
pub(crate) const SIGNALS: &[&str] =
    &["signal-nobody", "signal-to-urgent", "signal-to-urgent-and-back"];
/// Operations of [`ping_pong`].
pub(crate) const PING_PONG: &[&str] = &["notification-ping-pong"];
/// Operations of [`yields`].
pub(crate) const YIELDS: &[&str] = &["two-yields"];
/// Operations of [`queues`].
pub(crate) const QUEUES: &[&str] = &["queue-message", "queue-message-in-batch-of-32"];
/// Operations of [`upcalls`].
pub(crate) const UPCALLS: &[&str] = &["upcall-and-return"];

const TIMES: usize = 10_000;
/// Messages that are pushed together.
const BATCH: usize = 32;
const SLOTS: u32 = 64;
const SLOT_BYTES: u32 = 64;

/// Time for a child to come to its wait.
const SETTLE_NS: u64 = 5_000_000;

/// What is pushed: a record of a usual size.
type Item = [u64; 4];

/// A signal without a waiter, and one for a more urgent thread of another space.
pub(crate) fn signals(meter: &Meter<'_>) -> Result<(), Failure> {
    let [nobody, one_way, and_back] = SIGNALS else { return Err("three rows".into()) };
    let unheard = Notification::create()?;
    meter.measure(nobody, TIMES, || unheard.signal(1))?;
    let bell = Notification::create()?;
    let stamp = Stamp::create()?;
    let place = stamp.place()?;
    let handles = [
        ("bell", bell.as_handle(), Rights::ALL, 0),
        ("stamp", stamp.memory.as_handle(), Rights::ALL, 0),
    ];
    let waiter = meter.machine.child(&["wait"], QUOTA, &handles, None)?;
    // It must have come to its wait.
    while place.load(Ordering::Relaxed) == 0 {
        bell.signal(1)?;
        sys::sleep_for(SETTLE_NS);
    }
    meter.measure(and_back, TIMES, || bell.signal(1))?;
    meter.each(one_way, TIMES, |watch| {
        let before = ticks();
        watch.around(|| bell.signal(1)).1?;
        Ok::<_, Failure>(place.load(Ordering::Relaxed).saturating_sub(before))
    })?;
    waiter.stop()
}

/// In a child, more urgent than its parent: says when it was woken.
pub(crate) fn wait(env: &rt::Env) -> Result<(), Failure> {
    let bell: Notification = env.handle("bell")?;
    let stamp = Stamp::of(env.handle("stamp")?)?;
    let place = stamp.place()?;
    sys::set_own_priority(URGENT)?;
    loop {
        bell.wait(FOREVER)?;
        place.store(ticks(), Ordering::Relaxed);
    }
}

/// Two threads of one priority in two spaces, each of which wakes the other and waits.
pub(crate) fn ping_pong(meter: &Meter<'_>) -> Result<(), Failure> {
    let (ping, pong) = (Notification::create()?, Notification::create()?);
    let handles =
        [("ping", ping.as_handle(), Rights::ALL, 0), ("pong", pong.as_handle(), Rights::ALL, 0)];
    let other = meter.machine.child(&["pong"], QUOTA, &handles, None)?;
    meter.measure(PING_PONG[0], TIMES, || {
        ping.signal(1)?;
        pong.wait(FOREVER).map(drop)
    })?;
    other.stop()
}

/// In a child: the other side.
pub(crate) fn pong(env: &rt::Env) -> Result<(), Failure> {
    let (ping, pong): (Notification, Notification) = (env.handle("ping")?, env.handle("pong")?);
    loop {
        ping.wait(FOREVER)?;
        pong.signal(1)?;
    }
}

/// Two threads of one priority in two spaces that let each other run.
pub(crate) fn yields(meter: &Meter<'_>) -> Result<(), Failure> {
    let other = meter.machine.child(&["yield"], QUOTA, &[], None)?;
    meter.measure(YIELDS[0], TIMES, || {
        sys::yield_now();
        Ok::<_, Failure>(())
    })?;
    other.stop()
}

/// In a child: the other side.
pub(crate) fn yield_for_ever() -> ! {
    loop {
        sys::yield_now();
    }
}

/// A queue to a more urgent consumer in another space, which sleeps when it is empty.
pub(crate) fn queues(meter: &Meter<'_>) -> Result<(), Failure> {
    let [single, batch] = QUEUES else { return Err("two rows".into()) };
    let (creator, offer) = queue::create(SLOTS, SLOT_BYTES)?;
    let mut producer = creator.producer::<Item>();
    let consumer = consumer(meter, offer)?;
    meter.measure(single, TIMES, || producer.try_push(&[1; 4]))?;
    let items = [[1; 4]; BATCH];
    meter.each(batch, TIMES / BATCH, |watch| {
        let (ticks, pushed) = watch.around(|| producer.try_push_all(&items));
        match pushed? {
            BATCH => Ok(ticks / BATCH as u64),
            _ => Err(QueueError::Full),
        }
    })?;
    consumer.stop()
}

/// The other end of a queue, in a process of its own.
fn consumer(meter: &Meter<'_>, offer: Offer) -> Result<Child, Failure> {
    let endpoint = Endpoint::create()?;
    let consumer = crate::calls::server(meter, "consume", &endpoint)?;
    let mut message = Message::new(0, Words::default());
    message.transfers.push_all(offer)?;
    endpoint.call_with(&mut message, FOREVER, &mut [])?;
    Ok(consumer)
}

/// In a child, more urgent than its parent: pops.
pub(crate) fn consume(env: &rt::Env) -> Result<(), Failure> {
    let endpoint: Endpoint = env.handle("endpoint")?;
    sys::set_own_priority(URGENT)?;
    let Received::Message(call) = endpoint.receive(FOREVER, &mut [])? else {
        return Err("no offer".into());
    };
    let [Some(memory), Some(bell), Some(life), Some(other)] = call.handles else {
        return Err("not all of an offer".into());
    };
    let mut consumer: Consumer<Item> =
        Offer::from_handles([memory, bell, life, other]).consumer()?;
    drop(call.reply);
    loop {
        consumer.pop(FOREVER)?;
    }
}

/// A signal that diverts the thread that makes it, and the way back.
pub(crate) fn upcalls(meter: &Meter<'_>) -> Result<(), Failure> {
    let bell = Notification::create()?;
    upcall::register(&bell, |_, _| (), 0)?;
    meter.measure(UPCALLS[0], TIMES, || bell.signal(1))?;
    Ok(upcall::unregister()?)
}
