//! A client and its driver, over the lives of either.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use executor::Executor;
use nic::{DriverDoor, LoopCard, NicClient, NicDriverClient};
use std::future::poll_fn;
use std::rc::Rc;
use sys::{Endpoint, Priority, Rights};
use testkit::{Server, System};

fn driver(system: &System) -> Server<'_> {
    system.serve("card", |env| {
        let executor = Executor::new()?;
        nic::serve(&executor, env.handle("endpoint")?, LoopCard::new([2, 0, 0, 0, 0, 1]))?;
        Ok(())
    })
}

fn client(executor: &Executor, endpoint: Endpoint) -> Rc<NicClient> {
    let find = move || {
        let endpoint = endpoint.copy(Rights::ALL).ok()?;
        Some(NicDriverClient::from_endpoint(endpoint))
    };
    NicClient::new(executor, DriverDoor::new(find), (4, 4), Priority(10)).unwrap()
}

/// Transmits numbered frames until this many came back: how many were sent for that.
async fn exchange(client: Rc<NicClient>, wanted: u32) -> u32 {
    let (mut back, mut sent) = (0, 0);
    while back < wanted {
        if !client.frames().is_attached() {
            client.attach().await;
        }
        if client.frames().can_transmit() {
            sent += 1;
            let frame = [u8::try_from(sent % 251).unwrap(); 100];
            assert!(client.frames().transmit(&frame));
        }
        let done = client.frames().exchange();
        if done.is_err() {
            client.frames().detach();
            continue;
        }
        let mut frame = [0; 2048];
        while let Some(length) = { client.frames().receive(&mut frame) } {
            assert_eq!(length, 100);
            assert!(frame[..100].iter().all(|byte| *byte == frame[0]));
            back += 1;
        }
        // What came in the exchange itself rings no bell, and may have been the last slot that the
        // driver had: only an exchange without anything is followed by news.
        if done == Ok(false) {
            poll_fn(|context| client.poll_news(context)).await;
        }
    }
    sent
}

#[test]
fn frames_come_back_over_deaths_of_the_driver() {
    testkit::run(|system| {
        let driver = driver(system);
        let client = driver.client("net", |endpoint| {
            let executor = Executor::new().unwrap();
            let client = client(&executor, endpoint);
            let work = exchange(client.clone(), 200);
            let sent = executor.run(work).unwrap();
            client.frames().detach();
            let counts = client.frames().counts();
            assert_eq!(u64::from(sent), counts.transmitted + counts.lost);
            assert_eq!(client.frames().link().unwrap().mac, [2, 0, 0, 0, 0, 1]);
            counts.reattached
        });
        let mut kills = 0;
        while client.is_alive() && kills < 20 {
            sys::sleep_for(300_000);
            driver.restart();
            kills += 1;
        }
        let reattached = client.join();
        assert!(reattached > 0 || kills < 2, "{reattached} of {kills}");
    });
}

#[test]
fn the_driver_ends_with_its_client() {
    testkit::run(|system| {
        let driver = driver(system);
        let client = driver.client("net", |endpoint| {
            let executor = Executor::new().unwrap();
            let client = client(&executor, endpoint);
            executor.run(async move { client.attach().await }).unwrap();
        });
        client.join();
        let ended = driver.wait();
        assert_eq!((ended.status, ended.panic), (0, None));
    });
}
