//! Queues of records, and blocks of a disk that does nothing.

use crate::calls::server;
use crate::children::Child;
use crate::meter::Meter;
use crate::settings::URGENT;
use block::{BlockClient, BlockDriverClient, DriverDoor, NullDisk, Operation, PoolPart};
use executor::Executor;
use queue::{Creator, Offer, Plan, QueueError, RecordConsumer, RecordProducer, Records};
use rt::Failure;
use sys::{Endpoint, FOREVER, Message, Received, Rights, Words};

/// Operations of [`records`].
pub(crate) const RECORDS: &[&str] = &[
    "record-message-awake",
    "record-message-awake-in-batch-of-32",
    "record-message",
    "record-message-in-batch-of-32",
];
/// Operations of [`blocks`].
pub(crate) const BLOCKS: &[&str] = &["block-read-4096-null-1", "block-read-4096-null-32"];

const TIMES: usize = 10_000;
const BATCH: usize = 32;
const SLOTS: u32 = 64;

/// As large as a request of a block.
type Record = [u64; 4];

/// Pushed and popped here, then to a more urgent consumer in another space, which sleeps when its
/// queue is empty.
pub(crate) fn records(meter: &Meter<'_>) -> Result<(), Failure> {
    let [awake, awake_batch, single, batch] = RECORDS else { return Err("four rows".into()) };
    let (mut producer, offer) = made()?;
    let mut consumer: RecordConsumer<Record> = offer.record_consumer(None)?;
    let (items, mut into) = ([[1; 4]; BATCH], [[0; 4]; BATCH]);
    meter.measure(awake, TIMES, || {
        producer.try_push(&items[..1])?;
        consumer.try_pop(&mut into).map(drop)
    })?;
    meter.each(awake_batch, TIMES / BATCH, |watch| {
        let (ticks, popped) = watch.around(|| {
            producer.try_push(&items)?;
            consumer.try_pop(&mut into)
        });
        all(popped, ticks)
    })?;
    let (mut producer, offer) = made()?;
    let other = other_side(meter, offer)?;
    meter.measure(single, TIMES, || producer.try_push(&items[..1]).map(drop))?;
    meter.each(batch, TIMES / BATCH, |watch| {
        let (ticks, pushed) = watch.around(|| producer.try_push(&items));
        all(pushed, ticks)
    })?;
    other.stop()
}

/// The ticks of one message of a whole batch.
fn all(moved: Result<usize, QueueError>, ticks: u64) -> Result<u64, QueueError> {
    match moved? {
        BATCH => Ok(ticks / BATCH as u64),
        _ => Err(QueueError::Full),
    }
}

fn made() -> Result<(RecordProducer<Record>, Offer), Failure> {
    let (creator, offer): (Creator<Records<Record>>, Offer) = Plan::records(SLOTS)?.create()?;
    Ok((creator.producer(), offer))
}

/// The other end of a queue, in a process of its own.
fn other_side(meter: &Meter<'_>, offer: Offer) -> Result<Child, Failure> {
    let endpoint = Endpoint::create()?;
    let consumer = server(meter, "consume-records", &endpoint)?;
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
    let offer = Offer::from_handles([memory, bell, life, other]);
    let mut consumer: RecordConsumer<Record> = offer.record_consumer(None)?;
    drop(call.reply);
    let mut into = [[0; 4]; BATCH];
    loop {
        consumer.pop(&mut into, FOREVER)?;
    }
}

/// Reads of 4 KiB from a disk that does nothing, at once: client, driver and kernel together, one
/// at a time and 32 in flight.
pub(crate) fn blocks(meter: &Meter<'_>) -> Result<(), Failure> {
    let [single, batch] = BLOCKS else { return Err("two rows".into()) };
    let endpoint = Endpoint::create()?;
    let driver = server(meter, "drive-null", &endpoint)?;
    let client = BlockDriverClient::from_endpoint(endpoint.copy(Rights::SEND)?);
    let door = DriverDoor::whole(client, 1)?;
    let mut disk = BlockClient::attach(door, BATCH as u64, 32)?;
    let mut parts = core::iter::from_fn(|| disk.pool().take(8).ok()).take(BATCH);
    let parts: [PoolPart; BATCH] = core::array::from_fn(|_| parts.next().unwrap_or_default());
    meter.measure(single, TIMES, || read(&mut disk, &parts[..1]))?;
    meter.each(batch, TIMES / BATCH, |watch| {
        let (ticks, done) = watch.around(|| read(&mut disk, &parts));
        done.map(|()| ticks / BATCH as u64)
    })?;
    drop(disk);
    driver.stop()
}

/// Reads into each of these parts, all at a time.
fn read(disk: &mut BlockClient, parts: &[PoolPart]) -> Result<(), Failure> {
    for (lba, part) in (0..).step_by(8).zip(parts) {
        disk.start(Operation::Read, lba, part)?;
    }
    for _ in parts {
        let (_, result) = disk.finish().ok_or("a request without an end")?;
        result?;
    }
    Ok(())
}

/// In a child, more urgent than its parent: the driver.
pub(crate) fn drive(env: &rt::Env) -> Result<(), Failure> {
    sys::set_own_priority(URGENT)?;
    block::serve(&Executor::new()?, env.handle("endpoint")?, NullDisk::new(1 << 20))?;
    Ok(())
}
