//! The client on the executor.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use block::{AsyncBlockClient, BlockError};
use common::{Platter, door, keep_alive};
use executor::Executor;
use std::cell::Cell;
use std::rc::Rc;
use sys::Endpoint;

const UNIT: usize = 512;

/// Runs a task with a client of this driver.
fn with_client<T: 'static, W: Future<Output = T> + 'static>(
    endpoint: Endpoint,
    work: impl FnOnce(Executor, AsyncBlockClient) -> W + 'static,
) -> T {
    let executor = Executor::new().unwrap();
    let own = executor.clone();
    let task = async move {
        let way = door(endpoint, 1);
        let disk = AsyncBlockClient::attach(&own, way, 4, 8, sys::Priority(10)).await.unwrap();
        work(own, disk.with_patience(24 * 3_600_000_000_000)).await
    };
    executor.run(task).unwrap()
}

/// Twelve tasks with eight units and a pool for 32 sectors: each writes and reads its sectors.
async fn many(executor: Executor, disk: AsyncBlockClient) -> u32 {
    let done = Rc::new(Cell::new(0));
    for task in 0..12_u8 {
        let (disk, done) = (disk.clone(), done.clone());
        let work = async move {
            for round in 0..10_u8 {
                let lba = u64::from(task) * 40 + u64::from(round) * 4;
                let part = disk.take(4).await;
                disk.pool().write(&part, &[task ^ round; 4 * UNIT]).unwrap();
                let (part, result) = disk.write(lba, part).await;
                result.unwrap();
                disk.pool().write(&part, &[0x77; 4 * UNIT]).unwrap();
                let (part, result) = disk.read(lba, part).await;
                result.unwrap();
                let mut back = [0; 4 * UNIT];
                disk.pool().read(&part, &mut back).unwrap();
                assert_eq!(back, [task ^ round; 4 * UNIT]);
                disk.give_back(part);
            }
            disk.flush().await.unwrap();
            done.set(done.get() + 1);
        };
        executor.spawn(work).detach();
    }
    while done.get() < 12 {
        executor.sleep_for(10_000).await;
    }
    done.get()
}

#[test]
fn many_tasks_share_units_and_pool() {
    testkit::run(|system| {
        let platter = Platter::new();
        let driver = platter.driver(system);
        let client = driver.client("tasks", |endpoint| with_client(endpoint, many));
        assert_eq!(client.join(), 12);
        assert_eq!(platter.state().log.len(), 12 * 21);
    });
}

#[test]
fn tasks_go_on_over_deaths() {
    for die_after in [0, 1, 7, 50, 120] {
        testkit::run(|system| {
            let platter = Platter::new();
            let driver = platter.driver(system);
            platter.state().die_after = Some(die_after);
            let client = driver.client("tasks", |endpoint| with_client(endpoint, many));
            assert_eq!(keep_alive(&driver, &client), 1);
            assert_eq!(client.join(), 12);
        });
    }
}

#[test]
fn errors_are_those_of_the_request() {
    testkit::run(|system| {
        let driver = Platter::new().driver(system);
        let client = driver.client("tasks", |endpoint| {
            with_client(endpoint, |_, disk| async move {
                let part = disk.take(2).await;
                let (part, result) = disk.read(511, part).await;
                assert_eq!((part.sectors(), result), (2, Err(BlockError::OutOfRange)));
                disk.give_back(part);
                disk.discard(511, 1).await
            })
        });
        assert_eq!(client.join(), Ok(()));
    });
}

/// A request that is dropped early keeps its part of the pool until the device is done with it.
#[test]
fn an_abandoned_request_gives_its_buffer_back_in_the_end() {
    testkit::run(|system| {
        let platter = Platter::new();
        let driver = platter.driver(system);
        let client = driver.client("tasks", move |endpoint| {
            with_client(endpoint, move |executor, disk| async move {
                for _ in 0..5 {
                    let whole = disk.take(32).await;
                    platter.state().hold = true;
                    let reader = disk.clone();
                    let task = executor.spawn(async move { reader.read(0, whole).await });
                    executor.sleep_for(1000).await;
                    drop(task);
                    executor.sleep_for(1000).await;
                    assert!(disk.pool().take(1).is_err(), "the device still has the buffer");
                    platter.state().hold = false;
                }
                disk.take(32).await.sectors()
            })
        });
        assert_eq!(client.join(), 32);
    });
}
